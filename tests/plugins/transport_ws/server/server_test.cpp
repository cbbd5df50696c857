// tests/plugins/transport_ws/server/server_test.cpp - listeners, limits, drain, and the abuse that
// a public port meets.
#include "server/server.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "../raw_client.hpp"
#include "test_server.hpp"

namespace transport_ws::server {
namespace {

const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
const std::string pong = R"({"jsonrpc":"2.0","id":1,"result":"pong"})";
const std::string subscribe =
    R"({"jsonrpc":"2.0","id":0,"method":"subscribe","params":{"channel":"events"}})";

std::string publish(int number, std::size_t bytes = 0) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(number) +
         R"(,"method":"publish","params":{"event":{"id":"e)" + std::to_string(number) +
         R"(","data":")" + std::string(bytes, 'x') + R"("}}})";
}

TEST(Server, NamesTheAddressThatIsInUseAndOpensNothing) {
  TestServer first;
  const auto attempt = [&](net::Tcp::endpoint listen, net::Tcp::endpoint metrics) {
    Settings settings;
    settings.listen = listen;
    settings.metrics_listen = metrics;
    rpc::FakeBus bus;
    struct Deaf final : Observer {
      void on_open(std::uint64_t, const std::string&, std::string_view) override {}
      void on_closed(std::uint64_t, std::uint16_t, std::string_view) override {}
      void on_rejected(const std::string&, std::string_view) override {}
      void on_bridge(const std::string&, std::string_view) override {}
    } deaf;
    Server second(
        settings, [](asio::io_context&) { return std::make_unique<rpc::FakeBus>(); }, deaf);
    const auto opened = second.open();
    EXPECT_FALSE(opened);
    return opened ? std::string() : opened.error().text();
  };
  const net::Tcp::endpoint taken = first.server->listening();
  const net::Tcp::endpoint free(taken.address(), 0);
  const auto expected = [&](const std::string& key) {
    return "binding '" + key + "' 127.0.0.1:" + std::to_string(taken.port()) +
           ": address in use; fix: end the process that listens there, or give '" + key +
           "' another port";
  };
  EXPECT_EQ(attempt(taken, free), expected("listen"));
  EXPECT_EQ(attempt(free, taken),
            expected("metrics_listen"));  // and the first listener was closed again
}

TEST(Server, SpeaksTheSubprotocolOfTheRoute) {
  TestServer server([](Settings& settings) {
    route::Route route;
    route.path = "/chat";
    route.subprotocols = {"v2", "v1"};
    settings.routes = {route};
  });
  const auto answer_to = [&](const std::string& offer) {
    RawClient client(server.port());
    std::string answer;
    client.shake_hands(offer, "/chat?x=1", &answer);
    return answer;
  };
  EXPECT_NE(
      answer_to("Sec-WebSocket-Protocol: v1, v2\r\n").find("\r\nSec-WebSocket-Protocol: v2\r\n"),
      std::string::npos);
  EXPECT_EQ(answer_to("").find("Sec-WebSocket-Protocol"), std::string::npos);
  EXPECT_TRUE(answer_to("Sec-WebSocket-Protocol: v3\r\n").starts_with("HTTP/1.1 400 "));
}

TEST(Server, ServesManyClientsOnEveryLoop) {
  TestServer server([](Settings& settings) { settings.io_threads = 2; });
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.port()));
    ASSERT_EQ(clients.back()->shake_hands(), 101U);
  }
  for (const auto& client : clients) {
    client->send_text(ping);
    EXPECT_EQ(client->read_text(), pong);
  }
  EXPECT_EQ(server.server->connections(), 6U);
}

TEST(Server, FansEventsOutInOrder) {
  TestServer server;
  RawClient publisher(server.port());
  RawClient subscriber(server.port());
  ASSERT_EQ(publisher.shake_hands(), 101U);
  ASSERT_EQ(subscriber.shake_hands(), 101U);
  subscriber.send_text(subscribe);
  EXPECT_TRUE(subscriber.read_text().starts_with(
      R"({"jsonrpc":"2.0","id":0,"result":{"subscription":1,"epoch":")"));
  for (int i = 1; i <= 500; ++i) {
    publisher.send_text(publish(i));
  }
  for (int i = 1; i <= 500; ++i) {
    EXPECT_EQ(publisher.read_text(), R"({"jsonrpc":"2.0","id":)" + std::to_string(i) +
                                         R"(,"result":{"id":"e)" + std::to_string(i) + R"("}})");
    EXPECT_NE(subscriber.read_text().find(R"("event":{"id":"e)" + std::to_string(i) + "\""),
              std::string::npos);
  }
}

