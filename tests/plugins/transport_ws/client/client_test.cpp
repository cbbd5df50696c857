// tests/plugins/transport_ws/client/client_test.cpp - the client against our own server, and
// against servers that misbehave.
#include "client/client.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../own_loop.hpp"
#include "../server/test_server.hpp"

namespace transport_ws::client {
namespace {

const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
const std::string pong = R"({"jsonrpc":"2.0","id":1,"result":"pong"})";

class ClientTest : public ::testing::Test, protected OwnLoop, public Client::Handler {
 protected:
  void SetUp() override {
    settings.backoff = {.initial_ms = 1, .max_ms = 5, .retries_max = 0};
    settings.handshake_ms = 2000;
  }

  void TearDown() override {
    if (client) {
      client->stop();
      context.restart();
      context.run_for(std::chrono::milliseconds(20));
    }
  }

  void connect(std::uint16_t port) {
    client =
        std::make_shared<Client>(*parse_url("ws://127.0.0.1:" + std::to_string(port)), settings,
                                 *this, session::Desk{context, scratch, counters, replies});
    client->start();
  }

  void on_connected() override { ++connections; }

  void on_message(frame::Opcode /*kind*/, std::string_view payload) override {
    messages.emplace_back(payload);
  }

  void on_disconnected(std::string_view why, std::uint32_t /*retry_ms*/) override {
    reasons.emplace_back(why);
  }

  void on_gave_up(std::string_view why) override { gave_up = why; }

  // A server that says `answer` to whatever comes and hangs up.
  struct Liar {
    Liar(asio::io_context& context, std::string answer)
        : acceptor(context, net::Tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          text(std::move(answer)) {
      accept();
    }

    void accept() {
      acceptor.async_accept([this](net::ErrorCode failure, net::Socket socket) {
        if (!failure) {
          socket.send(asio::buffer(text));
          socket.shutdown(net::Socket::shutdown_send);
          kept.push_back(std::move(socket));
          accept();
        }
      });
    }

    net::Acceptor acceptor;
    std::string text;
    std::vector<net::Socket> kept;
  };

