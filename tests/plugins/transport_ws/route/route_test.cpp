// tests/plugins/transport_ws/route/route_test.cpp - which path leads where.
#include "route/route.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::route {
namespace {

Route at(const std::string& path) {
  Route route;
  route.path = path;
  return route;
}

TEST(Routes, AreFoundByTheirPathWithoutTheQuery) {
  const Table table({at("/"), at("/chat")});
  EXPECT_EQ(table.find("/"), 0U);
  EXPECT_EQ(table.find("/?token=x"), 0U);
  EXPECT_EQ(table.find("/chat?a=/b"), 1U);
  for (const auto* other : {"/chat/", "/Chat", "/chat/x", "", "*", "//"}) {
    EXPECT_EQ(table.find(other), 2U) << other;
  }
}

TEST(Routes, HaveAPlaceForEveryOtherPath) {
  const Table table({at("*"), at("/chat")});
  EXPECT_EQ(table.find("/chat"), 1U);
  EXPECT_EQ(table.find("/anything"), 0U);
}

}  // namespace
}  // namespace transport_ws::route
