// tests/plugins/transport_ws/session/session_test.cpp - one connection: echo, heartbeat,
// back-pressure and every kind of end.
#include "session/session.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "../own_loop.hpp"
#include "../raw_client.hpp"

namespace transport_ws::session {
namespace {

using frame::Opcode;
using net::Tcp;

class SessionTest : public ::testing::Test, protected OwnLoop, protected Session::Owner {
 protected:
  void open(int client_buffer_bytes = 0) {
    net::Acceptor acceptor(context, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    if (client_buffer_bytes > 0) {
      acceptor.set_option(asio::socket_base::send_buffer_size(client_buffer_bytes));
    }
    client = std::make_unique<RawClient>(acceptor.local_endpoint().port(), client_buffer_bytes);
    std::shared_ptr<Session::Owner> owner(std::shared_ptr<void>(), this);
    session = std::make_shared<Session>(1, net::Socket(acceptor.accept()), settings, owner,
                                        Desk{context, scratch, counters, replies});
    session->start({});
  }

  // Lets the session write what it has, then reads one frame.
  std::string answer() {
    context.restart();
    context.poll();
    return client->read_text();
  }

  void on_message(Connection& of, Opcode kind, std::string_view payload) override {
    messages.emplace_back(payload);
    if (replying) {
      of.reply(kind, payload);
    } else if (echo) {
      of.send_answer(std::make_shared<const std::string>(frame::encode_frame(kind, payload)));
    }
  }

  void on_slow(Connection& /*of*/) override { ++slow; }

  void on_drained(Connection& /*of*/) override { ++drained; }

  void on_closing(Connection& /*of*/) override { ++closing; }

  void on_closed(Connection& /*of*/, std::uint16_t code, std::string_view reason) override {
    closed_code = code;
    closed_reason = reason;
    session.reset();
  }

  frame::Frame event(std::size_t bytes) {
    return std::make_shared<const std::string>(
        frame::encode_frame(Opcode::Text, std::string(bytes, 'e')));
  }

  std::vector<char> scratch = std::vector<char>(read_scratch_bytes);
  Counters counters;
  std::string replies;
  SessionSettings settings;
  std::unique_ptr<RawClient> client;
  std::shared_ptr<Session> session;
  std::vector<std::string> messages;
  std::string closed_reason;
  unsigned closed_code = 0;
  int slow = 0;
  int drained = 0;
  int closing = 0;
  bool echo = true;
  bool replying = false;
};

TEST_F(SessionTest, EchoesMessagesInOrder) {
  open();
  client->send_text("one");
  client->send_text("two");
  ASSERT_TRUE(run_until([&] { return messages.size() == 2; }));
  EXPECT_EQ(answer(), "one");
  EXPECT_EQ(client->read_text(), "two");
  EXPECT_EQ(counters.messages_received.value(), 2U);
}

TEST_F(SessionTest, WritesTheRepliesToOneReadAtOnce) {
  open();
  replying = true;
  client->send(frame::encode_frame(Opcode::Text, "one", 7U) +
               frame::encode_frame(Opcode::Binary, "two", 7U));
  ASSERT_TRUE(run_until([&] { return messages.size() == 2; }));
  EXPECT_EQ(counters.bytes_sent.value(), 10U);  // has left before anything else ran
  EXPECT_TRUE(replies.empty());
  EXPECT_EQ(client->read_text(), "one");
  EXPECT_EQ(client->read_text(), "two");
  EXPECT_EQ(counters.messages_sent.value(), 2U);
}

TEST_F(SessionTest, IsNotReadWhileItIsHeld) {
  open();
  session->hold_reading();
  client->send_text("one");
  client->send_text("two");
  context.restart();
  context.poll();
  EXPECT_TRUE(messages.empty());
  session->go_on_reading();
  EXPECT_TRUE(run_until([&] { return messages.size() == 2; }));
}

TEST_F(SessionTest, AnswersPings) {
  open();
  client->send_frame(Opcode::Ping, "are you there");
  ASSERT_TRUE(run_until([&] { return counters.bytes_sent.value() > 0; }));
  const auto pong = client->read_frame();
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->opcode, Opcode::Pong);
  EXPECT_EQ(pong->payload, "are you there");
}

TEST_F(SessionTest, ReturnsTheCloseAndEnds) {
  open();
  client->send_frame(Opcode::Close, frame::close_payload(4001, "bye"));
  ASSERT_TRUE(run_until([&] { return closed_code != 0; }));
  EXPECT_EQ(closed_code, 4001U);
  EXPECT_EQ(closed_reason, "bye");
  EXPECT_EQ(closing, 1);
  EXPECT_EQ(client->read_close(), 4001U);
  EXPECT_FALSE(client->read_frame());
}

TEST_F(SessionTest, ReturnsAnEmptyCloseEmpty) {
  open();
  client->send_frame(Opcode::Close, "");
  ASSERT_TRUE(run_until([&] { return closed_code != 0; }));
  EXPECT_EQ(closed_code, 1005U);
  const auto close = client->read_frame();
  ASSERT_TRUE(close);
  EXPECT_TRUE(close->payload.empty());
}

TEST_F(SessionTest, ClosesInItsTurn) {
  open();
  session->send_answer(event(10));
  session->close(frame::close_going_away, "shutting down");
  EXPECT_EQ(closing, 1);
  EXPECT_EQ(answer(), std::string(10, 'e'));
  std::string reason;
  EXPECT_EQ(client->read_close(&reason), 1001U);
  EXPECT_EQ(reason, "shutting down");
  client->send_frame(Opcode::Close, frame::close_payload(1001, ""));
  ASSERT_TRUE(run_until([&] { return closed_code != 0; }));
  EXPECT_EQ(closed_code, 1001U);
}

TEST_F(SessionTest, DoesNotWaitForEverForTheOtherSidesClose) {
  open();
  session->close(frame::close_going_away, "");
  EXPECT_TRUE(run_until([&] { return closed_code == 1001; }));  // after close_handshake_ms
}

TEST_F(SessionTest, TellsOfViolationsWithTheirCode) {
  open();
  client->send(frame::encode_frame(Opcode::Text, "not masked"));
  ASSERT_TRUE(run_until([&] { return counters.bytes_sent.value() > 0; }));
  EXPECT_EQ(client->read_close(), 1002U);
  client->hang_up();
  ASSERT_TRUE(run_until([&] { return closed_code != 0; }));
  EXPECT_EQ(closed_code, 1002U);
  EXPECT_EQ(counters.violations.value(), 1U);
  EXPECT_TRUE(messages.empty());
}

TEST_F(SessionTest, DeliversTheCloseCodeAlsoToThoseWhoGoOnSending) {
  open();
  client->send(frame::encode_frame(Opcode::Text, "not masked") + std::string(100'000, 'x'));
  ASSERT_TRUE(run_until([&] { return counters.bytes_sent.value() > 0; }));
  client->send(std::string(10'000, 'x'));
  EXPECT_EQ(client->read_close(), 1002U);  // no reset swallowed it
}

TEST_F(SessionTest, NoticesThatTheOtherSideVanished) {
  open();
  client->hang_up();
  ASSERT_TRUE(run_until([&] { return closed_code != 0; }));
  EXPECT_EQ(closed_code, 1006U);
  EXPECT_EQ(closing, 1);
}

TEST_F(SessionTest, EndsAfterThreeMissedPongs) {
  settings.heartbeat_ms = 10;
  open();
  ASSERT_TRUE(run_until([&] { return closed_code != 0; }));
  EXPECT_EQ(closed_code, 1006U);
  EXPECT_EQ(closed_reason, "three pongs missed");
  int pings = 0;
  while (const auto frame = client->read_frame()) {
    pings += frame->opcode == Opcode::Ping ? 1 : 0;
  }
  EXPECT_EQ(pings, 3);
}

TEST_F(SessionTest, LivesWhilePongsCome) {
  settings.heartbeat_ms = 10;
  open();
  for (int i = 0; i < 8; ++i) {
    const auto before = counters.bytes_sent.value();
    ASSERT_TRUE(
        run_until([&] { return counters.bytes_sent.value() > before || closed_code != 0; }));
    client->send_frame(Opcode::Pong, "");
  }
  EXPECT_EQ(closed_code, 0U);
}

TEST_F(SessionTest, HoldsNoMoreThanItsBoundForAStoppedReader) {
  settings.queue_bytes = 64U << 10U;
  settings.block_ms = 20;
  open(4096);
  std::size_t accepted = 0;
  while (!session->must_wait()) {
    ASSERT_EQ(session->send_event(event(1000)), frame::Outbox::Put::Queued);
    accepted += 1004;
    context.restart();
    context.poll();
    ASSERT_LT(accepted, 4U << 20U);  // the queue and what the kernel takes, no more
  }
  EXPECT_EQ(session->send_event(event(1000)), frame::Outbox::Put::Refused);
  session->expect_drain("too slow; resume from seq 5 of events");
  ASSERT_TRUE(run_until([&] { return closing == 1; }));
  EXPECT_EQ(counters.cut_off.value(), 1U);
  std::string reason;
  unsigned code = 0;
  ASSERT_TRUE(run_until([&] { return closed_code != 0; }));
  code = client->read_close(&reason);
  EXPECT_TRUE(code == 1013 || code == 0)
      << code;  // 0: the reader never made room for the close frame
  EXPECT_EQ(closed_code, 1013U);
  EXPECT_EQ(closed_reason, "too slow; resume from seq 5 of events");
}

TEST_F(SessionTest, GoesOnWhenASlowReaderCatchesUp) {
  settings.queue_bytes = 64U << 10U;
  settings.block_ms = 10'000;
  open(4096);
  int sent = 0;
  while (!session->must_wait()) {
    ASSERT_EQ(session->send_event(event(1000)), frame::Outbox::Put::Queued);
    ++sent;
    context.restart();
    context.poll();
  }
  session->expect_drain("too slow");
  session->expect_drain("too slow");
  EXPECT_EQ(slow, 1);
  for (int i = 0; i < sent; ++i) {
    context.restart();
    context.poll();
    ASSERT_EQ(client->read_text().size(), 1000U) << i;
  }
  ASSERT_TRUE(run_until([&] { return drained == 1; }));
  EXPECT_FALSE(session->must_wait());
  EXPECT_EQ(closing, 0);
}

// Many answers of one turn: the socket takes what the queue alone would not.
TEST_F(SessionTest, WritesBeforeItRefusesAnAnswer) {
  settings.queue_bytes = 8U << 10U;
  open();
  for (int i = 0; i < 8; ++i) {
    session->send_answer(event(6'000));
  }
  EXPECT_EQ(counters.cut_off.value(), 0U);
  context.restart();
  context.poll();
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(client->read_text().size(), 6'000U);
  }
}

TEST_F(SessionTest, TakesNoRequestsWhileAnswersPileUp) {
  constexpr std::size_t requests = 100;
  settings.queue_bytes = 256U << 10U;
  open(4096);
  const std::string big(50'000, 'x');
  std::jthread sender([&] {
    for (std::size_t i = 0; i < requests; ++i) {
      client->send(frame::encode_frame(Opcode::Text, big, 7U));
    }
  });
  EXPECT_TRUE(run_until([&] { return messages.size() >= 2; }));
  context.restart();
  context.run_for(std::chrono::milliseconds(50));
  EXPECT_LT(messages.size(), requests);  // the rest waits in the kernel and at the sender
  EXPECT_EQ(closing, 0);
  std::atomic<std::size_t> answers = 0;
  std::jthread reader([&] {
    while (answers < requests && client->read_text() == big) {
      ++answers;
    }
  });
  EXPECT_TRUE(run_until([&] { return answers == requests; }));
  EXPECT_EQ(messages.size(), requests);
  client->shut();
}

TEST_F(SessionTest, TakesWhatCameBehindTheHandshake) {
  net::Acceptor acceptor(context, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  client = std::make_unique<RawClient>(acceptor.local_endpoint().port());
  std::shared_ptr<Session::Owner> owner(std::shared_ptr<void>(), this);
  session = std::make_shared<Session>(1, net::Socket(acceptor.accept()), settings, owner,
                                      Desk{context, scratch, counters, replies});
  session->start(frame::encode_frame(Opcode::Text, "early", 9U) +
                 frame::encode_frame(Opcode::Text, "half", 9U).substr(0, 5));
  EXPECT_EQ(messages, std::vector<std::string>{"early"});
  client->send(frame::encode_frame(Opcode::Text, "half", 9U).substr(5));
  ASSERT_TRUE(run_until([&] { return messages.size() == 2; }));
  EXPECT_EQ(messages[1], "half");
}

}  // namespace
}  // namespace transport_ws::session
