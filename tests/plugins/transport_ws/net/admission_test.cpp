// tests/plugins/transport_ws/net/admission_test.cpp - places granted and given back.
#include "net/admission.hpp"

#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace transport_ws::net {
namespace {

const auto here = boost::asio::ip::make_address("127.0.0.1");
const auto there = boost::asio::ip::make_address("127.0.0.2");

TEST(Admission, CountsInAllAndByAddress) {
  Admission admission(3, 2);
  auto first = admission.enter(here);
  auto second = admission.enter(here);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(admission.enter(here).error(), "too many connections from this address");
  const auto third = admission.enter(there);
  ASSERT_TRUE(third);
  EXPECT_EQ(admission.enter(there).error(), "too many connections");
  EXPECT_EQ(admission.inside(), 3U);
}

TEST(Admission, CountsForWhomItIsToldLater) {
  Admission admission(3, 1);
  auto first = admission.enter_unnamed();
  auto second = admission.enter_unnamed();
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_TRUE(first->count_for(here));
  EXPECT_TRUE(first->count_for(here));
  EXPECT_EQ(second->count_for(here).error(), too_many_from_address);
  EXPECT_EQ(admission.enter(here).error(), too_many_from_address);
  EXPECT_TRUE(first->count_for(there));
  EXPECT_TRUE(second->count_for(here));
  auto third = admission.enter_unnamed();
  ASSERT_TRUE(third);
  EXPECT_EQ(admission.enter_unnamed().error(), too_many);
  *first = Admission::Ticket();
  EXPECT_TRUE(third->count_for(there));
  EXPECT_EQ(admission.inside(), 2U);
}

TEST(Admission, TakesPlacesBack) {
  Admission admission(1, 1);
  {
    auto ticket = admission.enter(here);
    ASSERT_TRUE(ticket);
    const Admission::Ticket moved = std::move(*ticket);
    EXPECT_EQ(admission.inside(), 1U);
  }
  EXPECT_EQ(admission.inside(), 0U);
  EXPECT_TRUE(admission.enter(here));
}

}  // namespace
}  // namespace transport_ws::net
