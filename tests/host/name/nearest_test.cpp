// tests/host/name/nearest_test.cpp - helps with a typing mistake, keeps quiet otherwise.
#include "host/name/nearest.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::name {
namespace {

const std::vector<std::string> words{"events", "metrics", "host", "Page"};

TEST(Nearest, CountsEdits) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("hsot", "host"), 1U);
  EXPECT_EQ(edit_distance("same", "same"), 0U);
}

TEST(Nearest, FindsATypingMistake) {
  EXPECT_EQ(nearest("evnts", words), "events");
  EXPECT_EQ(nearest("hsot", words), "host");
  EXPECT_EQ(hint("Pag", words), "; did you mean 'Page'?");
}

TEST(Nearest, KeepsQuietWhenNothingIsClose) {
  EXPECT_EQ(nearest("temperature", words), "");
  EXPECT_EQ(hint("x", std::vector<std::string>{}), "");
  EXPECT_EQ(nearest("x", std::vector<std::string>{"id"}), "");
}

TEST(Nearest, IsBoundedForHostileNames) {
  EXPECT_EQ(nearest(std::string(1'000'000, 'a'), words), "");
  EXPECT_EQ(nearest("a", std::vector<std::string>{std::string(1'000'000, 'a')}), "");
}

RC_GTEST_PROP(Nearest, TheDistanceIsAMeasure, (const std::string& left, const std::string& right)) {
  const std::size_t distance = edit_distance(left, right);
  RC_ASSERT(distance == edit_distance(right, left));
  RC_ASSERT((distance == 0) == (left == right));
  RC_ASSERT(distance <= std::max(left.size(), right.size()));
}

}  // namespace
}  // namespace host::name
