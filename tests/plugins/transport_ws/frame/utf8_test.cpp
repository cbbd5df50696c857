// tests/plugins/transport_ws/frame/utf8_test.cpp - UTF-8 in one piece and in many.
#include "frame/utf8.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace transport_ws::frame {
namespace {

TEST(Utf8, TakesEveryLengthOfCharacter) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain ASCII, longer than a word of eight bytes"));
  EXPECT_TRUE(
      is_utf8("\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));
  EXPECT_TRUE(is_utf8("κόσμε"));
}

TEST(Utf8, RefusesWhatRfc3629Forbids) {
  EXPECT_FALSE(is_utf8("\x80"));                  // a continuation that continues nothing
  EXPECT_FALSE(is_utf8("\xC0\xAF"));              // overlong, two bytes
  EXPECT_FALSE(is_utf8("\xE0\x9F\xBF"));          // overlong, three
  EXPECT_FALSE(is_utf8("\xF0\x8F\xBF\xBF"));      // overlong, four
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));          // a surrogate
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));      // above U+10FFFF
  EXPECT_FALSE(is_utf8("\xF8\x88\x80\x80\x80"));  // five bytes
  EXPECT_FALSE(is_utf8("\xFF"));
  EXPECT_FALSE(is_utf8("twelve bytes\xE2\x82"));  // cut
  EXPECT_FALSE(is_utf8("\xE2\x82 "));
}

TEST(Utf8, SaysEarlyThatItIsHopeless) {
  Utf8Check check;
  EXPECT_FALSE(check.feed("\xF4\x90"));  // whatever follows
}

TEST(Utf8, KnowsTheMiddleOfACharacter) {
  Utf8Check check;
  EXPECT_TRUE(check.feed("\xF0\x9F"));
  EXPECT_FALSE(check.complete());
  EXPECT_TRUE(check.feed("\x98\x80"));
  EXPECT_TRUE(check.complete());
}

RC_GTEST_PROP(Utf8, DoesNotDependOnWhereTheBytesAreCut, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "a", "abcdefgh", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\xA0", "\x80"));
  std::string text;
  for (const auto& piece : pieces) {
    text += piece;
  }
  Utf8Check check;
  bool valid = true;
  for (std::size_t at = 0; valid && at < text.size();) {
    const auto step = *rc::gen::inRange<std::size_t>(1, 12);
    valid = check.feed(std::string_view(text).substr(at, step));
    at += step;
  }
  RC_ASSERT((valid && check.complete()) == is_utf8(text));
}

}  // namespace
}  // namespace transport_ws::frame
