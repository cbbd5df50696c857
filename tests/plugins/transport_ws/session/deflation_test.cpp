// tests/plugins/transport_ws/session/deflation_test.cpp - one message is compressed once, however
// many get it.
#include "session/deflation.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace transport_ws::session {
namespace {

using frame::Opcode;

constexpr std::size_t bytes_min = 64;
constexpr int window = frame::window_bits_max;

frame::Frame event(const std::string& text) {
  return std::make_shared<const std::string>(frame::encode_frame(Opcode::Text, text));
}

class DeflationTest : public ::testing::Test {
 protected:
  Counters counters;
  Deflation deflation{1, counters};
  const std::string text = std::string(500, 'x');
};

TEST_F(DeflationTest, CompressesOnceForAll) {
  const frame::Frame plain = event(text);
  const frame::Frame first = deflation.pack(plain, bytes_min, window);
  EXPECT_NE(first, plain);
  EXPECT_LT(first->size(), plain->size());
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(deflation.pack(plain, bytes_min, window), first);
  }
  EXPECT_EQ(counters.deflate_in.value(), plain->size());
  EXPECT_EQ(counters.deflate_out.value(), first->size());
}

TEST_F(DeflationTest, KnowsTheTwoFormsAndWindowsOfAMessage) {
  const frame::Frame raw = event(text);
  const frame::Frame told = event("told " + text);
  for (int i = 0; i < 10; ++i) {
    EXPECT_NE(deflation.pack(raw, bytes_min, window), deflation.pack(told, bytes_min, window));
    EXPECT_NE(deflation.pack(raw, bytes_min, 9), deflation.pack(told, bytes_min, 9));
  }
  EXPECT_EQ(counters.deflate_in.value(), 2 * (raw->size() + told->size()));
}

TEST_F(DeflationTest, LeavesSmallMessagesAndThoseThatStayAsLarge) {
  const frame::Frame small = event("small");
  EXPECT_EQ(deflation.pack(small, bytes_min, window), small);
  EXPECT_EQ(counters.deflate_in.value(), 0U);
  std::string noise;
  for (std::uint32_t random = 1; noise.size() < 1000;) {
    random = random * 1'664'525U + 1'013'904'223U;
    noise += static_cast<char>(random >> 24U);
  }
  const frame::Frame loud = event(noise);
  EXPECT_EQ(deflation.pack(loud, bytes_min, window), loud);
  EXPECT_EQ(deflation.pack(loud, bytes_min, window), loud);
  EXPECT_EQ(counters.deflate_in.value(), loud->size());  // was not tried again
  EXPECT_EQ(counters.deflate_out.value(), loud->size());
}

TEST_F(DeflationTest, TakesNoFrameForAnotherThatIsGone) {
  for (int i = 0; i < 50; ++i) {
    const std::string wanted = std::to_string(i) + text;
    const frame::Frame plain = event(wanted);  // may well lie where the one before lay
    const frame::Frame shared = plain;
    const frame::Frame packed = deflation.pack(shared, bytes_min, window);
    std::string_view inflated;
    ASSERT_FALSE(deflation.inflate(frame::payload_of(*packed), 10'000, inflated));
    EXPECT_EQ(inflated, wanted);
    deflation.release();
  }
}

TEST_F(DeflationTest, CountsWhatItInflates) {
  const frame::Frame packed = deflation.pack(event(text), bytes_min, window);
  std::string_view inflated;
  ASSERT_FALSE(deflation.inflate(frame::payload_of(*packed), 10'000, inflated));
  EXPECT_EQ(counters.inflate_in.value(), frame::payload_of(*packed).size());
  EXPECT_EQ(counters.inflate_out.value(), text.size());
  const auto violation = deflation.inflate(frame::payload_of(*packed), 10, inflated);
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->code, frame::close_too_big);
  EXPECT_EQ(counters.inflate_out.value(), text.size());
}

}  // namespace
}  // namespace transport_ws::session
