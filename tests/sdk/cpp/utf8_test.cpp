// tests/sdk/cpp/utf8_test.cpp - every code point there is, and nothing that is none.
#include "backplane/cpp/utf8.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

TEST(Utf8, TakesEveryCodePointAndNoOther) {
  for (std::uint32_t code = 0; code <= 0x10FFFFU; ++code) {
    if (code >= 0xD800U && code <= 0xDFFFU) {
      continue;
    }
    std::string text;
    bp::utf8::append(text, code);
    ASSERT_EQ(bp::utf8::sequence_length(text), text.size()) << code;
    ASSERT_FALSE(bp::utf8::valid(text.substr(0, text.size() - 1) + "a") && text.size() > 1) << code;
  }
}

TEST(Utf8, RefusesOverlongSurrogatesAndBeyond) {
  for (const char* text :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\x80", "\xFF"}) {
    EXPECT_FALSE(bp::utf8::valid(text)) << text;
  }
  EXPECT_TRUE(bp::utf8::valid(""));
}

}  // namespace
