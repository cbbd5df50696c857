// tests/host/loader/image_test.cpp - reads never leave the bytes, and the first damage is
// remembered.
#include "host/loader/image.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace host::loader {
namespace {

using testing::HasSubstr;

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(Image, ReadsLittleEndianWords) {
  Image image(as_bytes("\x01\x02\x03\x04"));
  EXPECT_EQ(image.record<std::uint32_t>(0, "word"), 0x04030201U);
  EXPECT_EQ(image.record<std::uint16_t>(2, "word"), 0x0403U);
  EXPECT_TRUE(image.intact());
}

TEST(Image, AnswersZeroBeyondTheEndAndRemembersTheFirstDamage) {
  Image image(as_bytes("abc"));
  EXPECT_EQ(image.record<std::uint32_t>(0, "the header"), 0U);
  EXPECT_TRUE(image.slice(3, 1, "the tail").empty());
  EXPECT_FALSE(image.intact());
  EXPECT_THAT(image.damage(), HasSubstr("the header"));
}

TEST(Image, SurvivesOffsetsAndSizesThatOverflow) {
  constexpr std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
  Image image(as_bytes("abc"));
  EXPECT_FALSE(image.holds(huge, 1));
  EXPECT_FALSE(image.holds(1, huge));
  EXPECT_TRUE(image.slice(2, huge, "part").empty());
  EXPECT_EQ(image.record<std::uint64_t>(huge - 2, "part"), 0U);
  EXPECT_EQ(image.text(huge, huge, "text"), "");
  EXPECT_TRUE(image.holds(3, 0));
}

TEST(Image, ReadsTextOnlyUpToItsEnd) {
  Image image(as_bytes(std::string_view("one\0two", 7)));
  EXPECT_EQ(image.text(0, 7, "name"), "one");
  EXPECT_TRUE(image.intact());
  EXPECT_EQ(image.text(4, 7, "name"), "");
  EXPECT_THAT(image.damage(), HasSubstr("has no end"));
}

TEST(Image, CutsVeryLongText) {
  const std::string text(10'000, 'x');
  Image image(as_bytes(text));
  EXPECT_EQ(image.text(0, text.size(), "name").size(), 4096U);
  EXPECT_TRUE(image.intact());
}

}  // namespace
}  // namespace host::loader