TEST(Server, RefusesForeignPages) {
  TestServer server([](Settings& settings) { settings.origins = {"https://app.example.org"}; });
  EXPECT_EQ(RawClient(server.port()).shake_hands("Origin: https://evil.net\r\n"), 403U);
  EXPECT_TRUE(server.heard("rejected origin not allowed"));
  EXPECT_EQ(RawClient(server.port()).shake_hands("Origin: https://app.example.org\r\n"), 101U);
  EXPECT_EQ(RawClient(server.port()).shake_hands("Origin: null\r\n"), 403U);
  EXPECT_EQ(RawClient(server.port()).shake_hands(), 101U);
}

TEST(Server, ClosesASlowHandshake) {
  TestServer server([](Settings& settings) { settings.handshake_ms = 50; });
  RawClient loris(server.port());
  loris.send("GET / HTTP/1.1\r\nHost: a\r\nX-");
  EXPECT_EQ(loris.read_all(), "");
  EXPECT_TRUE(server.heard("rejected timeout"));
  RawClient silent(server.port());
  EXPECT_EQ(silent.read_all(), "");
}

TEST(Server, AnswersBadRequestsByTheirStatus) {
  TestServer server;
  const auto status = [&](const std::string& request) {
    RawClient client(server.port());
    client.send(request);
    return client.read_all().substr(9, 3);
  };
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "426");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"),
            "431");
  EXPECT_EQ(
      status(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
      "400");
  EXPECT_EQ(status("nonsense\r\n\r\n"), "400");
}

TEST(Server, TurnsAwayWhoIsOneTooMany) {
  TestServer server([](Settings& settings) { settings.connections_per_ip_max = 1; });
  auto first = std::make_unique<RawClient>(server.port());
  ASSERT_EQ(first->shake_hands(), 101U);
  EXPECT_EQ(RawClient(server.port()).shake_hands(), 503U);
  EXPECT_TRUE(server.heard("rejected too many connections from this address"));
  first.reset();
  EXPECT_TRUE(server.heard("closed 1 1006"));
  EXPECT_EQ(RawClient(server.port()).shake_hands(), 101U);
}

TEST(Server, SurvivesABrokenFrameOfEachKind) {
  TestServer server([](Settings& settings) { settings.session.message_bytes_max = 1000; });
  const auto code = [&](const std::string& bytes) {
    RawClient client(server.port());
    EXPECT_EQ(client.shake_hands(), 101U);
    client.send(bytes);
    return client.read_close();
  };
  using frame::encode_frame;
  using frame::Opcode;
  EXPECT_EQ(code(encode_frame(Opcode::Text, "not masked")), 1002U);
  EXPECT_EQ(code(std::string("\x82\xFF\x80\0\0\0\0\0\0\0abcd", 14)),
            1009U);  // 2^63 bytes, none of them sent
  EXPECT_EQ(code(encode_frame(Opcode::Text, std::string(1001, 'x'), 1U)), 1009U);
  EXPECT_EQ(code(encode_frame(Opcode::Text, "\xFF", 1U)), 1007U);
  EXPECT_EQ(code(encode_frame(Opcode::Binary, "b", 1U)), 1003U);
  EXPECT_EQ(code(encode_frame(Opcode::Close, frame::close_payload(999, ""), 1U)), 1002U);
  RawClient well(server.port());
  ASSERT_EQ(well.shake_hands(), 101U);
  well.send_text(ping);
  EXPECT_EQ(well.read_text(), pong);
}

TEST(Server, SurvivesManyTinyFragments) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(), 101U);
  std::string frames = frame::encode_frame(frame::Opcode::Text, "x", 1U);
  frames[0] = '\x01';
  for (int i = 0; i < 100'000; ++i) {
    frames += std::string("\x00\x81\0\0\0\0x", 7);
  }
  client.send(frames);
  EXPECT_EQ(client.read_close(), 1009U);
}

