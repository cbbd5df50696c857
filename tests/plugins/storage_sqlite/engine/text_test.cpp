// tests/plugins/storage_sqlite/engine/text_test.cpp - what counts as text.
#include "engine/text.hpp"

#include <string>

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite::engine {
namespace {

using storage_sqlite::testing::fails_with;

TEST(Text, CheckNamesTheFieldAndTheLimit) {
  EXPECT_TRUE(check_text("key", "a", 1, Emptiness::Refused));
  EXPECT_TRUE(check_text("key", "", 1, Emptiness::Allowed));
  EXPECT_TRUE(fails_with(check_text("key", "", 1, Emptiness::Refused), BP_E_INVALID, "`key`"));
  EXPECT_TRUE(fails_with(check_text("key", "ab", 1, Emptiness::Refused), BP_E_TOO_LARGE,
                         "has 2 bytes, the limit is 1"));
  EXPECT_TRUE(fails_with(check_text("key", "\xED\xA0\x80", 9, Emptiness::Refused), BP_E_INVALID,
                         "not UTF-8"))
      << "a surrogate";
  EXPECT_TRUE(check_text("key", "\x01 \x7F", 3, Emptiness::Refused));
  EXPECT_TRUE(check_text("key", "a\xC3\xA4", 3, Emptiness::Refused));
  EXPECT_TRUE(fails_with(check_text("key", "a\x80", 9, Emptiness::Refused), BP_E_INVALID, "UTF-8"));
  EXPECT_TRUE(fails_with(check_text("key", std::string("a\0b", 3), 9, Emptiness::Refused),
                         BP_E_INVALID, "NUL"));
}

TEST(Text, ANameIsLettersDigitsAndThreeSigns) {
  EXPECT_TRUE(is_name("aZ09._-", 7));
  EXPECT_FALSE(is_name("aZ09._-", 6));
  for (const char* text : {"", "a b", "a/b", "\xC3\xA4", "a\n", "a$"}) {
    EXPECT_FALSE(is_name(text, 9)) << text;
  }
}

}  // namespace
}  // namespace storage_sqlite::engine
