// tests/plugins/transport_ws/edge/metrics_test.cpp - what the engine counts is what the host shows.
#include "edge/metrics.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace transport_ws::edge
