// tests/plugins/transport_ws/server/crowd_test.cpp - many at the door: rates, lifetimes, floods,
// and thousands that come and go.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../raw_client.hpp"
#include "../tls/secure_client.hpp"
#include "test_server.hpp"

namespace transport_ws::server {
namespace {

const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
const std::string pong = R"({"jsonrpc":"2.0","id":1,"result":"pong"})";

std::uint64_t rejected(const TestServer& server, session::Rejection why) {
  std::uint64_t count = 0;
  for (const auto& loop : server.server->loops()) {
    count += loop->counters().rejections[static_cast<std::size_t>(why)].value();
  }
  return count;
}

TEST(Crowd, IsLetInAtARate) {
  TestServer server([](Settings& settings) { settings.accept_per_s = 2; });
  RawClient first(server.port());
  RawClient second(server.port());
  ASSERT_EQ(first.shake_hands(), 101U);
  ASSERT_EQ(second.shake_hands(), 101U);
  std::vector<std::unique_ptr<RawClient>> more;
  for (int i = 0; i < 20; ++i) {
    more.push_back(std::make_unique<RawClient>(server.port()));
  }
  EXPECT_TRUE(server.heard("rejected too many new connections a second"));
  EXPECT_GT(rejected(server, session::Rejection::Rate), 0U);
  first.send_text(ping);
  EXPECT_EQ(first.read_text(), pong);  // who is inside notices nothing
}

TEST(Crowd, IsTold503) {
  TestServer server([](Settings& settings) { settings.accept_per_s = 1; });
  RawClient first(server.port());
  ASSERT_EQ(first.shake_hands(), 101U);
  unsigned last = 0;
  for (int i = 0; i < 50 && last != 503; ++i) {
    last = RawClient(server.port()).shake_hands();
  }
  EXPECT_EQ(last, 503U);
}

TEST(Crowd, LeavesWhenItsTimeIsOver) {
  TestServer server([](Settings& settings) { settings.lifetime_ms = 100; });
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(), 101U);
  std::string reason;
  EXPECT_EQ(client.read_close(&reason), 1012U);
  EXPECT_EQ(reason, "limits.lifetime reached; connect again");
}

TEST(Crowd, MayNotFlood) {
  TestServer server([](Settings& settings) {
    settings.session.messages_per_s = 20;
    settings.session.control_per_s = 20;
  });
  const auto flood = [&](frame::Opcode opcode) {
    RawClient client(server.port());
    EXPECT_EQ(client.shake_hands(), 101U);
    for (int i = 0; i < 200; ++i) {
      client.send_frame(opcode, opcode == frame::Opcode::Text ? ping : "");
    }
    std::string reason;
    EXPECT_EQ(client.read_close(&reason), 1008U);
    return reason;
  };
  EXPECT_EQ(flood(frame::Opcode::Text), "too many messages a second");
  EXPECT_EQ(flood(frame::Opcode::Ping), "too many pings a second");
  EXPECT_EQ(flood(frame::Opcode::Pong), "too many pongs a second");
  EXPECT_EQ(server.server->loops().front()->counters().over_rate.value(), 3U);
}

TEST(Crowd, IsDealtOutByTheKernel) {
  TestServer server([](Settings& settings) {
    settings.io_threads = 2;
    settings.reuse_port = true;
  });
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.port()));
    ASSERT_EQ(clients.back()->shake_hands(), 101U);
  }
  for (const auto& client : clients) {
    client->send_text(ping);
    EXPECT_EQ(client->read_text(), pong);
  }
  for (const auto& loop : server.server->loops()) {
    EXPECT_GT(loop->counters().connections_accepted.value(), 0U);  // 2^-63 that one gets nothing
  }
}

TEST(Crowd, OfTenThousandComesAndGoes) {
  TestServer server;
  RawClient inside(server.port());
  ASSERT_EQ(inside.shake_hands(), 101U);
  const std::string half = "GET / HTTP/1.1\r\nHost:";
  for (int i = 0; i < 10'000; ++i) {
    RawClient client(server.port());
    if (i % 3 == 1) {
      client.send(half);
    } else if (i % 100 == 2) {
      EXPECT_EQ(client.shake_hands(), 101U);
    }
  }
  inside.send_text(ping);
  EXPECT_EQ(inside.read_text(), pong);
  inside.send_frame(frame::Opcode::Close, frame::close_payload(1000, ""));
  EXPECT_EQ(inside.read_close(), 1000U);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (server.server->connections() > 0 && std::chrono::steady_clock::now() < end) {
    server.on_loop([] {});
  }
  EXPECT_EQ(server.server->connections(), 0U);  // every place came back
}

TEST(Crowd, OfHalfHandshakesCostsTheOthersNothing) {
  const tls::Office office;
  TestServer server([&](Settings& settings) {
    settings.tls = office.server;
    settings.handshake_ms = 500;
  });
  const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  std::vector<std::unique_ptr<RawClient>> halves;
  for (int i = 0; i < 200; ++i) {
    halves.push_back(std::make_unique<RawClient>(server.port()));
    halves.back()->send(hello);
  }
  tls::SecureClient client(server.port());
  ASSERT_EQ(client.shake_hands(), 101U);
  client.send_text(ping);
  EXPECT_EQ(client.read_text(), pong);
  for (const auto& half : halves) {
    EXPECT_EQ(half->read_all(), "");
  }
  while (rejected(server, session::Rejection::Timeout) < 200U) {
    server.on_loop([] {});  // the last of them is on its way
  }
}

TEST(Crowd, IsCountedByTheReasonItWasRejectedFor) {
  TestServer server([](Settings& settings) {
    settings.connections_per_ip_max = 1;
    settings.connections_max = 2;
  });
  RawClient inside(server.port());
  ASSERT_EQ(inside.shake_hands(), 101U);
  EXPECT_EQ(RawClient(server.port()).shake_hands(), 503U);
  inside.send_frame(frame::Opcode::Close, frame::close_payload(1000, ""));
  EXPECT_EQ(inside.read_close(), 1000U);
  ASSERT_TRUE(server.heard("closed 1"));
  const auto next = [&](const std::string& text) {
    while (server.server->connections() > 0) {
    }
    RawClient client(server.port());
    client.send(text);
    return client.read_all();
  };
  next("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  next("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n");
  next(
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
      "Origin: https://evil.net\r\n\r\n");
  while (server.server->connections() > 0) {
  }
  EXPECT_EQ(rejected(server, session::Rejection::Address), 1U);
  EXPECT_EQ(rejected(server, session::Rejection::Request), 2U);
  EXPECT_EQ(rejected(server, session::Rejection::Origin), 1U);
  EXPECT_EQ(server.server->loops().front()->counters().connections_rejected.value(), 4U);
}

}  // namespace
}  // namespace transport_ws::server
