// tests/plugins/transport_ws/edge/service_test.cpp - bp.transport.ws/1: one connection, topics and
// lists, across io threads.
#include "edge/service.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "backplane/testing/fake_host.hpp"

#include "asking.hpp"

namespace transport_ws::edge {
namespace {

enum Method : std::uint32_t {
  SendTo = 5,
  Publish,
  Subscribe,
  Unsubscribe,
  List,
  DescribeConnection
};

class ServiceTest : public Asking {
 protected:
  void start_with_routes() {
    start(R"("io_threads":2,"reuse_port":false,"routes":{"in":{"path":"/in","to":"channel"},
          "all":{"path":"/t","to":"topics","subscribe":["*"]}})");
  }

  [[nodiscard]] std::unique_ptr<RawClient> connect_to(const std::string& path) const {
    auto client = std::make_unique<RawClient>(port());
    EXPECT_EQ(client->shake_hands({}, path), 101U);
    client->settle();
    return client;
  }

  template <typename Reply, typename Request>
  typename Reply::NativeTableType ws(Method method,
                                     const typename Request::NativeTableType& request = {}) {
    return ask<Reply, Request>("bp.transport.ws", method, request);
  }

  bool send_text(std::uint64_t connection, const std::string& text) {
    contract::SendToRequestT request;
    request.connection = connection;
    request.text = text;
    return ws<contract::SendToReply, contract::SendToRequest>(SendTo, request).found;
  }

  bool subscribe(std::uint64_t connection, const std::string& topic) {
    contract::SubscribeRequestT request;
    request.connection = connection;
    request.topic = topic;
    return ws<contract::SubscribeReply, contract::SubscribeRequest>(Subscribe, request).found;
  }

  std::uint32_t publish(const std::string& topic, const std::string& text) {
    contract::PublishRequestT request;
    request.topic = topic;
    request.text = text;
    return ws<contract::PublishReply, contract::PublishRequest>(Publish, request).connections;
  }
};

TEST_F(ServiceTest, SendsToOneConnection) {
  start_with_routes();
  const auto one = connect_to("/in");
  const auto two = connect_to("/in");
  EXPECT_TRUE(send_text(2, "for two"));
  EXPECT_EQ(two->read_text(), "for two");
  contract::SendToRequestT bytes;
  bytes.connection = 1;
  bytes.bytes = {0, 255};
  EXPECT_TRUE((ws<contract::SendToReply, contract::SendToRequest>(SendTo, bytes).found));
  const auto frame = one->read_frame();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->opcode, frame::Opcode::Binary);
  EXPECT_EQ(frame->payload, std::string("\0\xff", 2));
  EXPECT_FALSE(send_text(99, "for nobody"));
  bytes.text = "both";
  ws<contract::SendToReply, contract::SendToRequest>(SendTo, bytes);
  EXPECT_NE(last_error.find("exactly one of 'text' and 'bytes'"), std::string::npos);
  send_text(1, "\xff");
  EXPECT_NE(last_error.find("not UTF-8"), std::string::npos);
  ASSERT_TRUE(host->stop());
}

TEST_F(ServiceTest, PublishesToWhoFollows) {
  start_with_routes();
  const auto raw = connect_to("/in");
  const auto told = connect_to("/t");
  EXPECT_TRUE(subscribe(1, "news"));
  EXPECT_TRUE(subscribe(2, "news"));
  EXPECT_FALSE(subscribe(3, "news"));
  EXPECT_EQ(publish("news", "hello"), 2U);
  EXPECT_EQ(raw->read_text(), "hello");
  EXPECT_EQ(told->read_text(),
            R"({"jsonrpc":"2.0","method":"topic","params":{"topic":"news","message":"hello"}})");
  contract::UnsubscribeRequestT leave;
  leave.connection = 1;
  leave.topic = "news";
  EXPECT_TRUE(
      (ws<contract::UnsubscribeReply, contract::UnsubscribeRequest>(Unsubscribe, leave).found));
  EXPECT_FALSE(
      (ws<contract::UnsubscribeReply, contract::UnsubscribeRequest>(Unsubscribe, leave).found));
  EXPECT_EQ(publish("news", "again"), 1U);
  EXPECT_EQ(publish("other", "x"), 0U);
  publish("", "x");
  EXPECT_NE(last_error.find("'topic' must be a name"), std::string::npos);
  ASSERT_TRUE(host->stop());
}

