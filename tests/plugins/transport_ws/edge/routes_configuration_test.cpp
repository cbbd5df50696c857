// tests/plugins/transport_ws/edge/routes_configuration_test.cpp - what a route inherits, and what
// is refused by its key.
#include "edge/routes_configuration.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "edge/configuration.hpp"

namespace transport_ws::edge {
namespace {

bp::result<std::vector<route::Route>> read(const std::string& routes) {
  auto configuration = bp::config_from_json<Configuration>(
      R"({"origins":["https://a"],"origins_loopback":true,"limits":{"message":2048},"routes":)" +
      routes + "}");
  if (!configuration) {
    return std::unexpected(configuration.error());
  }
  auto settings = engine_settings(*configuration);
  if (!settings) {
    return std::unexpected(settings.error());
  }
  return settings->routes;
}

TEST(RoutesConfiguration, InheritsWhatItDoesNotSay) {
  const auto routes = read(R"({"chat":{"path":"/chat","to":"gateway"},
      "in":{"path":"*","to":"channel","subprotocols":["v2","v1"],"message":"1MiB","origins":["*"]},
      "shut":{"path":"/s","to":"echo","origins":[]}})");
  ASSERT_TRUE(routes) << routes.error().text();
  ASSERT_EQ(routes->size(), 3U);
  const auto& chat = routes->at(0);
  EXPECT_EQ(chat.to, route::To::Gateway);
  EXPECT_EQ(chat.session.message_bytes_max, 2048U);
  EXPECT_TRUE(chat.origins.allows("https://a"));
  EXPECT_TRUE(chat.origins.allows("http://localhost:1"));
  EXPECT_FALSE(chat.origins.allows("https://b"));
  const auto& in = routes->at(1);
  EXPECT_EQ(in.name, "in");
  EXPECT_EQ(in.to, route::To::Channel);
  EXPECT_EQ(in.subprotocols, (std::vector<std::string>{"v2", "v1"}));
  EXPECT_EQ(in.session.message_bytes_max, 1U << 20U);
  EXPECT_TRUE(in.origins.allows("https://b"));
  EXPECT_FALSE(routes->at(2).origins.allows("http://localhost:1"));
}

TEST(RoutesConfiguration, NamesTheKeyThatIsWrong) {
  for (const auto& [text, expected] :
       {std::pair<std::string, std::string>{R"({"a b":{"path":"/","to":"echo"}})", "routes.a b"},
        {R"({"a":{"path":"chat","to":"echo"}})", "routes.a.path"},
        {R"({"a":{"path":"/a?b","to":"echo"}})", "routes.a.path"},
        {R"({"a":{"path":"/a b","to":"echo"}})", "routes.a.path"},
        {R"({"a":{"path":"/","to":"nowhere"}})", "to"},
        {R"({"a":{"path":"/","to":"echo","message":10}})", "routes.a.message"},
        {R"({"a":{"path":"/","to":"echo","subprotocols":["a b"]}})", "routes.a.subprotocols"},
        {R"({"a":{"path":"/","to":"echo"},"b":{"path":"/","to":"echo"}})",
         "'routes.a' and 'routes.b' have the same path"}}) {
    const auto routes = read(text);
    ASSERT_FALSE(routes) << text;
    EXPECT_EQ(routes.error().code(), BP_E_CONFIG) << text;
    EXPECT_NE(routes.error().text().find(expected), std::string::npos) << routes.error().text();
  }
}

}  // namespace
}  // namespace transport_ws::edge
