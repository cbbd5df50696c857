// tests/plugins/transport_ws/edge/http_configuration_test.cpp - endpoints as they are configured.
#include "edge/http_configuration.hpp"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "edge/configuration.hpp"

namespace transport_ws::edge {
namespace {

bp::result<server::Settings> read(const std::string& http, const std::string& more = {}) {
  const auto configuration = bp::config_from_json<Configuration>(
      R"({"limits":{"call_timeout":"9s","body":"2KiB","http_in_flight":7},"healthz":"/up","http":)" +
      http + more + "}");
  if (!configuration) {
    return std::unexpected(configuration.error());
  }
  return engine_settings(*configuration);
}

TEST(HttpConfiguration, NamesEndpoints) {
  const auto settings = read(
      R"([{"method":"GET","path":"/r/{id}","call":"bp.storage.records/1.Get","query":["n:number"]},
          {"method":"POST","path":"/r","call":"a.b/2.Insert","timeout":"250ms"}])");
  ASSERT_TRUE(settings) << settings.error().text();
  const auto& endpoints = settings->http.endpoints();
  ASSERT_EQ(endpoints.size(), 2U);
  EXPECT_EQ(endpoints[0]->service, "bp.storage.records/1");
  EXPECT_EQ(endpoints[0]->method, "Get");
  EXPECT_TRUE(endpoints[0]->query[0].number);
  EXPECT_EQ(endpoints[0]->timeout_ms, 9'000U);
  EXPECT_EQ(endpoints[1]->timeout_ms, 250U);
  EXPECT_EQ(settings->body_bytes_max, 2048U);
  EXPECT_EQ(settings->counter.in_flight_max, 7U);
  EXPECT_EQ(settings->counter.health_path, "/up");
}

TEST(HttpConfiguration, NamesTheKeyThatIsWrong) {
  for (
      const auto& [text, key] :
      {std::pair<std::string, std::string>{R"([{"method":"get","path":"/","call":"a/1.B"}])",
                                           "http[0].method"},
       {R"([{"method":"GET","path":"r","call":"a/1.B"}])", "http[0].path"},
       {R"([{"method":"GET","path":"/","call":"a.B"}])", "http[0].call"},
       {R"([{"method":"GET","path":"/","call":"a/1"}])", "http[0].call"},
       {R"([{"method":"GET","path":"/","call":"a/1."}])", "http[0].call"},
       {R"([{"method":"GET","path":"/","call":"a/1.B","query":["a b"]}])", "http[0].query"},
       {R"([{"method":"GET","path":"/","call":"a/1.B","timeout":"6m"}])", "http[0].timeout"},
       {R"([{"method":"GET","path":"/{a}","call":"a/1.B"},{"method":"GET","path":"/{b}","call":"a/1.C"}])",
        "http[1]"}}) {
    const auto settings = read(text);
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().code(), BP_E_CONFIG);
    EXPECT_NE(settings.error().text().find(key), std::string::npos) << settings.error().text();
  }
}

TEST(HttpConfiguration, KeepsTheNameOfTheToken) {
  const std::string http =
      R"([{"method":"GET","path":"/r/{token}","call":"a/1.B"},
          {"method":"GET","path":"/r","call":"a/1.B","query":["limit:number","key:number"]}])";
  const auto auth = [](const std::string& name) {
    return R"(,"auth":{"mode":"upgrade","service":"a/1","query":")" + name + R"("})";
  };
  EXPECT_TRUE(read(http));
  EXPECT_TRUE(read(http, auth("token")));
  const auto settings = read(http, auth("key"));
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code(), BP_E_CONFIG);
  for (const auto* part : {"http[1].query", "'key'", "'auth.query'", "fix: "}) {
    EXPECT_NE(settings.error().text().find(part), std::string::npos) << settings.error().text();
  }
}

TEST(HttpConfiguration, SaysWhatPluginsMayRoute) {
  const auto settings = directory_settings({"/api/*"}, 7);
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_TRUE(settings->allowed.allows("/api/a"));
  EXPECT_EQ(settings->routes_max, 7U);
  for (const auto& [paths, routes, key] :
       {std::tuple{std::vector<std::string>{"api"}, 1U, "http_paths"},
        {std::vector<std::string>(http_paths_max + 1, "/a"), 1U, "http_paths"},
        {std::vector<std::string>(), 0U, "limits.http_routes"},
        {std::vector<std::string>(), 4'097U, "limits.http_routes"}}) {
    const auto refused = directory_settings(paths, routes);
    ASSERT_FALSE(refused) << key;
    EXPECT_EQ(refused.error().code(), BP_E_CONFIG);
    EXPECT_NE(refused.error().text().find(key), std::string::npos) << refused.error().text();
  }
}

}  // namespace
}  // namespace transport_ws::edge
