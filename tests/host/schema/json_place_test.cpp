// tests/host/schema/json_place_test.cpp - pointers, refusals and suggestions.
#include "host/schema/json_place.hpp"

#include <string>

#include <gtest/gtest.h>

namespace host::schema {

namespace {

TEST(JsonPlace, PointerIsRfc6901) {
  JsonPlace place;
  EXPECT_EQ(place.pointer(), "");
  place.enter("items");
  place.enter(std::size_t{12});
  place.enter("a/b~c");
  EXPECT_EQ(place.pointer(), "/items/12/a~1b~0c");
  place.leave();
  EXPECT_EQ(place.pointer(), "/items/12");
}

TEST(JsonPlace, RefusalNamesPlaceAndReason) {
  JsonPlace place;
  EXPECT_EQ(place.refuse("no").error().text(), "the JSON document: no");
  place.enter("a");
  const auto refused = place.refuse("no");
  EXPECT_EQ(refused.error().text(), "at '/a': no");
  EXPECT_EQ(refused.error().code(), BP_E_SCHEMA);
}

TEST(JsonPlace, ForeignTextIsCutAndQuoted) {
  EXPECT_EQ(excerpt("a\"b"), R"("a\"b")");
  EXPECT_EQ(excerpt(std::string(1000, 'x')).size(), excerpt_bytes_max + 5);
}

TEST(JsonPlace, SuggestsTheNearestName) {
  EXPECT_EQ(did_you_mean("catgory", {"category", "name", "id"}), ": did you mean 'category'?");
  EXPECT_EQ(did_you_mean("nmae", {"category", "name", "id"}), ": did you mean 'name'?");
  EXPECT_EQ(did_you_mean("temperature", {"category", "name", "id"}), "");
  EXPECT_EQ(did_you_mean("x", {"id"}), "");
  EXPECT_EQ(did_you_mean("x", {}), "");
  EXPECT_EQ(did_you_mean(std::string(100'000, 'x'), {"id"}), "");
}

}  // namespace

}  // namespace host::schema