TEST_F(ServiceTest, ListsConnectionsPageByPage) {
  start_with_routes();
  const auto one = connect_to("/in");
  const auto two = connect_to("/t");
  const auto three = connect_to("/in");
  EXPECT_TRUE(subscribe(2, "news"));
  contract::ListRequestT page;
  page.limit = 2;
  const auto first = ws<contract::ListReply, contract::ListRequest>(List, page);
  ASSERT_EQ(first.connections.size(), 2U);
  EXPECT_EQ(first.connections[0]->id, 1U);
  EXPECT_EQ(first.connections[0]->route, "in");
  EXPECT_TRUE(first.connections[0]->address.starts_with("127.0.0.1:"));
  EXPECT_EQ(first.connections[1]->topics, std::vector<std::string>{"news"});
  page.after = 2;
  const auto second = ws<contract::ListReply, contract::ListRequest>(List, page);
  ASSERT_EQ(second.connections.size(), 1U);
  EXPECT_EQ(second.connections[0]->id, 3U);
  page.limit = 0;
  ws<contract::ListReply, contract::ListRequest>(List, page);
  EXPECT_NE(last_error.find("'limit' must be"), std::string::npos);
  contract::DescribeConnectionRequestT which;
  which.connection = 3;
  const auto described = ws<contract::DescribeConnectionReply, contract::DescribeConnectionRequest>(
      DescribeConnection, which);
  ASSERT_NE(described.connection, nullptr);
  EXPECT_EQ(described.connection->id, 3U);
  which.connection = 0;
  EXPECT_EQ((ws<contract::DescribeConnectionReply, contract::DescribeConnectionRequest>(
                 DescribeConnection, which)
                 .connection),
            nullptr);
  ASSERT_TRUE(host->stop());
}

TEST_F(ServiceTest, SendsWhatComesOnItsChannel) {
  start_with_routes();
  const auto client = connect_to("/in");
  EXPECT_TRUE(subscribe(1, "news"));
  const auto first = host->deliver("ws.out", R"({"connection":1,"text":"one"})");
  host->deliver("ws.out", R"({"topic":"news","base64":"dHdv"})");
  const auto wrong = host->deliver("ws.out", R"({"to":1})");
  host->pump();
  EXPECT_EQ(client->read_text(), "one");
  EXPECT_EQ(client->read_text(), "two");
  EXPECT_EQ(host->fate_of(first), bp::testing::fate::acked);
  EXPECT_EQ(host->fate_of(wrong), bp::testing::fate::acked);
  EXPECT_TRUE(host->faults().empty());
  ASSERT_TRUE(host->stop());
}

TEST_F(ServiceTest, SpeaksToConnectionsOfLinesToo) {
  start(R"("tcp":{"meters":{"listen":"127.0.0.1:0","framing":"line","to":"channel"}})");
  host->offer("ws.in.meters");
  const auto described =
      ask<contract::DescribeReply, contract::DescribeRequest>("bp.transport.ws", 1, {});
  ASSERT_EQ(described.tcp.size(), 1U);
  EXPECT_EQ(described.tcp[0]->name, "meters");
  const std::string& address = described.tcp[0]->listen;
  const auto tcp_port =
      static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  RawClient client(tcp_port);
  client.send("hi\n");
  const auto asked = question();
  EXPECT_EQ(asked.service, "ws.in.meters");
  EXPECT_EQ(asked.request, R"({"connection":1,"kind":"text","text":"hi"})");
  host->reply(asked.handle, "");
  EXPECT_TRUE(send_text(1, "for one"));
  EXPECT_TRUE(subscribe(1, "news"));
  EXPECT_EQ(publish("news", "news"), 1U);
  EXPECT_EQ(publish("news", "two\nlines"), 0U);
  host->deliver("ws.out", R"({"connection":1,"text":"two\nlines"})");
  host->deliver("ws.out", R"({"connection":1,"text":"one line"})");
  host->pump();
  EXPECT_EQ(client.read_bytes(22), "for one\nnews\none line\n");
  EXPECT_TRUE(await([&] {
    return std::ranges::any_of(host->log(), [](const auto& line) {
      return line.text == "a record of ws.out was thrown away";
    });
  }));
  send_text(1, "two\nlines");
  EXPECT_NE(last_error.find("the text holds a line end, and the connection speaks lines"),
            std::string::npos)
      << last_error;
  contract::ListRequestT all;
  const auto listed = ws<contract::ListReply, contract::ListRequest>(List, all);
  ASSERT_EQ(listed.connections.size(), 1U);
  EXPECT_EQ(listed.connections[0]->route, "meters");
  EXPECT_EQ(listed.connections[0]->topics, std::vector<std::string>{"news"});
  ASSERT_TRUE(host->stop());
  EXPECT_EQ(client.read_all(), "");  // channels say no goodbye
}

TEST_F(ServiceTest, OpensNoChannelThatNobodyAskedFor) {
  start();
  EXPECT_EQ(host->end_of("ws.out"), nullptr);
  ASSERT_TRUE(host->stop());
}

TEST_F(ServiceTest, PutsMessagesOnTheChannelOfTheirRoute) {
  start_with_routes();
  host->offer("ws.in.in");
  const auto client = connect_to("/in");
  client->send_text("hi");
  const auto asked = question();
  EXPECT_EQ(asked.service, "ws.in.in");
  EXPECT_EQ(asked.request, R"({"connection":1,"kind":"text","text":"hi"})");
  host->reply(asked.handle, "");
  ASSERT_TRUE(host->stop());
}

}  // namespace
}  // namespace transport_ws::edge
