// tests/plugins/transport_ws/rpc/event_id_test.cpp - ids are UUIDs of version 7, unique and
// ascending.
#include "rpc/event_id.hpp"

#include <regex>
#include <string>

#include <gtest/gtest.h>

namespace transport_ws::rpc {
namespace {

TEST(EventIds, AscendAndHaveTheForm) {
  const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  EventIds ids;
  std::string last;
  for (int i = 0; i < 20'000; ++i) {  // more than one millisecond can number
    const std::string id = ids.next();
    ASSERT_LT(last, id);
    last = id;
  }
  EXPECT_TRUE(std::regex_match(last, form)) << last;
}

TEST(EventIds, OfTwoGeneratorsDiffer) {
  EXPECT_NE(EventIds().next(), EventIds().next());
}

}  // namespace
}  // namespace transport_ws::rpc
