// tests/host/admin/query_test.cpp - a wrong parameter is named with its value and what would be
// right.
#include "host/admin/query.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace host::admin {
namespace {

using testing::HasSubstr;

constexpr std::array known{Parameter{"count", "messages"}, Parameter{"consume", "0 or 1"}};

Request with(std::multimap<std::string, std::string, std::less<>> query) {
  Request request;
  request.query = std::move(query);
  return request;
}

TEST(Query, TakesWhatIsKnown) {
  EXPECT_TRUE(check_query(with({}), {}));
  EXPECT_TRUE(check_query(with({{"count", "x"}, {"consume", ""}}), known));
}

TEST(Query, RefusesWhatIsUnknownOrDoubled) {
  const auto unknown = check_query(with({{"cuont", "3"}}), known);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), BP_E_INVALID);
  EXPECT_THAT(unknown.error().text(),
              HasSubstr("no parameter 'cuont' (given as '3'); there is 'count' (messages), "
                        "'consume' (0 or 1); did you mean 'count'?"));
  EXPECT_THAT(check_query(with({{"a", ""}}), {}).error().text(), HasSubstr("takes none"));
  EXPECT_THAT(check_query(with({{"count", "1"}, {"count", "2"}}), known).error().text(),
              HasSubstr("'count' is given more than once"));
}

TEST(Query, NumbersAreWholeAndWithinTheirRange) {
  EXPECT_EQ(*number_in(with({}), "count", {1, 9}, 5), 5U);
  EXPECT_EQ(*number_in(with({{"count", "9"}}), "count", {1, 9}, 5), 9U);
  for (const char* wrong : {"", "x", "1x", "-1", "+1", " 1", "0", "10", "99999999999999999999"}) {
    const auto number = number_in(with({{"count", wrong}}), "count", {1, 9}, 5);
    ASSERT_FALSE(number) << wrong;
    EXPECT_EQ(number.error().code(), BP_E_INVALID);
    EXPECT_THAT(number.error().text(), HasSubstr(std::string("'count' is '") + wrong +
                                                 "'; it takes a whole number from 1 "
                                                 "to 9"));
  }
}

TEST(Query, FlagsAreZeroOrOne) {
  EXPECT_FALSE(*flag_in(with({}), "consume"));
  EXPECT_FALSE(*flag_in(with({{"consume", "0"}}), "consume"));
  EXPECT_TRUE(*flag_in(with({{"consume", "1"}}), "consume"));
  EXPECT_THAT(flag_in(with({{"consume", "yes"}}), "consume").error().text(),
              HasSubstr("'consume' is 'yes'; it takes 0 or 1"));
}

}  // namespace
}  // namespace host::admin
