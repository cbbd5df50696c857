// tests/plugins/transport_ws/plugin_test.cpp - the whole plugin as the host sees it.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "backplane/contract/transport_ws_contract.hpp"
#include "backplane/testing/fake_host.hpp"

#include "edge/asking.hpp"

namespace transport_ws {
namespace {

namespace contract = bp::transport::ws;

enum Method : std::uint32_t { Describe = 1, Stats = 2, Close = 3, Send = 4 };

class PluginTest : public edge::Asking {
 protected:
  template <typename Reply, typename Request>
  typename Reply::NativeTableType call(Method method,
                                       const typename Request::NativeTableType& request = {}) {
    return ask<Reply, Request>("bp.transport.ws", method, request);
  }
};

TEST_F(PluginTest, DescribesItself) {
  start(R"("io_threads":2)");
  const auto reply = call<contract::DescribeReply, contract::DescribeRequest>(Describe);
  EXPECT_EQ(reply.listen, "127.0.0.1:" + std::to_string(port()));
  EXPECT_EQ(reply.metrics_listen, "127.0.0.1:" + std::to_string(port("metrics")));
  EXPECT_EQ(reply.io_threads, 2U);
  EXPECT_EQ(reply.message_bytes_max, 64U << 10U);
  ASSERT_TRUE(host->stop());
}

TEST_F(PluginTest, CountsAndClosesConnections) {
  start();
  const auto client = connect();
  EXPECT_EQ((call<contract::StatsReply, contract::StatsRequest>(Stats).connections), 1U);
  contract::CloseRequestT close;
  close.connection = 1;
  close.code = 4000;
  close.reason = "by hand";
  EXPECT_TRUE((call<contract::CloseReply, contract::CloseRequest>(Close, close).found));
  std::string reason;
  EXPECT_EQ(client->read_close(&reason), 4000U);
  EXPECT_EQ(reason, "by hand");
  close.connection = 99;
  EXPECT_FALSE((call<contract::CloseReply, contract::CloseRequest>(Close, close).found));
  close.code = 1006;
  call<contract::CloseReply, contract::CloseRequest>(Close, close);
  EXPECT_NE(last_error.find("1006 is no close code"), std::string::npos);
  ASSERT_TRUE(host->stop());
}

TEST_F(PluginTest, TellsOfConnectionsOnItsChannel) {
  start();
  host->set_listeners("ws.events", 1);
  auto client = connect();
  client->hang_up();
  RawClient foreign(port());
  EXPECT_EQ(foreign.shake_hands("Origin: https://evil.net\r\n"), 403U);
  ASSERT_TRUE(await([&] { return host->sent("ws.events").size() == 3; }));
  const auto news = host->sent("ws.events");
  EXPECT_TRUE(news[0].starts_with(R"({"type":"open","connection":1,"address":"127.0.0.1:)"));
  EXPECT_EQ(news[1],
            R"({"type":"close","connection":1,"code":1006,"reason":"the other side hung up"})");
  EXPECT_TRUE(news[2].ends_with(R"("reason":"origin not allowed"})"));
  ASSERT_TRUE(host->stop());
}

TEST_F(PluginTest, OpensTheChannelOfEventsSoThatItExists) {
  start();
  const auto* end = host->end_of("events");
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->kind, static_cast<std::uint32_t>(BP_KIND_BROADCAST));
  EXPECT_EQ(end->type, "json");
  ASSERT_TRUE(host->stop());
}

TEST_F(PluginTest, KeepsItsOwnConnectionsByName) {
  start();  // the server that is connected to
  const std::string url = "ws://127.0.0.1:" + std::to_string(port());
  bp::testing::fake_host other(
      bp_plugin_v1, "{" + std::string(free_ports) + R"(,"clients":{"hq":{"url":")" + url +
                        R"(","hello":["{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"]}}})");
  other.offer("ws.client.hq");
  ASSERT_TRUE(other.start());
  ASSERT_NE(other.end_of("ws.client.hq"), nullptr);
  ASSERT_TRUE(await([&] {
    other.pump();
    return other.open_calls().size() == 1;
  }));
  EXPECT_EQ(other.open_calls()[0].request, R"({"jsonrpc":"2.0","id":1,"result":"pong"})");

  contract::SendRequestT send;
  send.client = "hq";
  send.text = R"({"jsonrpc":"2.0","id":2,"method":"ping"})";
  const bp_call made = other.call("bp.transport.ws", Send, packed<contract::SendRequest>(send));
  ASSERT_TRUE(await([&] {
    other.pump();
    return other.open_calls().size() == 2 && other.answer_to(made);
  }));
  EXPECT_EQ(other.answer_to(made)->status, BP_OK);
  send.client = "nobody";
  const bp_call wrong = other.call("bp.transport.ws", Send, packed<contract::SendRequest>(send));
  ASSERT_TRUE(await([&] {
    other.pump();
    return other.answer_to(wrong).has_value();
  }));
  EXPECT_EQ(other.answer_to(wrong)->status, BP_E_NOT_FOUND);
  ASSERT_TRUE(other.stop());
  ASSERT_TRUE(host->stop());
}

