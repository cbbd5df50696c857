// tests/plugins/transport_ws/frame/deflater_test.cpp - frames get smaller or stay, and come back as
// they were.
#include "frame/deflater.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "frame/codec.hpp"
#include "frame/inflater.hpp"

namespace transport_ws::frame {
namespace {

std::string inflated(std::string_view frame) {
  Inflater inflater;
  std::string_view text;
  const auto violation = inflater.inflate(payload_of(frame), 1U << 24U, text);
  return violation ? std::to_string(violation->code) : std::string(text);
}

// Bytes that repeat after `period`, without any other pattern.
std::string repeating(std::size_t period, std::size_t bytes) {
  std::string text;
  std::uint32_t random = 1;
  while (text.size() < bytes) {
    random = random * 1'664'525U + 1'013'904'223U;
    text += text.size() < period ? static_cast<char>(random >> 24U) : text[text.size() - period];
  }
  return text;
}

TEST(Deflater, KeepsKindAndEveryLengthForm) {
  Deflater deflater(1, window_bits_max);
  for (const std::size_t bytes : {100U, 125U, 126U, 65'535U, 65'536U, 20'000'000U}) {
    const std::string text(bytes, 'x');
    const std::string packed = deflater.deflate(encode_frame(Opcode::Text, text));
    ASSERT_FALSE(packed.empty()) << bytes;
    EXPECT_EQ(static_cast<unsigned char>(packed[0]), 0xC1U);
    EXPECT_LT(packed.size(), bytes);
    if (bytes <= 1U << 24U) {
      EXPECT_EQ(inflated(packed), text) << bytes;
    }
  }
  EXPECT_EQ(deflater.deflate(encode_frame(Opcode::Binary, std::string(100, 'x')))[0], '\xC2');
}

TEST(Deflater, MakesNothingThatIsNotSmaller) {
  Deflater deflater(9, window_bits_max);
  EXPECT_EQ(deflater.deflate(encode_frame(Opcode::Text, "ab")), "");
  EXPECT_EQ(deflater.deflate(encode_frame(Opcode::Binary, repeating(70'000, 70'000))), "");
  EXPECT_NE(deflater.deflate(encode_frame(Opcode::Text, std::string(100, 'x'))), "");
}

TEST(Deflater, KeepsNoContext) {
  Deflater deflater(1, window_bits_max);
  const std::string frame = encode_frame(Opcode::Text, repeating(50, 200));
  const std::string first = deflater.deflate(frame);
  EXPECT_EQ(deflater.deflate(frame), first);
}

TEST(Deflater, StaysWithinItsWindow) {
  const std::string frame = encode_frame(Opcode::Binary, repeating(2000, 10'000));
  Deflater wide(9, window_bits_max);
  const std::string widely = wide.deflate(frame);
  EXPECT_LT(widely.size(), 3000U);
  EXPECT_TRUE(inflated(widely) == payload_of(frame));
  Deflater narrow(9, window_bits_min);
  const std::string narrowly = narrow.deflate(frame);
  // The repetition is farther away than 512 bytes.
  EXPECT_TRUE(narrowly.empty() || narrowly.size() > 9000) << narrowly.size();
  const std::string near = encode_frame(Opcode::Binary, repeating(100, 10'000));
  EXPECT_TRUE(inflated(narrow.deflate(near)) == payload_of(near));
}

RC_GTEST_PROP(Deflater, IsUndoneByTheInflater,
              (const std::vector<unsigned char>& unit, bool text)) {
  const auto times = *rc::gen::inRange(1, 50);
  const auto level = *rc::gen::inRange(1, 10);
  const auto bits = *rc::gen::inRange(window_bits_min, window_bits_max + 1);
  std::string payload;
  for (int i = 0; i < times; ++i) {
    payload.append(unit.begin(), unit.end());
  }
  Deflater deflater(level, bits);
  const std::string frame = encode_frame(text ? Opcode::Text : Opcode::Binary, payload);
  const std::string packed = deflater.deflate(frame);
  if (!packed.empty()) {
    RC_ASSERT(payload_of(packed).size() < payload.size());
    RC_ASSERT(inflated(packed) == payload);
  }
}

}  // namespace
}  // namespace transport_ws::frame
