// tests/sdk/kit/cow_string_test.cpp - borrows until it is changed or kept.
#include "backplane/kit/cow_string.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace {

using bp::kit::cow_string;

TEST(CowString, BorrowsWithoutACopy) {
  const std::string source = "a text that is too long for the small buffer";
  const cow_string text = cow_string::borrow(source);
  const cow_string copy = text;
  EXPECT_TRUE(copy.borrowed());
  EXPECT_EQ(copy.view().data(), source.data());
  EXPECT_TRUE(cow_string().empty());
}

TEST(CowString, CopiesWhenItIsChanged) {
  const std::string source = "name";
  cow_string text = cow_string::borrow(source);
  text.mutate() += "!";
  EXPECT_FALSE(text.borrowed());
  EXPECT_EQ(text, "name!");
  EXPECT_EQ(source, "name");
}

TEST(CowString, GivesItsOwnTextAway) {
  std::string source = "a text that is too long for the small buffer";
  const char* where = source.data();
  cow_string text(std::move(source));
  const std::string out = std::move(text).own();
  EXPECT_EQ(out.data(), where) << "moved, not copied";
}

RC_GTEST_PROP(CowString, ComparesAsItsText, (const std::string& a, const std::string& b)) {
  RC_ASSERT((cow_string::borrow(a) == cow_string(b)) == (a == b));
  RC_ASSERT((cow_string(a) < cow_string::borrow(b)) == (a < b));
  RC_ASSERT(cow_string::borrow(a).own() == a);
}

}  // namespace