TEST_F(PluginTest, ServesMetricsOrSaysWhyNot) {
  start();
  const auto scrape = [&](RawClient& client) {
    client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  };
  RawClient without(port("metrics"));
  scrape(without);
  const std::string refused = without.read_all();
  EXPECT_EQ(refused.substr(9, 3), "503");
  EXPECT_NE(refused.find("bp.metrics.export/1"), std::string::npos);
  host->offer("bp.metrics.export/1", [](const bp::testing::open_call& asked) {
    EXPECT_EQ(asked.method_name, "Render");
    return bp::result<std::string>(R"({"text":"a 1\n","content_type":"text/plain"})");
  });
  RawClient with(port("metrics"));
  scrape(with);
  host->pump_until([] { return false; }, std::chrono::milliseconds(100));
  EXPECT_TRUE(with.read_all().ends_with("a 1\n"));
  ASSERT_TRUE(host->stop());
}

TEST_F(PluginTest, NamesAnAddressInUseAndStartsNothing) {
  start();
  const std::string taken = "127.0.0.1:" + std::to_string(port());
  bp::testing::fake_host second(bp_plugin_v1,
                                R"({"listen":")" + taken + R"(","metrics_listen":""})");
  const auto started = second.start();
  ASSERT_FALSE(started);
  const std::string text = started.error().text();
  EXPECT_NE(text.find("/plugins/"), std::string::npos) << text;
  EXPECT_NE(text.find("/config of plugins.json: binding 'listen' " + taken +
                      ": address in use; fix: end the process"),
            std::string::npos)
      << text;
  ASSERT_TRUE(host->stop());
}

TEST_F(PluginTest, RefusesAWrongConfigurationByItsKey) {
  bp::testing::fake_host wrong(bp_plugin_v1, R"({"listen":"nowhere"})");
  const auto started = wrong.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), BP_E_CONFIG);
  EXPECT_TRUE(started.error().text().starts_with("reading 'listen': "));
}

TEST_F(PluginTest, DrainsBeforeItStops) {
  start();
  const auto client = connect();
  client->send_text(edge::publish_one);
  const auto asked = question();
  const bp_op op = host->begin(BP_EV_QUIESCE);
  host->pump();
  EXPECT_FALSE(host->finished(op));
  host->reply(asked.handle, "");
  host->pump();
  EXPECT_NE(client->read_text().find(R"("result":{"id":"a"})"), std::string::npos);
  EXPECT_EQ(client->read_close(), 1012U);
  client->hang_up();
  ASSERT_TRUE(await([&] { return host->finished(op).has_value(); }));
  EXPECT_TRUE(*host->finished(op));
  ASSERT_TRUE(host->stop());
  EXPECT_TRUE(host->faults().empty());
  EXPECT_EQ(host->open_leases(), 0U);
}

}  // namespace
}  // namespace transport_ws