TEST(Server, CutsOffAStoppedReaderWithThePlaceToResumeFrom) {
  TestServer server([](Settings& settings) {
    settings.session.queue_bytes = 64U << 10U;
    settings.session.block_ms = 50;
  });
  RawClient stopped(server.port(), 4096);
  RawClient reader(server.port());
  RawClient publisher(server.port());
  for (RawClient* client : {&stopped, &reader, &publisher}) {
    ASSERT_EQ(client->shake_hands(), 101U);
  }
  for (RawClient* client : {&stopped, &reader}) {
    client->send_text(subscribe);
    client->read_text();
  }
  constexpr int events = 600;
  std::jthread publishing([&] {
    for (int i = 1; i <= events; ++i) {
      publisher.send_text(publish(i, 20'000));
      publisher.read_text();
    }
  });
  for (int i = 1; i <= events; ++i) {  // nobody else misses anything
    ASSERT_NE(reader.read_text().find(R"("event":{"id":"e)" + std::to_string(i) + "\""),
              std::string::npos);
  }
  EXPECT_TRUE(server.heard("1013 too slow; resume from seq "));
}

// Two clients over sockets, a cut-off in between.
TEST(Server, LetsAClientGoOnWhereItWasCutOff) {
  TestServer server([](Settings& settings) {
    settings.session.queue_bytes = 64U << 10U;
    settings.session.block_ms = 50;
    settings.gateway.history = {.messages_max = 10'000, .bytes_max = 64U << 20U};
  });
  constexpr int count = 400;
  const auto subscribe_from = [](const std::string& more) {
    return R"({"jsonrpc":"2.0","id":0,"method":"subscribe","params":{"channel":"events")" + more +
           "}}";
  };
  const auto text_after = [](const std::string& text, const std::string& mark) {
    const std::size_t at = text.find(mark);
    EXPECT_NE(at, std::string::npos) << text;
    return at == std::string::npos ? std::string("0") : text.substr(at + mark.size());
  };
  RawClient stopped(server.port(), 4096);
  ASSERT_EQ(stopped.shake_hands(), 101U);
  stopped.send_text(subscribe);
  std::string epoch = text_after(stopped.read_text(), R"("epoch":")");
  epoch.resize(epoch.find('"'));
  RawClient publisher(server.port());
  ASSERT_EQ(publisher.shake_hands(), 101U);
  for (int i = 1; i <= count; ++i) {
    publisher.send_text(publish(i, 20'000));
    publisher.read_text();
  }
  ASSERT_TRUE(server.heard("closed 1 1013 too slow; resume from seq "));
  std::uint64_t next = 1;
  while (const auto frame = stopped.read_frame()) {  // what had been written before the cut-off
    if (frame->opcode != frame::Opcode::Text) {
      break;
    }
    ASSERT_EQ(std::stoull(text_after(frame->payload, R"("seq":)")), next);
    ++next;
  }
  RawClient again(server.port());
  ASSERT_EQ(again.shake_hands(), 101U);
  again.send_text(
      subscribe_from(R"(,"from":)" + std::to_string(next) + R"(,"epoch":")" + epoch + '"'));
  EXPECT_NE(again.read_text().find(R"("resumed":true,"missed":0)"), std::string::npos);
  for (; next <= count; ++next) {
    ASSERT_EQ(std::stoull(text_after(again.read_text(), R"("seq":)")), next);
  }
}

TEST(Server, DropsInsteadOfCuttingWhereThePolicySaysSo) {
  TestServer server([](Settings& settings) {
    settings.session.queue_bytes = 64U << 10U;
    settings.session.policy = frame::Policy::DropOldest;
  });
  RawClient stopped(server.port(), 4096);
  RawClient publisher(server.port());
  ASSERT_EQ(stopped.shake_hands(), 101U);
  ASSERT_EQ(publisher.shake_hands(), 101U);
  stopped.send_text(subscribe);
  stopped.read_text();
  for (int i = 1; i <= 600; ++i) {
    publisher.send_text(publish(i, 20'000));
    publisher.read_text();
  }
  EXPECT_GT(server.server->loops().front()->counters().events_dropped.value(), 0U);
  EXPECT_TRUE(server.heard("slow 1"));
  EXPECT_EQ(server.server->loops().front()->counters().slow.value(), 1U);
  std::string last;
  while (last.find("\"e600\"") == std::string::npos) {  // the newest arrived, the connection lives
    last = stopped.read_text();
    ASSERT_NE(last, "(end)");
  }
}

TEST(Server, DrainsWithAReconnectableCode) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(), 101U);
  std::promise<void> drained;
  server.server->drain(frame::close_service_restart, [&] { drained.set_value(); });
  EXPECT_EQ(client.read_close(), 1012U);
  client.send_frame(frame::Opcode::Close, frame::close_payload(1012, ""));
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(Server, AnswersWhatIsInFlightBeforeItDrains) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(), 101U);
  client.send_text(
      R"({"jsonrpc":"2.0","id":5,"method":"call","params":{"service":"s/1","method":"M"}})");
  auto& asked = server.buses.front()->inner.asked;
  while (server.on_loop([&] { return asked.empty(); })) {
  }
  std::promise<void> drained;
  server.server->drain(frame::close_going_away, [&] { drained.set_value(); });
  server.on_loop([&] { server.buses.front()->inner.answer(std::string("{}")); });
  EXPECT_EQ(client.read_text(), R"({"jsonrpc":"2.0","id":5,"result":{}})");
  EXPECT_EQ(client.read_close(), 1001U);
  client.hang_up();
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(Server, SaysGoodbyeAlsoWhereAnAnswerDoesNotCome) {
  TestServer server([](Settings& settings) { settings.drain_ms = 400; });
  RawClient waiting(server.port());
  RawClient other(server.port());
  ASSERT_EQ(waiting.shake_hands(), 101U);
  ASSERT_EQ(other.shake_hands(), 101U);
  waiting.send_text(
      R"({"jsonrpc":"2.0","id":5,"method":"call","params":{"service":"s/1","method":"M"}})");
  auto& asked = server.buses.front()->inner.asked;
  while (server.on_loop([&] { return asked.empty(); })) {
  }
  std::promise<void> drained;
  server.server->drain(frame::close_service_restart, [&] { drained.set_value(); });
  EXPECT_EQ(waiting.read_close(), 1012U);
  EXPECT_EQ(other.read_close(), 1012U);
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(Server, IsNotHeldUpByAnswersForThoseWhoLeft) {
  TestServer server([](Settings& settings) { settings.drain_ms = 3'600'000; });
  RawClient gone(server.port());
  ASSERT_EQ(gone.shake_hands(), 101U);
  gone.send_text(
      R"({"jsonrpc":"2.0","id":5,"method":"call","params":{"service":"s/1","method":"M"}})");
  auto& asked = server.buses.front()->inner.asked;
  while (server.on_loop([&] { return asked.empty(); })) {
  }
  gone.hang_up();
  std::promise<void> drained;
  server.server->drain(frame::close_service_restart, [&] { drained.set_value(); });
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(Server, ClosesOneConnectionByItsId) {
  TestServer server([](Settings& settings) { settings.io_threads = 2; });
  RawClient first(server.port());
  ASSERT_EQ(first.shake_hands(), 101U);
  RawClient second(server.port());
  ASSERT_EQ(second.shake_hands(), 101U);
  second.settle();
  const auto close = [&](std::uint64_t id) {
    std::promise<bool> found;
    server.server->close(id, 4000, "by hand", [&](bool there) { found.set_value(there); });
    return found.get_future().get();
  };
  EXPECT_TRUE(close(2));
  EXPECT_EQ(second.read_close(), 4000U);
  EXPECT_FALSE(close(77));
  first.send_text(ping);
  EXPECT_EQ(first.read_text(), pong);
}

TEST(Server, UsesNoCpuWhileIdle) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(), 101U);
  client.send_text(ping);
  client.read_text();
  const auto cpu_ns = [&] {
    return server.on_loop([] {
      timespec now{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
      return now.tv_sec * 1'000'000'000 + now.tv_nsec;
    });
  };
  const auto before = cpu_ns();
  std::promise<void> never;
  (void)never.get_future().wait_for(std::chrono::milliseconds(300));
  EXPECT_LT(cpu_ns() - before, 1'000'000);  // far below one clock tick
}

}  // namespace
}  // namespace transport_ws::server
