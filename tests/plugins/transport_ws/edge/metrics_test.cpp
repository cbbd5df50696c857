// tests/plugins/transport_ws/edge/metrics_test.cpp - what the engine counts is what the host shows.
#include "edge/metrics.hpp"

#include <gtest/gtest.h>

#include "../frame/bomb.hpp"
#include "hosted.hpp"

namespace transport_ws::edge {
namespace {

using MetricsTest = Hosted;

TEST_F(MetricsTest, ShowConnectionsAndMessages) {
  start();
  auto client = connect();
  client->send_text(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
  client->read_text();
  EXPECT_EQ(host->metric("ws_connections"), 1);
  EXPECT_EQ(host->metric("ws_connections_accepted"), 1);
  EXPECT_EQ(host->metric("ws_messages_received"), 1);
  EXPECT_EQ(host->metric("ws_messages_sent"), 1);
  EXPECT_GT(host->metric("ws_received_bytes"), 40);
  client->hang_up();
  EXPECT_TRUE(await([&] { return host->metric("ws_connections") == 0; }));
  EXPECT_EQ(host->metric("ws_connections_closed"), 1);
  ASSERT_TRUE(host->stop());
}

TEST_F(MetricsTest, AddUpOverTheIoThreads) {
  start(R"("io_threads":3)");
  const auto first = connect();
  const auto second = connect();
  EXPECT_TRUE(await([&] { return host->metric("ws_connections") == 2; }));
  ASSERT_TRUE(host->stop());
}

TEST_F(MetricsTest, ShowPlainRequests) {
  start(R"("http":[{"method":"GET","path":"/r","call":"s/1.Get"}])");
  host->offer("s/1");
  RawClient client(port());
  client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  client.read_header();
  client.send("GET /r HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto asked = question();
  EXPECT_EQ(host->metric("ws_http_requests_in_flight"), 1);
  host->reply(asked.handle, "1");
  host->pump();
  client.read_header();
  client.hang_up();
  const auto websocket = connect();
  EXPECT_EQ(host->metric("ws_http_requests"), 2);
  EXPECT_EQ(host->metric("ws_http_request_seconds"), 2);
  EXPECT_EQ(host->metric("ws_http_requests_in_flight"), 0);
  ASSERT_TRUE(host->stop());
}

TEST_F(MetricsTest, ShowClientsThatCameBack) {
  start();
  auto client = connect();
  client->send_text(
      R"({"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"channel":"events","from":9,)" +
      std::string(R"("epoch":"none"}})"));
  client->read_text();
  EXPECT_EQ(host->metric("ws_replays"), 1);
  EXPECT_EQ(host->metric("ws_replay_gaps"), 1);
  EXPECT_EQ(host->metric("ws_replayed_events"), 0);
  ASSERT_TRUE(host->stop());
}

TEST_F(MetricsTest, ShowWhatCompressionGave) {
  start(R"("deflate":{"enabled":true,"min_size":"32B"})");
  RawClient client(port());
  ASSERT_EQ(client.shake_hands("Sec-WebSocket-Extensions: permessage-deflate\r\n"), 101U);
  const std::string id(200, 'i');
  client.send(frame::packed_by_client(frame::Opcode::Text,
                                      R"({"jsonrpc":"2.0","method":"ping","id":")" + id + R"("})"));
  const auto answer = client.read_frame();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->compressed);
  EXPECT_GT(host->metric("ws_deflate_in_bytes"), 200);
  EXPECT_LT(host->metric("ws_deflate_out_bytes"), 100);
  EXPECT_GT(host->metric("ws_inflate_out_bytes"), 200);
  EXPECT_LT(host->metric("ws_inflate_in_bytes"), 100);
  ASSERT_TRUE(host->stop());
}

}  // namespace
}  // namespace transport_ws::edge
