// tests/plugins/transport_ws/edge/client_service_test.cpp - bp.transport.client/1, against the
// plugin's own server.
#include "edge/client_service.hpp"

#include <string>

#include <gtest/gtest.h>

#include "backplane/contract/transport_ws_contract.hpp"
#include "backplane/testing/fake_host.hpp"

#include "asking.hpp"

namespace transport_ws::edge {
namespace {

namespace calls = client_contract;

class ClientServiceTest : public Asking {
 protected:
  static constexpr const char* loopback = R"("client_urls":["ws://127.0.0.1:*/open/*"])";
  static constexpr const char* secret = "s3cr3t";

  calls::ConnectRequestT to_self(const std::string& name) const {
    calls::ConnectRequestT request;
    request.name = name;
    request.url = "ws://127.0.0.1:" + std::to_string(port()) + "/open/door?token=" + secret;
    return request;
  }

  void connect(const calls::ConnectRequestT& request, std::string_view caller = "worker") {
    ask<calls::ConnectReply, calls::ConnectRequest>(service, 1, request, caller);
  }

  void send(const std::string& name, const std::string& text, std::string_view caller = "worker") {
    calls::SendRequestT request;
    request.name = name;
    request.text = text;
    ask<calls::SendReply, calls::SendRequest>(service, 2, request, caller);
  }

  void close(const std::string& name, std::uint16_t code = 1000,
             std::string_view caller = "worker") {
    calls::CloseRequestT request;
    request.name = name;
    request.code = code;
    request.reason = "done";
    ask<calls::CloseReply, calls::CloseRequest>(service, 3, request, caller);
  }

  calls::ListReplyT list() { return ask<calls::ListReply, calls::ListRequest>(service, 4); }

  /// What List says of the only client.
  bool is(calls::State state) {
    const auto all = list();
    return all.connections.size() == 1 && all.connections[0]->state == state;
  }

