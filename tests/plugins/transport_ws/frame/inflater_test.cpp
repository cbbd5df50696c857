// tests/plugins/transport_ws/frame/inflater_test.cpp - the examples of RFC 7692, bombs, and data
// that is none.
#include "frame/inflater.hpp"

#include <initializer_list>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "bomb.hpp"

namespace transport_ws::frame {
namespace {

std::string raw(std::initializer_list<unsigned> bytes) {
  std::string text;
  for (const unsigned byte : bytes) {
    text += static_cast<char>(byte);
  }
  return text;
}

const std::string hello = raw({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});

struct Inflating {
  Inflater inflater;

  // The text, or the close code.
  std::string operator()(std::string_view payload, std::uint64_t bytes_max = 1000) {
    std::string_view inflated;
    const auto violation = inflater.inflate(payload, bytes_max, inflated);
    return violation ? std::to_string(violation->code) : std::string(inflated);
  }
};

TEST(Inflater, ReadsTheExamplesOfTheSpecification) {  // RFC 7692 section 7.2.3
  Inflating inflate;
  EXPECT_EQ(inflate(hello), "Hello");
  EXPECT_EQ(inflate(raw({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00})),
            "Hello");                                                                  // stored
  EXPECT_EQ(inflate(raw({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})), "Hello");  // BFINAL
  EXPECT_EQ(
      inflate(raw({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00})),
      "Hello");                         // two blocks
  EXPECT_EQ(inflate(raw({0x00})), "");  // an empty message
}

TEST(Inflater, RefersToNoEarlierMessage) {
  Inflating inflate;
  EXPECT_EQ(inflate(hello), "Hello");
  EXPECT_EQ(inflate(raw({0xf2, 0x00, 0x11, 0x00, 0x00})), "1007");  // section 7.2.3.2
  EXPECT_EQ(inflate(hello), "Hello");                               // and nothing is left of it
}

TEST(Inflater, TakesALastBlockWithoutItsPadding) {
  Inflating inflate;
  EXPECT_EQ(inflate(raw({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})), "Hello");
}

TEST(Inflater, RefusesBrokenData) {
  Inflating inflate;
  EXPECT_EQ(inflate(raw({0xff, 0xff, 0xff, 0xff})), "1007");  // a kind of block that is none
  EXPECT_EQ(inflate(""), "1007");
  for (std::size_t bytes = 1; bytes + 1 < hello.size(); ++bytes) {
    EXPECT_EQ(inflate(hello.substr(0, bytes)), "1007") << bytes;  // cut off within a block
  }
  EXPECT_EQ(inflate(hello), "Hello");
}

TEST(Inflater, StopsAtTheLimit) {
  Inflating inflate;
  EXPECT_EQ(inflate(hello, 5), "Hello");
  EXPECT_EQ(inflate(hello, 4), "1009");
  EXPECT_EQ(inflate(raw({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), 4), "1009");
  const std::string one = bomb(1);
  ASSERT_LT(one.size(), 2048U);
  EXPECT_EQ(inflate(one, bomb_unit_bytes).size(), bomb_unit_bytes);
  EXPECT_EQ(inflate(one, bomb_unit_bytes - 1), "1009");
}

// 1 GiB in 1 MiB. What is behind the limit is not looked at: it is broken, and nobody notices.
TEST(Inflater, DoesNotInflateABomb) {
  Inflating inflate;
  EXPECT_EQ(inflate(bomb(1024), 64U << 10U), "1009");
  EXPECT_EQ(inflate(bomb(2) + std::string(100, '\xFF'), 64U << 10U), "1009");
  EXPECT_EQ(inflate(bomb(2) + std::string(100, '\xFF'), 4 * bomb_unit_bytes), "1007");
}

TEST(Inflater, GivesLargeRoomBackAndGoesOn) {
  Inflating inflate;
  EXPECT_EQ(inflate(bomb(1), bomb_unit_bytes).size(), bomb_unit_bytes);
  inflate.inflater.shrink();
  EXPECT_EQ(inflate(hello), "Hello");
  EXPECT_EQ(inflate(bomb(1), 100), "1009");
}

RC_GTEST_PROP(Inflater, TakesAnyBytes, (const std::vector<unsigned char>& noise)) {
  Inflating inflate;
  const std::string told = inflate(std::string(noise.begin(), noise.end()));
  RC_ASSERT(told.size() <= 1000U);
  RC_ASSERT(inflate(hello) == "Hello");
}

}  // namespace
}  // namespace transport_ws::frame
