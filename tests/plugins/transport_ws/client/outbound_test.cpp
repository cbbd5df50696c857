// tests/plugins/transport_ws/client/outbound_test.cpp - what named connections receive, send and
// lose.
#include "client/outbound.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../own_loop.hpp"
#include "../server/test_server.hpp"

namespace transport_ws::client {
namespace {

class OutboundTest : public ::testing::Test, protected OwnLoop, public Outbound::Observer {
 protected:
  void SetUp() override {
    OutboundSettings settings;
    settings.name = "hq";
    settings.channel = "ws.client.hq";
    settings.url = *parse_url("ws://127.0.0.1:" + std::to_string(server.port()));
    settings.client.backoff = {.initial_ms = 1, .max_ms = 5, .retries_max = 0};
    settings.client.hello = {R"({"jsonrpc":"2.0","id":0,"method":"ping"})"};
    outbound = std::make_unique<Outbound>(std::vector{settings}, bus, *this,
                                          session::Desk{context, scratch, counters, replies});
    outbound->start();
  }

  void TearDown() override {
    outbound.reset();
    context.restart();
    context.run_for(std::chrono::milliseconds(20));
  }

  void on_connected(const std::string& name) override { news.push_back(name + " connected"); }

  void on_disconnected(const std::string& name, std::string_view why,
                       std::uint32_t /*retry_ms*/) override {
    news.push_back(name + " " + std::string(why));
  }

  void on_gave_up(const std::string& name, std::string_view /*why*/) override {
    news.push_back(name + " gave up");
  }

  void on_lost(const std::string& name, const bp::error& why) override {
    news.push_back(name + " lost: " + why.text());
  }

  server::TestServer server;
  std::vector<char> scratch = std::vector<char>(read_scratch_bytes);
  session::Counters counters;
  std::string replies;
  rpc::FakeBus bus;
  std::unique_ptr<Outbound> outbound;
  std::vector<std::string> news;
};

TEST_F(OutboundTest, PublishesWhatItReceives) {
  ASSERT_TRUE(run_until([&] { return bus.asked.size() == 1; }));
  EXPECT_EQ(bus.asked[0].whom, "ws.client.hq");
  EXPECT_EQ(bus.asked[0].json, R"({"jsonrpc":"2.0","id":0,"result":"pong"})");
  bus.answer();
  EXPECT_EQ(news, std::vector<std::string>{"hq connected"});
}

TEST_F(OutboundTest, SendsByName) {
  EXPECT_TRUE(outbound->send("hq", R"({"jsonrpc":"2.0","id":7,"method":"ping"})"));
  ASSERT_TRUE(run_until([&] { return bus.asked.size() == 2; }));
  EXPECT_EQ(bus.asked[1].json, R"({"jsonrpc":"2.0","id":7,"result":"pong"})");
  EXPECT_EQ(outbound->send("nobody", "x").error().code(), BP_E_NOT_FOUND);
}

TEST_F(OutboundTest, TakesMoreAndLetsThemGo) {
  OutboundSettings more;
  more.name = "branch";
  more.channel = "ws.client.branch";
  more.url = *parse_url("ws://127.0.0.1:" + std::to_string(server.port()) + "/?token=x");
  ASSERT_TRUE(outbound->add(more));
  EXPECT_EQ(outbound->add(more).error().code(), BP_E_EXISTS);
  ASSERT_TRUE(run_until([&] { return news.size() == 2; }));
  const auto all = outbound->list();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "branch");
  EXPECT_EQ(all[0].url, "ws://127.0.0.1:" + std::to_string(server.port()) + "/");
  EXPECT_EQ(all[0].state, State::Open);
  ASSERT_TRUE(outbound->close("branch", 4000, "enough"));
  EXPECT_EQ(outbound->close("branch", 4000, "enough").error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(outbound->send("branch", "x").error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(outbound->list().size(), 1U);
  outbound->stop();
  EXPECT_EQ(outbound->add(more).error().code(), BP_E_CLOSED);
}

TEST_F(OutboundTest, TellsWhatGotLostAndGoesOn) {
  ASSERT_TRUE(run_until([&] { return bus.asked.size() == 1; }));
  bus.answer(bp::fail(BP_E_BUSY, "too many open requests"));
  EXPECT_EQ(news.back(), "hq lost: too many open requests");
  EXPECT_EQ(counters.client_dropped.value(), 1U);
  server.server->close(1, 1012, "again", [](bool) {});
  ASSERT_TRUE(run_until([&] { return bus.asked.size() == 1; }));  // said hello again
  EXPECT_EQ(news[2], "hq closed with 1012: again");
  EXPECT_EQ(news.back(), "hq connected");
}

}  // namespace
}  // namespace transport_ws::client