  static constexpr std::string_view service = "bp.transport.client";
};

TEST_F(ClientServiceTest, OpensSendsReceivesAndCloses) {
  start(loopback);
  host->offer("ws.client.hub");
  host->set_listeners("ws.events", 1);
  auto request = to_self("hub");
  request.hello = {R"({"jsonrpc":"2.0","id":1,"method":"ping"})"};
  connect(request);
  ASSERT_EQ(last_status, BP_OK) << last_error;
  const auto received = question();
  EXPECT_EQ(received.service, "ws.client.hub");
  EXPECT_EQ(received.request, R"({"jsonrpc":"2.0","id":1,"result":"pong"})");
  host->reply(received.handle, "");
  const auto* end = host->end_of("ws.client.hub");
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->kind, static_cast<std::uint32_t>(BP_KIND_BROADCAST));
  send("hub", R"({"jsonrpc":"2.0","id":2,"method":"ping"})");
  ASSERT_EQ(last_status, BP_OK) << last_error;
  host->reply(question().handle, "");
  EXPECT_EQ(host->metric("ws_client_connections"), 1);
  const auto all = list();
  ASSERT_EQ(all.connections.size(), 1U);
  const auto& hub = *all.connections[0];
  EXPECT_EQ(hub.name, "hub");
  EXPECT_EQ(hub.state, calls::State::Open);
  EXPECT_EQ(hub.owner, "worker");
  EXPECT_FALSE(hub.configured);
  EXPECT_EQ(hub.url, "ws://127.0.0.1:" + std::to_string(port()) + "/open/door");
  close("hub", 4001);
  ASSERT_EQ(last_status, BP_OK) << last_error;
  EXPECT_TRUE(list().connections.empty());
  EXPECT_EQ(host->metric("ws_client_connections"), 0);
  ASSERT_TRUE(await([&] {
    const auto news = host->sent("ws.events");
    return !news.empty() && news.back().find(R"("code":4001,"reason":"done")") != std::string::npos;
  }));
  connect(request);  // the name is free again
  EXPECT_EQ(last_status, BP_OK) << last_error;
  ASSERT_TRUE(host->stop());
  EXPECT_TRUE(host->faults().empty());
}

TEST_F(ClientServiceTest, BelongsToWhoOpenedIt) {
  start(loopback);
  connect(to_self("hub"));
  ASSERT_EQ(last_status, BP_OK) << last_error;
  send("hub", "x", "other");
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  close("hub", 1000, "other");
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  connect(to_self("hub"), "other");
  EXPECT_EQ(last_status, BP_E_EXISTS);
  bp::transport::ws::SendRequestT by_the_other_service;
  by_the_other_service.client = "hub";
  by_the_other_service.text = "x";
  ask<bp::transport::ws::SendReply, bp::transport::ws::SendRequest>("bp.transport.ws", 4,
                                                                    by_the_other_service, "other");
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  EXPECT_EQ(list().connections.size(), 1U);
  close("hub", 1000, "");  // the operator
  EXPECT_EQ(last_status, BP_OK) << last_error;
  ASSERT_TRUE(host->stop());
}

TEST_F(ClientServiceTest, OpensNothingThatIsNotAllowed) {
  start();
  connect(to_self("hub"));
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  EXPECT_NE(last_error.find("client_urls"), std::string::npos) << last_error;
  EXPECT_EQ(last_error.find(secret), std::string::npos) << last_error;
  EXPECT_TRUE(list().connections.empty());
  EXPECT_EQ(host->end_of("ws.client.hub"), nullptr);
  ASSERT_TRUE(host->stop());
}

TEST_F(ClientServiceTest, RefusesWhatMakesNoSense) {
  start(loopback);
  const auto refused = [&](auto change) {
    auto request = to_self("hub");
    change(request);
    connect(request);
    EXPECT_EQ(last_status, BP_E_INVALID) << last_error;
    EXPECT_EQ(last_error.find(secret), std::string::npos) << last_error;
  };
  refused([](auto& request) { request.name = "a b"; });
  refused([](auto& request) { request.name = ""; });
  refused([](auto& request) { request.url = "http://h/?s3cr3t"; });
  refused([](auto& request) { request.url = "ws://me:s3cr3t@127.0.0.1/open/"; });
  refused([](auto& request) { request.hello = {"\xff"}; });
  refused([](auto& request) { request.hello.resize(client_hellos_max + 1); });
  refused([](auto& request) { request.token = "s3cr3t\r\nX: y"; });
  refused([](auto& request) {
    request.token = "s3cr3t";
    auto& header = *request.headers.emplace_back(std::make_unique<calls::HeaderT>());
    header.name = "AUTHORIZATION";
    header.value = "s3cr3t";
  });
  send("hub", "x");
  EXPECT_EQ(last_status, BP_E_NOT_FOUND);
  close("hub");
  EXPECT_EQ(last_status, BP_E_NOT_FOUND);
  close("hub", 1006);
  EXPECT_EQ(last_status, BP_E_INVALID);
  ASSERT_TRUE(host->stop());
}

TEST_F(ClientServiceTest, ShowsItsTokenAndLogsItNot) {
  start(std::string(loopback) +
        R"(,"auth":{"mode":"upgrade","tokens":{"me":{"sha256":)"
        R"("4e738ca5563c06cfd0018299933d58db1dd8bf97f6973dc99bf6cdc64b5550bd"}}})");
  auto request = to_self("hub");
  request.token = secret;
  connect(request);
  ASSERT_EQ(last_status, BP_OK) << last_error;
  EXPECT_TRUE(await([&] { return is(calls::State::Open); }));
  request.name = "without";
  request.token.clear();
  request.retries = 1;
  connect(request);
  EXPECT_TRUE(await([&] { return list().connections[1]->state == calls::State::GaveUp; }));
  EXPECT_EQ(list().connections[1]->retries, 1U);
  EXPECT_EQ(host->metric("ws_client_retries"), 1);
  send("without", "x");
  EXPECT_EQ(last_status, BP_E_CLOSED);
  for (const auto& line : host->log()) {
    EXPECT_EQ(line.text.find(secret), std::string::npos);
    for (const auto& [key, value] : line.pairs) {
      EXPECT_EQ(value.find(secret), std::string::npos) << key;
    }
  }
  ASSERT_TRUE(host->stop());
}

TEST_F(ClientServiceTest, KeepsABoundedQueueAndABoundedNumber) {
  start(R"("client_urls":["ws://127.0.0.1:1/*"],"limits":{"clients":1})");
  calls::ConnectRequestT request;
  request.name = "away";
  request.url = "ws://127.0.0.1:1/";  // nobody is there
  connect(request);
  ASSERT_EQ(last_status, BP_OK) << last_error;
  send("away", std::string(offline_queue_bytes_max, 'x'));
  ASSERT_EQ(last_status, BP_OK) << last_error;
  EXPECT_EQ(host->metric("ws_client_queued_bytes"), offline_queue_bytes_max);
  EXPECT_EQ(list().connections[0]->queued_bytes, offline_queue_bytes_max);
  send("away", "x");
  EXPECT_EQ(last_status, BP_E_BUSY);
  send("away", std::string(offline_queue_bytes_max + 1, 'x'));
  EXPECT_EQ(last_status, BP_E_INVALID);
  EXPECT_TRUE(await([&] { return is(calls::State::Waiting); }));
  request.name = "second";
  connect(request);
  EXPECT_EQ(last_status, BP_E_BUSY);
  EXPECT_NE(last_error.find("limits.clients"), std::string::npos) << last_error;
  close("away");
  ASSERT_EQ(last_status, BP_OK) << last_error;
  EXPECT_EQ(host->metric("ws_client_queued_bytes"), 0);
  EXPECT_EQ(host->metric("ws_client_dropped"), 1);
  ASSERT_TRUE(host->stop());
}

TEST_F(ClientServiceTest, LeavesThoseOfTheConfigurationToEveryone) {
  start(
      R"("clients":{"hq":{"url":"ws://127.0.0.1:1/?token=s3cr3t","headers":{"X-Key":"s3cr3t"}}})");
  send("hq", "x", "anyone");
  EXPECT_EQ(last_status, BP_OK) << last_error;
  close("hq");
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  connect(to_self("hq"));
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  const auto all = list();
  ASSERT_EQ(all.connections.size(), 1U);
  EXPECT_TRUE(all.connections[0]->configured);
  EXPECT_EQ(all.connections[0]->owner, "");
  EXPECT_EQ(all.connections[0]->url, "ws://127.0.0.1:1/");
  ASSERT_TRUE(host->stop());
}

}  // namespace
}  // namespace transport_ws::edge
