// tests/plugins/transport_ws/route/forum_test.cpp - clients that follow topics and publish to them.
#include "route/forum.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "../auth/doors.hpp"
#include "../raw_client.hpp"
#include "../server/test_server.hpp"

namespace transport_ws::route {
namespace {

using server::Settings;
using server::TestServer;

void add_topics(Settings& settings) {
  settings.io_threads = 2;
  settings.gateway.subscriptions_max = 2;
  settings.bridges = {{"events", "bus.both", topic::Direction::Both},
                      {"log", "bus.in", topic::Direction::In}};
  Route route;
  route.name = "topics";
  route.path = "/topics";
  route.to = To::Topics;
  route.subscribe = {"news.*", "bus.*"};
  route.publish = {"news.*", "bus.*"};
  route.session = settings.session;
  settings.routes = {route};
}

class ForumTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<RawClient> connect() const {
    auto client = std::make_unique<RawClient>(server.port());
    EXPECT_EQ(client->shake_hands({}, "/topics"), 101U);
    client->settle();
    return client;
  }

  static std::string ask(RawClient& client, const std::string& method, const std::string& params) {
    client.send_text(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params +
                     "}");
    return client.read_text();
  }

  TestServer server{add_topics};
  const std::string yes = R"({"jsonrpc":"2.0","id":1,"result":true})";
};

TEST_F(ForumTest, FansOutAcrossThreads) {
  const auto one = connect();
  const auto two = connect();  // on the other io thread
  EXPECT_EQ(ask(*one, "subscribe", R"({"topic":"news.a"})"), yes);
  EXPECT_EQ(ask(*two, "subscribe", R"({"topic":"news.a"})"), yes);
  EXPECT_EQ(ask(*two, "subscribe", R"({"topic":"news.b"})"), yes);
  two->send_text(
      R"({"jsonrpc":"2.0","method":"publish","params":{"topic":"news.a","message":{"n":1}}})");
  const std::string told =
      R"({"jsonrpc":"2.0","method":"topic","params":{"topic":"news.a","message":{"n":1}}})";
  EXPECT_EQ(one->read_text(), told);
  EXPECT_EQ(two->read_text(), told);
  EXPECT_EQ(ask(*one, "unsubscribe", R"({"topic":"news.a"})"), yes);
  EXPECT_NE(ask(*one, "unsubscribe", R"({"topic":"news.a"})").find("false"), std::string::npos);
}

TEST_F(ForumTest, KeepsToTheAllowLists) {
  const auto client = connect();
  EXPECT_NE(ask(*client, "subscribe", R"({"topic":"secret"})").find("PERMISSION"),
            std::string::npos);
  EXPECT_NE(ask(*client, "publish", R"({"topic":"secret","message":1})").find("PERMISSION"),
            std::string::npos);
  EXPECT_EQ(ask(*client, "subscribe", R"({"topic":"news.1"})"), yes);
  EXPECT_EQ(ask(*client, "subscribe", R"({"topic":"news.2"})"), yes);
  EXPECT_NE(ask(*client, "subscribe", R"({"topic":"news.3"})").find("BUSY"), std::string::npos);
}

TEST(ForumOfPrincipals, KeepsToWhatEachMayDo) {
  TestServer server([](Settings& settings) {
    add_topics(settings);
    auth::ask_for_tokens(settings, auth::Mode::Upgrade);
    settings.routes.front().subscribe = {"*"};
    settings.routes.front().publish = {"*"};
  });
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(auth::bearer("some"), "/topics"), 101U);
  const auto ask = [&](const std::string& method, const std::string& params) {
    client.send_text(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params +
                     "}");
    return client.read_text();
  };
  EXPECT_NE(ask("subscribe", R"({"topic":"secret"})").find("to the 'subscribe' list"),
            std::string::npos);
  EXPECT_NE(ask("publish", R"({"topic":"secret","message":1})").find("to the 'publish' list"),
            std::string::npos);
}

TEST_F(ForumTest, SaysWhatIsWrong) {
  const auto client = connect();
  EXPECT_NE(ask(*client, "sub", "{}").find("-32601"), std::string::npos);
  EXPECT_NE(ask(*client, "subscribe", "[]").find("-32602"), std::string::npos);
  EXPECT_NE(ask(*client, "subscribe", R"({"topic":1})").find("-32602"), std::string::npos);
  EXPECT_NE(ask(*client, "publish", R"({"topic":"news.a"})").find("-32602"), std::string::npos);
  EXPECT_NE(ask(*client, "publish", R"({"topic":"news.a","message":1,"x":2})").find("-32602"),
            std::string::npos);
  EXPECT_EQ(ask(*client, "ping", "{}"), R"({"jsonrpc":"2.0","id":1,"result":"pong"})");
  client->send_text("{");
  EXPECT_NE(client->read_text().find("-32700"), std::string::npos);
  client->send_text("[]");
  EXPECT_NE(client->read_text().find("-32600"), std::string::npos);
  client->send_frame(frame::Opcode::Binary, "x");
  EXPECT_EQ(client->read_close(), 1003U);
}

TEST_F(ForumTest, BringsBackFromTheBusWhatABridgeBothWaysTook) {
  const auto client = connect();
  EXPECT_EQ(ask(*client, "subscribe", R"({"topic":"bus.both"})"), yes);
  client->send_text(
      R"({"jsonrpc":"2.0","id":1,"method":"publish","params":{"topic":"bus.both","message":7}})");
  const std::string first = client->read_text();
  const std::string second = client->read_text();
  const std::string told =
      R"({"jsonrpc":"2.0","method":"topic","params":{"topic":"bus.both","message":7}})";
  // The first io thread leads the channel out, the second answers: either may come first.
  EXPECT_TRUE((first == yes && second == told) || (first == told && second == yes)) << first;
  client->settle();  // and nothing else came
}

TEST_F(ForumTest, PublishesToTheTopicAndTheBus) {
  const auto client = connect();
  EXPECT_EQ(ask(*client, "subscribe", R"({"topic":"bus.in"})"), yes);
  client->send_text(
      R"({"jsonrpc":"2.0","id":1,"method":"publish","params":{"topic":"bus.in","message":"x"}})");
  const std::string told =
      R"({"jsonrpc":"2.0","method":"topic","params":{"topic":"bus.in","message":"x"}})";
  const std::string first = client->read_text();
  const std::string second = client->read_text();
  EXPECT_TRUE((first == yes && second == told) || (first == told && second == yes)) << first;
}

TEST_F(ForumTest, ForgetsWhoHungUp) {
  auto client = connect();
  EXPECT_EQ(ask(*client, "subscribe", R"({"topic":"news.a"})"), yes);
  client->hang_up();
  EXPECT_TRUE(server.heard("closed 1 "));
  EXPECT_EQ(
      server.on_loop([&] { return server.server->loops()[0]->counters().subscriptions.value(); }),
      0);
}

}  // namespace
}  // namespace transport_ws::route
