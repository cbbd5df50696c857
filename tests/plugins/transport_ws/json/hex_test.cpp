// tests/plugins/transport_ws/json/hex_test.cpp - digits and what is none.
#include "json/hex.hpp"

#include <array>
#include <cstdint>

#include <gtest/gtest.h>

namespace transport_ws::json {
namespace {

TEST(Hex, IsReadFromTheBeginning) {
  std::array<std::uint8_t, 2> bytes{};
  EXPECT_TRUE(read_hex("0aFf-more", bytes));
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 2>{0x0A, 0xFF}));
}

TEST(Hex, RefusesWhatIsNone) {
  std::array<std::uint8_t, 2> bytes{};
  for (const auto* text : {"", "0a", "0a1", "0a1g", "0ag1", "-1ff", "+1ff", "0x12", "0a 1"}) {
    EXPECT_FALSE(read_hex(text, bytes)) << text;
  }
}

}  // namespace
}  // namespace transport_ws::json
