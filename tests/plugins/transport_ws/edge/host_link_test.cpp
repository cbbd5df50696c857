// tests/plugins/transport_ws/edge/host_link_test.cpp - questions and messages between a client's
// socket and the host.
#include "edge/host_link.hpp"

#include <string>

#include <gtest/gtest.h>

#include "hosted.hpp"

namespace transport_ws::edge {
namespace {

using HostLinkTest = Hosted;

TEST_F(HostLinkTest, PublishWaitsForTheHostsConfirmation) {
  start();
  const auto client = connect();
  client->send_text(publish_one);
  const auto asked = question();
  EXPECT_EQ(asked.service, "events");
  EXPECT_EQ(asked.request, R"({"id":"a"})");
  host->reply(asked.handle, "");
  host->pump();
  EXPECT_EQ(client->read_text(), R"({"jsonrpc":"2.0","id":1,"result":{"id":"a"}})");
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, PassesErrorsOnWithTheirContext) {
  start();
  const auto client = connect();
  client->send_text(publish_one);
  host->reply_error(question().handle, bp::error(BP_E_CORRUPT, "page 7").during("inserting"));
  host->pump();
  const std::string answer = client->read_text();
  EXPECT_NE(answer.find(R"("data":{"code":"CORRUPT","message":"page 7","context":["inserting"]})"),
            std::string::npos)
      << answer;
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, PassesRefusalsOn) {
  start();
  const auto client = connect();
  client->send_text(
      R"({"jsonrpc":"2.0","id":1,"method":"call","params":{"service":"none/1","method":"M"}})");
  EXPECT_NE(client->read_text().find("no service 'none/1'"), std::string::npos);
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, CallsWithADeadline) {
  start();
  host->offer("kv/1");
  const auto client = connect();
  client->send_text(
      R"({"jsonrpc":"2.0","id":1,"method":"call","params":{"service":"kv/1","method":"Get","params":{"k":1},"timeout_ms":5}})");
  const auto asked = question();
  EXPECT_EQ(asked.method_name, "Get");
  EXPECT_EQ(asked.request, R"({"k":1})");
  EXPECT_EQ(asked.deadline_ns, host->now_ns() + 5'000'000);
  host->reply(asked.handle, R"({"v":2})");
  host->pump();
  EXPECT_EQ(client->read_text(), R"({"jsonrpc":"2.0","id":1,"result":{"v":2}})");
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, DeliversToSubscribersAndIsGating) {
  start();
  const auto client = connect();
  client->send_text(subscribe_events);
  EXPECT_EQ(client->read_text(), R"({"jsonrpc":"2.0","id":2,"result":{"subscription":1}})");
  host->deliver("events", R"({"id":"x"})");
  EXPECT_NE(client->read_text().find(R"("event":{"id":"x"})"), std::string::npos);
  host->lag("events", 7);
  EXPECT_NE(client->read_text().find(
                R"("method":"missed","params":{"subscription":1,"channel":"events","missed":7})"),
            std::string::npos);
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, PausesTheChannelWhileAClientIsFull) {
  start(R"("writer":{"queue":"64KiB","block":"1h"})");
  RawClient slow(port(), 4096);
  ASSERT_EQ(slow.shake_hands(), 101U);
  slow.send_text(R"({"jsonrpc":"2.0","id":2,"method":"subscribe","params":{"channel":"quakes"}})");
  slow.read_text();
  const std::string event = R"({"data":")" + std::string(10'000, 'x') + R"("})";
  const auto paused = [&] {
    const auto* end = host->end_of("quakes");
    return end != nullptr && end->paused;
  };
  int delivered = 0;
  while (!paused()) {
    ASSERT_LT(delivered, 20'000);  // the kernel's buffers, the queue and the window are bounded
    host->deliver("quakes", event);
    ++delivered;
  }
  for (int i = 0; i < delivered; ++i) {  // nothing is lost
    ASSERT_GT(slow.read_text().size(), event.size()) << i;
  }
  EXPECT_TRUE(await([&] { return !paused(); }));
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, StopsWithQuestionsOpen) {
  start();
  const auto client = connect();
  client->send_text(publish_one);
  const auto asked = question();
  ASSERT_TRUE(host->stop());
  EXPECT_FALSE(client->read_frame());
}

}  // namespace
}  // namespace transport_ws::edge
