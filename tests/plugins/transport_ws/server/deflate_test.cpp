// tests/plugins/transport_ws/server/deflate_test.cpp - permessage-deflate over sockets: who gets
// it, what a bomb does, and one event for many.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../frame/bomb.hpp"
#include "../raw_client.hpp"
#include "frame/inflater.hpp"
#include "server/server.hpp"
#include "test_server.hpp"

namespace transport_ws::server {
namespace {

using frame::Opcode;

const std::string offer =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
const std::string subscribe =
    R"({"jsonrpc":"2.0","id":0,"method":"subscribe","params":{"channel":"events"}})";

void enable(Settings& settings) {
  settings.session.deflate = true;
  settings.session.deflate_bytes_min = 64;
  settings.session.message_bytes_max = 100'000;
  route::Route echo;
  echo.path = "/echo";
  echo.to = route::To::Echo;
  echo.session = settings.session;
  route::Route gateway;
  gateway.path = "*";
  gateway.session = settings.session;
  settings.routes = {echo, gateway};
}

std::string text_of(const RawClient::Received& frame) {
  if (!frame.compressed) {
    return frame.payload;
  }
  frame::Inflater inflater;
  std::string_view text;
  const auto violation = inflater.inflate(frame.payload, 1U << 24U, text);
  return violation ? std::string(violation->reason) : std::string(text);
}

TEST(Deflate, IsAgreedOnWhereItIsEnabledAndOffered) {
  const auto answer_of = [](TestServer& server, const std::string& fields) {
    RawClient client(server.port());
    std::string answer;
    EXPECT_EQ(client.shake_hands(fields, "/echo", &answer), 101U);
    return answer;
  };
  TestServer on(enable);
  EXPECT_NE(answer_of(on, offer).find(
                "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                "client_no_context_takeover\r\n"),
            std::string::npos);
  EXPECT_EQ(answer_of(on, "").find("Extensions"), std::string::npos);
  EXPECT_EQ(
      answer_of(on, "Sec-WebSocket-Extensions: permessage-deflate; unknown\r\n").find("Extensions"),
      std::string::npos);
  TestServer off([](Settings& settings) {
    enable(settings);
    settings.routes[0].session.deflate = false;
  });
  EXPECT_EQ(answer_of(off, offer).find("Extensions"), std::string::npos);
}

TEST(Deflate, BringsMessagesBothWaysInOrder) {
  TestServer server(enable);
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(offer, "/echo"), 101U);
  const std::string large(70'000, 'l');
  client.send(frame::packed_by_client(Opcode::Text, large) +
              frame::encode_frame(Opcode::Text, "small", 7U) +
              frame::packed_by_client(Opcode::Binary, large) +
              frame::encode_frame(Opcode::Text, large, 7U));
  for (const auto& [kind, text] : {std::pair{Opcode::Text, large},
                                   {Opcode::Text, "small"},
                                   {Opcode::Binary, large},
                                   {Opcode::Text, large}}) {
    const auto echoed = client.read_frame();
    ASSERT_TRUE(echoed);
    EXPECT_EQ(echoed->opcode, kind);
    EXPECT_EQ(echoed->compressed, text.size() > 64);
    EXPECT_EQ(text_of(*echoed), text);
  }
}

TEST(Deflate, AnswersMoreOfOneReadThanTheQueueHolds) {
  TestServer server([](Settings& settings) {
    settings.session.queue_bytes = 4096;
    enable(settings);
  });
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(offer, "/echo"), 101U);
  const std::string small(60, 's');  // is not compressed
  std::string burst;
  constexpr int count = 900;
  for (int i = 0; i < count; ++i) {
    burst += frame::encode_frame(Opcode::Text, small, 7U);
  }
  client.send(burst);
  for (int i = 0; i < count; ++i) {
    const auto echoed = client.read_frame();
    ASSERT_TRUE(echoed);
    ASSERT_EQ(echoed->payload, small);
  }
  EXPECT_EQ(server.server->loops().front()->counters().cut_off.value(), 0U);
}

TEST(Deflate, KeepsNoMoreThanTheQueueOfWhatWasInflated) {
  TestServer server([](Settings& settings) {
    settings.session.queue_bytes = 4096;
    enable(settings);
    settings.routes[0].session.deflate_bytes_min = 1U << 30U;
  });
  RawClient client(server.port(), 4096);
  ASSERT_EQ(client.shake_hands(offer, "/echo"), 101U);
  std::string burst;
  const std::string large(100'000, 'l');
  for (int i = 0; i < 400; ++i) {
    burst += frame::packed_by_client(Opcode::Text, large);
  }
  client.send(burst);
  EXPECT_TRUE(server.heard("too slow: what compressed messages hold"));
  EXPECT_EQ(server.server->loops().front()->counters().cut_off.value(), 1U);
}

TEST(Deflate, ClosesABombAndBrokenDataAndGoesOn) {
  TestServer server(enable);
  const auto code = [&](const std::string& bytes, const std::string& fields) {
    RawClient client(server.port());
    EXPECT_EQ(client.shake_hands(fields, "/echo"), 101U);
    client.send(bytes);
    return client.read_close();
  };
  EXPECT_EQ(code(frame::client_frame(0xC2, frame::bomb(1)), offer), 1009U);
  EXPECT_EQ(code(frame::client_frame(0xC2, frame::bomb(60)), offer), 1009U);
  EXPECT_EQ(code(frame::client_frame(0xC1, "\xFF\xFF\xFF"), offer), 1007U);
  EXPECT_EQ(code(frame::client_frame(0xC9, ""), offer), 1002U);
  EXPECT_EQ(code(frame::packed_by_client(Opcode::Text, std::string(100, 'x')), ""), 1002U);
  RawClient well(server.port());
  ASSERT_EQ(well.shake_hands(offer, "/echo"), 101U);
  well.send(frame::packed_by_client(Opcode::Text, std::string(100, 'x')));
  const auto echoed = well.read_frame();
  ASSERT_TRUE(echoed);
  EXPECT_EQ(text_of(*echoed), std::string(100, 'x'));
}

TEST(Deflate, CompressesAnEventOnceForAllWhoAgreed) {
  TestServer server(enable);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 6; ++i) {  // every second one compresses
    clients.push_back(std::make_unique<RawClient>(server.port()));
    ASSERT_EQ(clients.back()->shake_hands(i % 2 == 0 ? offer : "", "/"), 101U);
    clients.back()->send_text(subscribe);
    ASSERT_TRUE(clients.back()->read_frame());
  }
  const auto compressed_bytes = [&] {
    return server.on_loop(
        [&] { return server.server->loops().front()->counters().deflate_in.value(); });
  };
  const std::uint64_t before = compressed_bytes();  // answers of subscribe
  const std::string data(2000, 'd');
  clients[1]->send_text(
      R"({"jsonrpc":"2.0","id":1,"method":"publish","params":{"event":{"id":"e","data":")" + data +
      R"("}}})");
  std::size_t event_bytes = 0;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    auto event = clients[i]->read_frame();
    if (i == 1 && event && event->payload.find("result") != std::string::npos) {
      event = clients[i]->read_frame();  // the publisher's answer came first
    }
    ASSERT_TRUE(event);
    EXPECT_EQ(event->compressed, i % 2 == 0);
    const std::string text = text_of(*event);
    EXPECT_NE(text.find(data), std::string::npos);
    event_bytes = text.size();
  }
  EXPECT_EQ(compressed_bytes() - before, event_bytes + 4);  // with its header, once
}

}  // namespace
}  // namespace transport_ws::server
