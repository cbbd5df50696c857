// tests/plugins/transport_ws/route/echo_test.cpp - messages come back, whatever they are, under
// every limit of a connection.
#include "route/echo.hpp"

#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "../raw_client.hpp"
#include "../server/test_server.hpp"

namespace transport_ws::route {
namespace {

using server::Settings;
using server::TestServer;

void add_echo(Settings& settings) {
  Route route;
  route.name = "echo";
  route.path = "/echo";
  route.to = To::Echo;
  route.session = settings.session;
  settings.routes.push_back(route);
}

TEST(Echo, SendsTextAndBytesBack) {
  TestServer server(add_echo);
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands({}, "/echo"), 101U);
  for (const auto kind : {frame::Opcode::Text, frame::Opcode::Binary}) {
    for (const std::size_t bytes : {0U, 1U, 125U, 126U, 65'535U, 65'536U}) {
      const std::string payload(bytes, 'p');
      client.send_frame(kind, payload);
      const auto echoed = client.read_frame();
      ASSERT_TRUE(echoed);
      EXPECT_EQ(echoed->opcode, kind);
      EXPECT_EQ(echoed->payload, payload);
    }
  }
}

TEST(Echo, KeepsTheOrderAmongPings) {
  TestServer server(add_echo);
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands({}, "/echo"), 101U);
  std::string burst;
  for (int i = 0; i < 100; ++i) {
    burst += frame::encode_frame(frame::Opcode::Text, std::to_string(i), 7U);
    if (i == 50) {
      burst += frame::encode_frame(frame::Opcode::Ping, "p", 7U);
    }
  }
  client.send(burst);
  int next = 0;
  bool ponged = false;
  while (next < 100 || !ponged) {
    const auto frame = client.read_frame();
    ASSERT_TRUE(frame);
    if (frame->opcode == frame::Opcode::Pong) {
      ponged = true;
    } else {
      ASSERT_EQ(frame->payload, std::to_string(next++));
    }
  }
}

TEST(Echo, ChecksWhatEveryConnectionChecks) {
  TestServer server([](Settings& settings) {
    settings.session.message_bytes_max = 1000;
    add_echo(settings);
  });
  const auto closed_with = [&](const std::string& bytes) {
    RawClient client(server.port());
    EXPECT_EQ(client.shake_hands({}, "/echo"), 101U);
    client.send(bytes);
    return client.read_close();
  };
  EXPECT_EQ(closed_with(frame::encode_frame(frame::Opcode::Text, "\xff", 7U)), 1007U);
  EXPECT_EQ(closed_with(frame::encode_frame(frame::Opcode::Binary, std::string(1001, 'x'), 7U)),
            1009U);
  EXPECT_EQ(closed_with(frame::encode_frame(frame::Opcode::Text, "unmasked")), 1002U);
}

// What was echoed before the violation still arrives.
TEST(Echo, AnswersWhatCameBeforeAViolation) {
  TestServer server(add_echo);
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands({}, "/echo"), 101U);
  client.send(frame::encode_frame(frame::Opcode::Text, "good", 7U) +
              frame::encode_frame(frame::Opcode::Text, "bad"));
  EXPECT_EQ(client.read_text(), "good");
  EXPECT_EQ(client.read_close(), 1002U);
}

TEST(Echo, MakesAClientThatDoesNotReadWait) {
  TestServer server([](Settings& settings) {
    settings.session.queue_bytes = 64U << 10U;
    add_echo(settings);
  });
  RawClient client(server.port(), 4096);
  ASSERT_EQ(client.shake_hands({}, "/echo"), 101U);
  constexpr int count = 4000;
  std::jthread writer([&] {
    for (int i = 0; i < count; ++i) {
      client.send_text(std::to_string(i) + std::string(4000, ' '));
    }
  });
  for (int i = 0; i < count; ++i) {
    const std::string text = client.read_text();
    ASSERT_EQ(std::stoi(text), i);
  }
  EXPECT_EQ(server.server->loops()[0]->counters().cut_off.value(), 0U);
}

TEST(Echo, IsNotAtOtherPaths) {
  TestServer server(add_echo);
  for (const auto* path : {"/", "/echo/", "/metrics"}) {
    RawClient client(server.port());
    EXPECT_EQ(client.shake_hands({}, path), 404U) << path;
  }
  EXPECT_TRUE(server.heard("rejected nothing is served at this path"));
}

}  // namespace
}  // namespace transport_ws::route
