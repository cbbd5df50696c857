// tests/host/registry/nearest_test.cpp - helps with a typing mistake, keeps quiet otherwise.
#include "host/registry/nearest.hpp"

#include <gtest/gtest.h>

namespace host::registry {
namespace {

TEST(Nearest, FindsATypingMistake) {
  EXPECT_EQ(nearest("evnts", {"events", "metrics"}), "events");
  EXPECT_EQ(hint("Pag", {"Page", "Search"}), "; did you mean 'Page'?");
}

TEST(Nearest, KeepsQuietWhenNothingIsClose) {
  EXPECT_EQ(nearest("temperature", {"events", "metrics"}), "");
  EXPECT_EQ(hint("x", {}), "");
}

TEST(Nearest, IsBoundedForHostileNames) {
  EXPECT_EQ(nearest(std::string(1'000'000, 'a'), {"events"}), "");
}

}  // namespace
}  // namespace host::registry
