// tests/plugins/transport_ws/server/plain_test.cpp - paths that nothing is served at, and those
// where only WebSockets are.
#include <string>

#include <gtest/gtest.h>

#include "../rest/counting.hpp"

namespace transport_ws::rest {
namespace {

TEST_F(CounterTest, SaysWhenNothingIsThere) {
  RawClient client(server.port());
  for (const auto* path : {"/nowhere", "/r/", "/nowhere?x=1"}) {
    client.send(get(path));  // on one connection
    const auto [header, body] = read(client);
    EXPECT_EQ(status(header), "404") << path;
    EXPECT_NE(body.find(std::string(path).substr(0, 3)), std::string::npos) << body;
    EXPECT_NE(body.find(R"("code":"NOT_FOUND")"), std::string::npos) << body;
  }
  client.send("HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" + get("/\xff"));
  EXPECT_EQ(status(client.read_header()), "404");  // no body behind it
  const auto [header, body] = read(client);
  EXPECT_TRUE(status(header) == "404" || status(header) == "400") << header;
  EXPECT_EQ(body.find('\xff'), std::string::npos) << body;
}

TEST_F(CounterTest, SaysWhereWebSocketsAre) {
  RawClient client(server.port());
  client.send(get("/"));
  const auto [header, body] = read(client);
  EXPECT_EQ(status(header), "426");
  EXPECT_NE(header.find("Upgrade: websocket\r\n"), std::string::npos) << header;
  EXPECT_NE(body.find(R"("code":"UNSUPPORTED")"), std::string::npos) << body;
}

// Routes have paths here: nothing else is a WebSocket's.
class RoutesBesideTest : public CounterTest {
 protected:
  RoutesBesideTest()
      : CounterTest([](Settings& settings) {
          add_http(settings);
          route::Route rpc;
          rpc.name = "rpc";
          rpc.path = "/rpc";
          settings.routes = {rpc};
        }) {}
};

TEST_F(RoutesBesideTest, AnswersByThePath) {
  RawClient client(server.port());
  for (const auto* path : {"/", "/rpc/"}) {
    client.send(get(path));
    expect_error(client, "404", "NOT_FOUND");
  }
  client.send(get("/rpc?x"));
  expect_error(client, "426", "UNSUPPORTED");
}

}  // namespace
}  // namespace transport_ws::rest
