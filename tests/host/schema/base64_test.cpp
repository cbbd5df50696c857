// tests/host/schema/base64_test.cpp - RFC 4648's own vectors, strictness, and there and back.
#include "host/schema/base64.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::schema {

namespace {

std::optional<std::vector<std::uint8_t>> decoded(std::string_view text) {
  const auto size = base64_decoded_bytes(text);
  if (!size) {
    return std::nullopt;
  }
  std::vector<std::uint8_t> bytes(*size);
  return decode_base64(text, bytes) ? std::optional(bytes) : std::nullopt;
}

std::string encoded(std::span<const std::uint8_t> bytes) {
  std::string text;
  append_base64(text, bytes);
  return text;
}

TEST(Base64, TestVectorsOfTheRfc) {
  const std::array<std::pair<std::string_view, std::string_view>, 7> vectors{
      {{"", ""},
       {"f", "Zg=="},
       {"fo", "Zm8="},
       {"foo", "Zm9v"},
       {"foob", "Zm9vYg=="},
       {"fooba", "Zm9vYmE="},
       {"foobar", "Zm9vYmFy"}}};
  for (const auto& [plain, text] : vectors) {
    const std::vector<std::uint8_t> bytes(plain.begin(), plain.end());
    EXPECT_EQ(encoded(bytes), text);
    EXPECT_EQ(decoded(text), bytes) << text;
  }
}

TEST(Base64, AppendsToWhatIsThere) {
  std::string text = "x:";
  append_base64(text, std::array<std::uint8_t, 3>{0xFF, 0xFE, 0xFD});
  EXPECT_EQ(text, "x://79");
}

TEST(Base64, RefusesEverythingElse) {
  for (const std::string_view text : {"Z", "Zg", "Zg=", "Zg===", "====", "A===", "Zh==", "Zm9=",
                                      "Zm 9", "Zm9-", "Zm9_", "=Zg=", "Zg==Zg==", "Zm9\x80"}) {
    EXPECT_FALSE(decoded(text)) << text;
  }
}

RC_GTEST_PROP(Base64, ThereAndBack, (const std::vector<std::uint8_t>& bytes)) {
  RC_ASSERT(decoded(encoded(bytes)) == bytes);
}

RC_GTEST_PROP(Base64, WhatDecodesIsTheOnlySpelling, (const std::string& text)) {
  if (const auto bytes = decoded(text)) {
    RC_ASSERT(encoded(*bytes) == text);
  }
}

}  // namespace

}  // namespace host::schema
