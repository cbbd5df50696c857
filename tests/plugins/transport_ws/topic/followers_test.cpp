// tests/plugins/transport_ws/topic/followers_test.cpp - fifty followers, one that stops reading.
// The fifty get everything, and what the one costs is bounded.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../raw_client.hpp"
#include "../server/test_server.hpp"

namespace transport_ws::topic {
namespace {

using server::Settings;
using server::TestServer;

constexpr std::size_t queue_bytes = 64U << 10U;
constexpr std::size_t message_bytes = 4'000;

void add_topics(Settings& settings) {
  settings.session.queue_bytes = queue_bytes;
  route::Route route;
  route.name = "topics";
  route.path = "/";
  route.to = route::To::Topics;
  route.subscribe = {"*"};
  route.publish = {"*"};
  route.session = settings.session;
  settings.routes = {route};
}

std::string ask(const std::string& method, const std::string& more = {}) {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{"topic":"t")" + more +
         "}}";
}

TEST(Followers, DoNotFeelTheOneThatStopped) {
  TestServer server(add_topics);
  RawClient stopped(server.port(), 4096);
  ASSERT_EQ(stopped.shake_hands(), 101U);
  stopped.send_text(ask("subscribe"));
  stopped.read_text();
  std::vector<std::unique_ptr<RawClient>> others;
  for (int i = 0; i < 50; ++i) {
    others.push_back(std::make_unique<RawClient>(server.port()));
    ASSERT_EQ(others.back()->shake_hands(), 101U);
    others.back()->send_text(ask("subscribe"));
    others.back()->read_text();
  }
  RawClient publisher(server.port());
  ASSERT_EQ(publisher.shake_hands(), 101U);
  const std::string padding(message_bytes, 'x');
  std::uint64_t most = 0;
  bool cut_off = false;
  int published = 0;
  for (; !cut_off && published < 10'000; ++published) {
    publisher.send_text(
        ask("publish", R"(,"message":")" + std::to_string(published) + padding + '"'));
    publisher.read_text();
    for (const auto& each : others) {
      const std::string text = each->read_text();
      ASSERT_NE(text.find(R"("message":")" + std::to_string(published) + "x"), std::string::npos);
    }
    server.on_loop([&] {
      for (const auto& each : server.server->loops()[0]->connections(0, 1)) {
        most = std::max(most, each.queued_bytes);
      }
      cut_off = server.server->loops()[0]->counters().cut_off.value() > 0;
    });
  }
  EXPECT_TRUE(cut_off);
  EXPECT_TRUE(server.heard("closed 1 1013 too slow for topic t"));
  EXPECT_LE(most, queue_bytes + message_bytes + 200);
  EXPECT_EQ(server.on_loop([&] { return server.server->loops()[0]->counters().cut_off.value(); }),
            1U);
}

}  // namespace
}  // namespace transport_ws::topic
