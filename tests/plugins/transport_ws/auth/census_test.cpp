// tests/plugins/transport_ws/auth/census_test.cpp - places of principals.
#include "auth/census.hpp"

#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace transport_ws::auth {
namespace {

TEST(Census, CountsByPrincipal) {
  Census census(2);
  auto first = census.enter("a");
  auto second = census.enter("a");
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(census.enter("a"));
  EXPECT_TRUE(census.enter("b"));
  {
    const Census::Place moved = std::move(*second);
    EXPECT_FALSE(census.enter("a"));
  }
  EXPECT_TRUE(census.enter("a"));
}

}  // namespace
}  // namespace transport_ws::auth
