// tests/plugins/transport_ws/http/exchange_test.cpp - one request, one answer or upgrade, one
// deadline.
#include "http/exchange.hpp"

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "../own_loop.hpp"
#include "../raw_client.hpp"

namespace transport_ws::http {
namespace {

using net::Tcp;

class ExchangeTest : public ::testing::Test, protected OwnLoop {
 protected:
  void open(std::uint32_t deadline_ms = 10'000, int buffer_bytes = 0) {
    net::Acceptor acceptor(context, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    client = std::make_unique<RawClient>(acceptor.local_endpoint().port(), buffer_bytes);
    exchange = std::make_shared<Exchange>(net::Socket(acceptor.accept()),
                                          session::Desk{context, scratch, counters, replies},
                                          deadline_ms, 8192);
    if (counted) {
      exchange->count();
    }
    exchange->start(
        [this](const auto& self, Request got) {
          request = std::move(got);
          ++requests;
          on_request(self);
        },
        [this](std::string_view how) { end = how; });
  }

  std::vector<char> scratch = std::vector<char>(read_scratch_bytes);
  session::Counters counters;
  std::string replies;
  std::unique_ptr<RawClient> client;
  std::shared_ptr<Exchange> exchange;
  std::function<void(const std::shared_ptr<Exchange>&)> on_request = [](const auto&) {};
  Request request;
  std::string end;
  int requests = 0;
  bool counted = false;
};

const std::string get = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(ExchangeTest, AnswersAndCloses) {
  on_request = [](const auto& self) { self->answer({200, "text/plain", "hello", {}}); };
  open();
  client->send(get.substr(0, 9));
  client->send(get.substr(9));
  ASSERT_TRUE(run_until([&] { return !end.empty(); }));
  EXPECT_EQ(request.target, "/metrics");
  EXPECT_EQ(end, "answered");
  EXPECT_TRUE(client->read_all().ends_with("\r\n\r\nhello"));
}

TEST_F(ExchangeTest, CountsWhatItAnswers) {
  counted = true;
  on_request = [this](const auto& self) {
    if (request.target != "/wait") {
      self->serve({request.target == "/bad" ? 503U : 200U, "text/plain", "x", {}});
    }
  };
  open();
  client->send("GET /bad HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return requests == 2; }));
  EXPECT_EQ(counters.http_in_flight.value(), 0);
  client->send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return requests == 3; }));
  EXPECT_EQ(counters.http_in_flight.value(), 1);
  exchange->serve({200, "text/plain", "x", {}});
  client->send("no request\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return counters.http_answers[2].value() == 1; }));
  EXPECT_EQ(counters.http_answers[0].value(), 2U);
  EXPECT_EQ(counters.http_answers[1].value(), 0U);
  EXPECT_EQ(counters.http_answers[3].value(), 1U);
  EXPECT_EQ(counters.http_in_flight.value(), 0);
}

TEST_F(ExchangeTest, CountsNoneThatIsGone) {
  counted = true;
  open();
  client->send(get);
  ASSERT_TRUE(run_until([&] { return requests == 1; }));
  exchange->end("hung up");
  EXPECT_EQ(counters.http_in_flight.value(), 0);
  EXPECT_EQ(counters.http_answers[0].value(), 0U);
}

TEST_F(ExchangeTest, MayAnswerLater) {
  open();
  client->send(get);
  ASSERT_TRUE(run_until([&] { return requests == 1; }));
  exchange->answer({200, "text/plain", "late", {}});
  EXPECT_TRUE(client->read_all().ends_with("late"));
  exchange->answer({200, "text/plain", "twice", {}});  // harmless
  EXPECT_EQ(end, "answered");
}

TEST_F(ExchangeTest, AnAnswerMayComeInParts) {
  on_request = [](const auto& self) {
    self->stream("one ", [self] { self->stream({}, [self] { self->finish("two"); }); });
  };
  open();
  client->send(get);
  ASSERT_TRUE(run_until([&] { return !end.empty(); }));
  EXPECT_EQ(end, "answered");
  EXPECT_EQ(client->read_all(), "one two");
}

TEST_F(ExchangeTest, WritesAnswersLargerThanTheSocketTakes) {
  on_request = [](const auto& self) {
    self->answer({200, "text/plain", std::string(3U << 20U, 'm'), {}});
  };
  open(10'000, 4096);
  client->send(get);
  std::string all;
  std::jthread reader([&] { all = client->read_all(); });
  ASSERT_TRUE(run_until([&] { return !end.empty(); }));
  reader.join();
  EXPECT_GT(all.size(), 3U << 20U);
  EXPECT_EQ(end, "answered");
}

TEST_F(ExchangeTest, CutsAReaderWhoNeverReadsAtTheDeadline) {
  on_request = [](const auto& self) {
    self->answer({200, "text/plain", std::string(8U << 20U, 'm'), {}});
  };
  open(30, 4096);
  client->send(get);
  ASSERT_TRUE(run_until([&] { return !end.empty(); }));
  EXPECT_EQ(end, "timeout");
}

TEST_F(ExchangeTest, EndsAtTheDeadlineWithoutARequest) {
  open(20);
  client->send("GET ");
  ASSERT_TRUE(run_until([&] { return !end.empty(); }));
  EXPECT_EQ(end, "timeout");
  EXPECT_EQ(client->read_all(), "");
}

TEST_F(ExchangeTest, RefusesWithoutLosingTheAnswer) {
  open();
  client->send("GET / HTTP/1.1\r\nX: " + std::string(60'000, 'x'));
  std::string answer;
  std::jthread reader([&] {
    answer = client->read_all();
    client->hang_up();
  });
  ASSERT_TRUE(run_until([&] { return !end.empty(); }));
  reader.join();
  EXPECT_EQ(answer.substr(9, 3), "431");
  EXPECT_EQ(requests, 0);
}

TEST_F(ExchangeTest, HandsTheSocketOverAfterAnUpgrade) {
  std::string already_read = "(none)";
  on_request = [&](const auto& self) {
    self->upgrade("HTTP/1.1 101 Switching Protocols\r\n\r\n",
                  [&](net::Stream socket, std::string rest) {
                    already_read = std::move(rest);
                    socket.socket().close();
                  });
  };
  open();
  client->send(get + "rest");
  ASSERT_TRUE(run_until([&] { return already_read != "(none)"; }));
  EXPECT_EQ(already_read, "rest");
  EXPECT_EQ(client->read_header().substr(9, 3), "101");
  EXPECT_EQ(end, "");
}

TEST_F(ExchangeTest, NoticesThatTheOtherSideVanished) {
  open();
  client->hang_up();
  ASSERT_TRUE(run_until([&] { return !end.empty(); }));
  EXPECT_EQ(end, "hung up");
}

}  // namespace
}  // namespace transport_ws::http