  std::vector<char> scratch = std::vector<char>(read_scratch_bytes);
  session::Counters counters;
  std::string replies;
  ClientSettings settings;
  std::shared_ptr<Client> client;
  std::vector<std::string> messages;
  std::vector<std::string> reasons;
  std::string gave_up;
  int connections = 0;
};

TEST_F(ClientTest, SpeaksWithOurServer) {
  server::TestServer server;
  connect(server.port());
  EXPECT_TRUE(client->send(ping));  // kept until the connection stands
  ASSERT_TRUE(run_until([&] { return messages.size() == 1; }));
  EXPECT_EQ(messages[0], pong);
  EXPECT_EQ(connections, 1);
}

TEST_F(ClientTest, SaysHelloFirstOnEveryConnection) {
  server::TestServer server;
  settings.hello = {
      R"({"jsonrpc":"2.0","id":0,"method":"subscribe","params":{"channel":"events"}})"};
  connect(server.port());
  ASSERT_TRUE(run_until([&] { return messages.size() == 1; }));
  server.server->close(1, frame::close_service_restart, "again", [](bool) {});
  ASSERT_TRUE(run_until([&] { return messages.size() == 2; }));  // subscribed again
  EXPECT_EQ(connections, 2);
  ASSERT_EQ(reasons.size(), 1U);
  EXPECT_EQ(reasons[0], "closed with 1012: again");
  server.on_loop([&] { server.buses.front()->inner.deliver("events", 9, "{}"); });
  ASSERT_TRUE(run_until([&] { return messages.size() == 3; }));
}

TEST_F(ClientTest, TriesAgainAndGivesUp) {
  net::Acceptor unused(context, net::Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const std::uint16_t port = unused.local_endpoint().port();
  unused.close();
  settings.backoff.retries_max = 3;
  connect(port);
  ASSERT_TRUE(run_until([&] { return !gave_up.empty(); }));
  EXPECT_EQ(reasons.size(), 3U);
  EXPECT_EQ(gave_up, "connecting to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  EXPECT_EQ(client->send("x").error().code(), BP_E_CLOSED);
}

TEST_F(ClientTest, NamesWhatAServerDidWrong) {
  settings.backoff.retries_max = 1;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
       "the server answered 403 Forbidden instead of 101"},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
       "Sec-WebSocket-Accept: AAAA\r\n\r\n",
       "the server's answer is no WebSocket handshake"},
      {"SSH-2.0-x\r\n\r\n", "not a valid HTTP message: bad version"},
      {"", "the server hung up during the handshake"}};
  for (const auto& [answer, why] : cases) {
    gave_up.clear();
    Liar liar(context, answer);
    connect(liar.acceptor.local_endpoint().port());
    ASSERT_TRUE(run_until([&] { return !gave_up.empty(); })) << answer;
    EXPECT_EQ(gave_up, why);
    client.reset();
  }
}

TEST_F(ClientTest, GivesASilentServerABoundedTime) {
  net::Acceptor silent(context, net::Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  settings.handshake_ms = 20;
  connect(silent.local_endpoint().port());
  ASSERT_TRUE(run_until([&] { return reasons.size() >= 2; }));
  EXPECT_EQ(reasons[0], "no answer in time");
}

TEST_F(ClientTest, BoundsWhatItKeepsWhileOffline) {
  net::Acceptor silent(context, net::Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  settings.offline_bytes_max = 10;
  connect(silent.local_endpoint().port());
  EXPECT_TRUE(client->send("12345678"));
  const auto full = client->send("abc");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code(), BP_E_FULL);
}

TEST_F(ClientTest, TellsItsStateAndWhatItKeeps) {
  server::TestServer server;
  auto nobody = std::make_unique<net::Acceptor>(
      context, net::Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const std::uint16_t port = nobody->local_endpoint().port();
  nobody.reset();
  settings.backoff = {.initial_ms = 1, .max_ms = 1, .retries_max = 2};
  connect(port);
  EXPECT_EQ(client->state(), State::Connecting);
  EXPECT_TRUE(client->send("12345678"));
  EXPECT_EQ(client->queued_bytes(), 8U);
  EXPECT_EQ(counters.client_queued_bytes.value(), 8);
  ASSERT_TRUE(run_until([&] { return client->state() == State::Waiting; }));
  ASSERT_TRUE(run_until([&] { return client->state() == State::GaveUp; }));
  EXPECT_EQ(client->retries(), 2U);
  EXPECT_EQ(counters.client_retries.value(), 2U);
  EXPECT_EQ(counters.client_queued_bytes.value(), 0);
  EXPECT_EQ(counters.client_dropped.value(), 1U);
  EXPECT_EQ(client->send("x").error().code(), BP_E_CLOSED);
}

TEST_F(ClientTest, CountsItsConnectionOnce) {
  server::TestServer server;
  connect(server.port());
  ASSERT_TRUE(run_until([&] { return client->state() == State::Open; }));
  EXPECT_EQ(counters.client_connections.value(), 1);
  server.server->close(1, 1012, "again", [](bool) {});
  ASSERT_TRUE(run_until([&] { return connections == 2; }));
  EXPECT_EQ(counters.client_connections.value(), 1);
  client->stop(4001, "by hand");
  EXPECT_EQ(counters.client_connections.value(), 0);
  ASSERT_TRUE(run_until([&] { return client.use_count() == 1; }));
  EXPECT_EQ(counters.client_connections.value(), 0);
  EXPECT_TRUE(server.heard("closed 2 4001 by hand"));
}

TEST_F(ClientTest, EndsWhenItIsStopped) {
  server::TestServer server;
  connect(server.port());
  ASSERT_TRUE(run_until([&] { return connections == 1; }));
  client->stop();
  client->stop();
  std::weak_ptr<Client> gone = client;
  client.reset();
  EXPECT_TRUE(run_until([&] { return gone.expired(); }));
  EXPECT_TRUE(server.heard("closed 1 1001 the client is closing"));
  EXPECT_TRUE(reasons.empty());
}

}  // namespace
}  // namespace transport_ws::client
