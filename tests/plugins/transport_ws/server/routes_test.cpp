// tests/plugins/transport_ws/server/routes_test.cpp - GET /metrics through the bus.
#include "server/routes.hpp"

#include <string>

#include <gtest/gtest.h>

#include "../raw_client.hpp"
#include "test_server.hpp"

namespace transport_ws::server {
namespace {

class RoutesTest : public ::testing::Test {
 protected:
  static std::string get(const std::string& target, const std::string& fields = {}) {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
  }

  // Waits until `count` questions are on the bus.
  void await_asked(std::size_t count) {
    while (server.on_loop([&] { return server.buses.front()->inner.asked.size(); }) < count) {
    }
  }

  void answer(bp::result<std::string> reply) {
    server.on_loop([&] { server.buses.front()->inner.answer(std::move(reply)); });
  }

  TestServer server{[](Settings& settings) { settings.http_in_flight_max = 2; }};
};

TEST_F(RoutesTest, ServesWhatTheExporterRenders) {
  RawClient client(server.metrics_port());
  client.send(get("/metrics?x=1", "Accept: application/openmetrics-text\r\n"));
  await_asked(1);
  const auto& asked = server.buses.front()->inner.asked.front();
  EXPECT_EQ(asked.whom, "bp.metrics.export/1 Render");
  EXPECT_TRUE(asked.json.starts_with(R"({"accept":"application/openmetrics-text",)"));
  answer(std::string(R"({"text":"# HELP a\na 1\n","content_type":"text/plain; version=0.0.4"})"));
  const std::string page = client.read_all();
  EXPECT_EQ(page.substr(9, 3), "200");
  EXPECT_NE(page.find("Content-Type: text/plain; version=0.0.4\r\n"), std::string::npos);
  EXPECT_TRUE(page.ends_with("\r\n\r\n# HELP a\na 1\n"));
}

TEST_F(RoutesTest, SaysWhyThereAreNoMetrics) {
  RawClient client(server.metrics_port());
  client.send(get("/metrics"));
  await_asked(1);
  answer(bp::fail(BP_E_NOT_FOUND, "nobody provides bp.metrics.export/1"));
  const std::string page = client.read_all();
  EXPECT_EQ(page.substr(9, 3), "503");
  EXPECT_NE(page.find("nobody provides bp.metrics.export/1"), std::string::npos);

  RawClient strange(server.metrics_port());
  strange.send(get("/metrics"));
  await_asked(1);
  answer(std::string("{}"));
  EXPECT_EQ(strange.read_all().substr(9, 3), "502");
}

TEST_F(RoutesTest, BoundsScrapesInFlight) {
  RawClient first(server.metrics_port());
  RawClient second(server.metrics_port());
  first.send(get("/metrics"));
  second.send(get("/metrics"));
  await_asked(2);
  RawClient third(server.metrics_port());
  third.send(get("/metrics"));
  EXPECT_EQ(third.read_all().substr(9, 3), "503");
  answer(std::string(R"({"text":""})"));
  RawClient fourth(server.metrics_port());
  fourth.send(get("/metrics"));
  await_asked(2);
}

TEST_F(RoutesTest, KnowsNothingElse) {
  RawClient elsewhere(server.metrics_port());
  elsewhere.send(get("/"));
  EXPECT_EQ(elsewhere.read_all().substr(9, 3), "404");
  RawClient head(server.metrics_port());
  head.send("DELETE /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(head.read_all().substr(9, 3), "405");
}

}  // namespace
}  // namespace transport_ws::server
