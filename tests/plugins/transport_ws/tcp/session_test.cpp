// tests/plugins/transport_ws/tcp/session_test.cpp - one connection of lines or lengths: framing
// both ways, silence, back-pressure and every kind of end.
#include "tcp/session.hpp"

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include "../own_loop.hpp"
#include "../raw_client.hpp"

namespace transport_ws::tcp {
namespace {

using frame::Opcode;
using session::Connection;
using Put = frame::Outbox::Put;

class TcpSessionTest : public ::testing::Test, protected OwnLoop, protected Connection::Owner {
 protected:
  void open(int buffer_bytes = 0) {
    net::Acceptor acceptor(context, net::Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    if (buffer_bytes > 0) {
      acceptor.set_option(asio::socket_base::send_buffer_size(buffer_bytes));
    }
    client = std::make_unique<RawClient>(acceptor.local_endpoint().port(), buffer_bytes);
    std::shared_ptr<Connection::Owner> owner(std::shared_ptr<void>(), this);
    net::Socket accepted = acceptor.accept();
    descriptor = accepted.native_handle();
    session = std::make_shared<Session>(1, net::Stream(std::move(accepted)), settings, owner,
                                        session::Desk{context, scratch, counters, replies});
    session->start({});
  }

  // The context runs in a thread of its own while the client reads.
  std::string read_all() {
    std::string all;
    std::jthread reader([&] {
      all = client->read_all();
      client->hang_up();
    });
    EXPECT_TRUE(run_until([&] { return closed_code != 0; }));
    reader.join();
    return all;
  }

  // Lets the session write what it has, then reads so much.
  std::string read(std::size_t bytes) {
    context.restart();
    context.poll();
    return client->read_bytes(bytes);
  }

  void on_message(Connection& of, Opcode kind, std::string_view payload) override {
    messages.emplace_back(payload);
    last_kind = kind;
    if (echo) {
      of.reply(kind, payload);
    }
  }

  void on_drained(Connection& /*of*/) override { ++drained; }

  void on_said_all(Connection& of, std::move_only_function<void()> done) override {
    said_all = std::move(done);
    if (!answers_late) {
      Owner::on_said_all(of, std::exchange(said_all, nullptr));
    }
  }

  void on_closing(Connection& /*of*/) override { ++closing; }

  void on_closed(Connection& /*of*/, std::uint16_t code, std::string_view reason) override {
    closed_code = code;
    closed_reason = reason;
    session.reset();
  }

  static frame::Frame text(std::string_view payload) {
    return std::make_shared<const std::string>(frame::encode_frame(Opcode::Text, payload));
  }

  static frame::Frame bytes(std::string_view payload) {
    return std::make_shared<const std::string>(frame::encode_frame(Opcode::Binary, payload));
  }

  std::vector<char> scratch = std::vector<char>(read_scratch_bytes);
  session::Counters counters;
  std::string replies;
  SessionSettings settings;
  std::unique_ptr<RawClient> client;
  std::shared_ptr<Session> session;
  std::move_only_function<void()> said_all;
  std::vector<std::string> messages;
  std::string closed_reason;
  Opcode last_kind = Opcode::Continuation;
  unsigned closed_code = 0;
  int descriptor = -1;
  int drained = 0;
  int closing = 0;
  bool echo = true;
  bool answers_late = false;
};

TEST_F(TcpSessionTest, SpeaksLines) {
  open();
  client->send("one\r\ntw");
  client->send("o\n");
  ASSERT_TRUE(run_until([&] { return messages.size() == 2; }));
  EXPECT_EQ(last_kind, Opcode::Text);
  EXPECT_EQ(read(8), "one\ntwo\n");
  session->send_answer(text("answer"));
  EXPECT_EQ(session->send_event(text("event")), Put::Queued);
  EXPECT_EQ(read(13), "answer\nevent\n");
  EXPECT_EQ(counters.messages_received.value(), 2U);
  EXPECT_EQ(counters.messages_sent.value(), 4U);
  EXPECT_EQ(counters.bytes_received.value(), 9U);
  EXPECT_EQ(counters.bytes_sent.value(), 21U);
  EXPECT_TRUE(session->tells_kinds());
}

TEST_F(TcpSessionTest, SpeaksLengths) {
  settings.framing = Framing::Length;
  open();
  client->send(std::string("\0\0\0\3a\n\xff\0\0\0\0", 11));
  ASSERT_TRUE(run_until([&] { return messages.size() == 2; }));
  EXPECT_EQ(messages[0], "a\n\xff");
  EXPECT_EQ(last_kind, Opcode::Binary);
  EXPECT_FALSE(session->tells_kinds());
  EXPECT_EQ(read(11), std::string("\0\0\0\3a\n\xff\0\0\0\0", 11));
  EXPECT_EQ(session->send_event(bytes("\xff\n")), Put::Queued);
  session->send_answer(text("t\nt"));
  EXPECT_EQ(read(13), std::string("\0\0\0\2\xff\n\0\0\0\3t\nt", 13));
  EXPECT_EQ(session->problem_with(bytes("\n")), "");
}

TEST_F(TcpSessionTest, TakesWhatCameBeforeItsStart) {
  open();
  session->start("early\n");
  EXPECT_EQ(messages, std::vector<std::string>{"early"});
}

// Otherwise the publisher of an event could put lines of its own into a client's stream.
TEST_F(TcpSessionTest, SaysJsonInOneLine) {
  open();
  EXPECT_EQ(session->send_event(text("[\n{\"id\":1}\n]")), Put::Queued);
  session->send_answer(text("{\"a\":\n1}"));
  EXPECT_EQ(read(22), "[ {\"id\":1} ]\n{\"a\": 1}\n");
}

TEST_F(TcpSessionTest, LeavesTheReturnsOfOtherTextAlone) {
  open();
  EXPECT_EQ(session->send_event(text("{\"a\":\r\n1,\r\"b\":2}")), Put::Queued);
  EXPECT_EQ(session->send_event(text("50%\r100%")), Put::Queued);
  EXPECT_EQ(read(26), "{\"a\":  1, \"b\":2}\n50%\r100%\n");
}

TEST_F(TcpSessionTest, DoesNotSayWhatNoLineCanHold) {
  open();
  EXPECT_EQ(session->send_event(text("two\nlines")), Put::Dropped);
  EXPECT_EQ(session->send_event(bytes("bytes")), Put::Dropped);
  EXPECT_EQ(counters.events_dropped.value(), 2U);
  EXPECT_EQ(session->problem_with(text("two\nlines")),
            "the text holds a line end, and the connection speaks lines");
  EXPECT_EQ(session->problem_with(bytes("bytes")),
            "the connection speaks lines, which carry text and no bytes");
  EXPECT_EQ(session->problem_with(text("{\n}")), "");
  EXPECT_EQ(session->problem_with(text("a line")), "");
  EXPECT_EQ(session->send_event(text("a line")), Put::Queued);
  EXPECT_EQ(read(7), "a line\n");
}

TEST_F(TcpSessionTest, IsNotReadWhileItIsHeld) {
  open();
  session->hold_reading();
  client->send("one\n");
  ASSERT_TRUE(run_until([&] { return messages.size() == 1; }));  // the wait was under way already
  client->send("two\n");
  context.restart();
  context.poll();
  EXPECT_EQ(messages.size(), 1U);
  session->go_on_reading();
  EXPECT_TRUE(run_until([&] { return messages.size() == 2; }));
}

TEST_F(TcpSessionTest, RefusesAMessageAboveTheLimit) {
  settings.message_bytes_max = 1024;
  settings.farewell = true;
  open();
  client->send("first\n" + std::string(1025, 'x'));
  EXPECT_EQ(read_all(),
            "first\n"
            R"({"jsonrpc":"2.0","method":"closed","params":{"code":1009,)"
            R"("reason":"the message is above the limit"}})"
            "\n");
  EXPECT_EQ(closed_code, 1009U);
  EXPECT_EQ(counters.violations.value(), 1U);
  EXPECT_EQ(closing, 1);
}

TEST_F(TcpSessionTest, SaysNothingWithoutAFarewell) {
  open();
  client->send("\xff\n");
  EXPECT_EQ(read_all(), "");
  EXPECT_EQ(closed_code, 1007U);
  EXPECT_EQ(closed_reason, "the line is not UTF-8");
}

TEST_F(TcpSessionTest, SaysGoodbyeWithALength) {
  settings.framing = Framing::Length;
  settings.farewell = true;
  open();
  session->close(1012, "the server is closing");
  const std::string last =
      R"({"jsonrpc":"2.0","method":"closed","params":{"code":1012,"reason":"the server is closing"}})";
  EXPECT_EQ(read_all(), std::string("\0\0\0", 3) + static_cast<char>(last.size()) + last);
}

TEST_F(TcpSessionTest, MayNotSayTooMuchASecond) {
  settings.messages_per_s = 3;
  open();
  std::string flood;
  for (int i = 0; i < 100; ++i) {
    flood += "m\n";
  }
  client->send(flood);
  ASSERT_TRUE(run_until([&] { return closing == 1; }));
  EXPECT_LE(messages.size(), 6U);  // a second may turn within
  EXPECT_EQ(counters.over_rate.value(), 1U);
  client->hang_up();
  ASSERT_TRUE(run_until([&] { return closed_code != 0; }));
  EXPECT_EQ(closed_code, 1008U);
}

// --- silence

TEST_F(TcpSessionTest, EndsWhenNobodySaysAnything) {
  settings.idle_ms = 50;
  settings.farewell = true;
  open();
  EXPECT_NE(read_all().find(R"("code":1001)"), std::string::npos);
  EXPECT_EQ(closed_code, 1001U);
  EXPECT_EQ(closed_reason, "nothing was said in either direction for 'idle'");
}

// Half a message is no reason to wait for ever.
TEST_F(TcpSessionTest, EndsInTheMiddleOfAMessage) {
  settings.idle_ms = 50;
  open();
  client->send("half a mess");
  EXPECT_EQ(read_all(), "");
  EXPECT_EQ(closed_code, 1001U);
  EXPECT_TRUE(messages.empty());
}

TEST_F(TcpSessionTest, LivesAsLongAsItIsSpokenTo) {
  settings.idle_ms = 1000;
  open();
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
  EXPECT_TRUE(run_until([&] {
    if (session) {
      EXPECT_EQ(session->send_event(text("tick")), Put::Queued);
    }
    return std::chrono::steady_clock::now() > end;
  }));
  EXPECT_EQ(closed_code, 0U);
}

TEST_F(TcpSessionTest, MayBeSilentForEver) {
  settings.idle_ms = 0;
  open();
  context.restart();
  context.poll();
  EXPECT_EQ(closed_code, 0U);
}

TEST_F(TcpSessionTest, AsksTheKernelWhetherTheOtherSideIsThere) {
  open();
  const auto option = [this](int level, int name) {
    int value = 0;
    socklen_t bytes = sizeof value;
    EXPECT_EQ(::getsockopt(descriptor, level, name, &value, &bytes), 0);
    return value;
  };
  EXPECT_NE(option(SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), tcp_keepalive_s);
}

// --- the other side's end

TEST_F(TcpSessionTest, AnswersWhoShutsItsHalf) {
  answers_late = true;
  open();
  echo = false;
  client->send("question\n");
  client->shut_sending();
  ASSERT_TRUE(run_until([&] { return said_all != nullptr; }));
  EXPECT_EQ(messages.size(), 1U);
  EXPECT_EQ(closing, 0);
  said_all();
  session->send_answer(text("answer"));  // on the same stack: it is still in time
  EXPECT_EQ(read_all(), "answer\n");
  EXPECT_EQ(closed_code, 1000U);
  EXPECT_EQ(closed_reason, "the other side hung up");
  said_all();  // too late means nothing
}

TEST_F(TcpSessionTest, TellsOfAnEndWithinAMessage) {
  open();
  client->send("whole\nhalf");
  client->shut_sending();
  EXPECT_EQ(read_all(), "whole\n");
  EXPECT_EQ(closed_reason, "the other side hung up within a message");
  EXPECT_EQ(messages, std::vector<std::string>{"whole"});  // half a message is none
}

TEST_F(TcpSessionTest, NoticesThatTheOtherSideIsGone) {
  open();
  client->hang_up();
  ASSERT_TRUE(run_until([&] { return closed_code != 0; }));
  EXPECT_EQ(closing, 1);
}

// --- one that does not read

TEST_F(TcpSessionTest, CutsOffWhoDoesNotReadItsAnswers) {
  settings.queue_bytes = 4096;
  open(4096);
  for (int i = 0; i < 2000 && session && session->open(); ++i) {
    session->send_answer(text(std::string(1000, 'a')));
    context.restart();
    context.poll();
    EXPECT_LE(session ? session->queued_bytes() : 0, 4096U + 1001U);
  }
  EXPECT_EQ(counters.cut_off.value(), 1U);
  client->hang_up();
  ASSERT_TRUE(run_until([&] { return closed_code != 0; }));
  EXPECT_EQ(closed_code, 1013U);
}

TEST_F(TcpSessionTest, MakesAClientThatDoesNotReadWait) {
  settings.queue_bytes = 64U << 10U;
  open(4096);
  constexpr std::size_t count = 1000;
  const std::string line = std::string(1000, 'e') + "\n";
  std::jthread writer([&] {
    for (std::size_t i = 0; i < count; ++i) {
      client->send(line);
    }
  });
  std::jthread reader([&] {
    EXPECT_EQ(client->read_bytes(count * line.size()).size(), count * line.size());
    client->shut_sending();
  });
  EXPECT_TRUE(run_until([&] { return closed_code != 0; }));
  EXPECT_EQ(messages.size(), count);
  EXPECT_EQ(counters.cut_off.value(), 0U);
  EXPECT_EQ(closed_code, 1000U);
}

TEST_F(TcpSessionTest, MakesEventsWaitAndThenCutsOff) {
  settings.queue_bytes = 4096;
  settings.block_ms = 20;
  open(4096);
  while (!session->must_wait()) {
    EXPECT_EQ(session->send_event(text(std::string(1000, 'e'))), Put::Queued);
    context.restart();
    context.poll();
  }
  EXPECT_EQ(session->send_event(text("e")), Put::Refused);
  session->expect_drain("too slow; resume from seq 7 of events");
  ASSERT_TRUE(run_until([&] { return closing == 1; }));
  client->hang_up();
  ASSERT_TRUE(run_until([&] { return closed_code != 0; }));
  EXPECT_EQ(closed_code, 1013U);
  EXPECT_EQ(closed_reason, "too slow; resume from seq 7 of events");
}

TEST_F(TcpSessionTest, TellsWhenThereIsRoomAgain) {
  settings.queue_bytes = 4096;
  settings.block_ms = 60'000;
  open(4096);
  while (!session->must_wait()) {
    EXPECT_EQ(session->send_event(text(std::string(1000, 'e'))), Put::Queued);
    context.restart();
    context.poll();
  }
  session->expect_drain("too slow");
  std::jthread reader([&] {
    while (client->fill()) {
    }
  });
  EXPECT_TRUE(run_until([&] { return drained == 1; }));
  EXPECT_FALSE(session->must_wait());
  session->close(1000, "");
  client->shut();
  EXPECT_TRUE(run_until([&] { return closed_code != 0; }));
}

TEST_F(TcpSessionTest, DropsByItsPolicy) {
  settings.queue_bytes = 4096;
  settings.policy = frame::Policy::DropOldest;
  open(4096);
  for (int i = 0; i < 5000; ++i) {
    EXPECT_NE(session->send_event(text(std::string(1000, 'e'))), Put::Refused);
    context.restart();
    context.poll();
  }
  EXPECT_FALSE(session->must_wait());
  EXPECT_GT(counters.events_dropped.value(), 0U);
  EXPECT_EQ(closing, 0);
  session->close(1000, "");
  client->hang_up();
  EXPECT_TRUE(run_until([&] { return closed_code != 0; }));
}

}  // namespace
}  // namespace transport_ws::tcp
