// tests/plugins/transport_ws/edge/deflate_configuration_test.cpp - the keys of `deflate`, and their
// ranges.
#include "edge/deflate_configuration.hpp"

#include <string>

#include <gtest/gtest.h>

#include "edge/configuration.hpp"

namespace transport_ws::edge {
namespace {

bp::result<server::Settings> read(const std::string& deflate, const std::string& more = {}) {
  const auto configuration =
      bp::config_from_json<Configuration>(R"({"deflate":)" + deflate + more + "}");
  if (!configuration) {
    return std::unexpected(configuration.error());
  }
  return engine_settings(*configuration);
}

std::string problem(const std::string& deflate) {
  const auto settings = read(deflate);
  return settings ? "(none)" : settings.error().message();
}

TEST(DeflateConfiguration, IsOffByDefault) {
  const auto settings = read("{}");
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_FALSE(settings->session.deflate);
  EXPECT_EQ(settings->deflate_level, 1);
  EXPECT_EQ(settings->session.deflate_bytes_min, 1024U);
  EXPECT_EQ(settings->session.inflated_bytes_max, 0U);
}

TEST(DeflateConfiguration, HoldsForEveryRoute) {
  const auto settings = read(R"({"enabled":true,"level":9,"min_size":"32B","inflated_max":"1MiB"})",
                             R"(,"routes":{"a":{"path":"/a","to":"echo","message":"2KiB"}})");
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_EQ(settings->deflate_level, 9);
  ASSERT_EQ(settings->routes.size(), 1U);
  const session::SessionSettings& of_route = settings->routes[0].session;
  EXPECT_TRUE(of_route.deflate);
  EXPECT_EQ(of_route.deflate_bytes_min, 32U);
  EXPECT_EQ(of_route.inflated_bytes_max, 1U << 20U);
  EXPECT_EQ(of_route.message_bytes_max, 2048U);
}

TEST(DeflateConfiguration, NamesTheKeyThatIsOutOfItsRange) {
  EXPECT_EQ(problem(R"({"level":0})"), "'deflate.level' must be from 1 to 9");
  EXPECT_EQ(problem(R"({"level":10})"), "'deflate.level' must be from 1 to 9");
  EXPECT_EQ(problem(R"({"min_size":31})"), "'deflate.min_size' must be from 32 to 16777216 bytes");
  EXPECT_EQ(problem(R"({"min_size":"17MiB"})"),
            "'deflate.min_size' must be from 32 to 16777216 bytes");
  EXPECT_EQ(problem(R"({"inflated_max":1023})"),
            "'deflate.inflated_max' must be from 1KiB to 16777216 bytes");
  EXPECT_EQ(problem(R"({"inflated_max":"17MiB"})"),
            "'deflate.inflated_max' must be from 1KiB to 16777216 bytes");
}

}  // namespace
}  // namespace transport_ws::edge
