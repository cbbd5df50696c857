// tests/plugins/transport_ws/route/antechamber_test.cpp - credentials in the first message.
#include "route/antechamber.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "../auth/doors.hpp"
#include "../raw_client.hpp"
#include "../server/test_server.hpp"

namespace transport_ws::route {
namespace {

const std::string ping = R"({"jsonrpc":"2.0","id":2,"method":"ping"})";
const std::string pong = R"({"jsonrpc":"2.0","id":2,"result":"pong"})";

std::string authenticate(const std::string& token, const std::string& id = "1") {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"authenticate","params":{"token":")" +
         token + R"("}})";
}

std::function<void(server::Settings&)> by_message(auth::Mode mode = auth::Mode::FirstMessage) {
  return [mode](server::Settings& settings) { auth::ask_for_tokens(settings, mode); };
}

TEST(Antechamber, LetsInWhoAuthenticates) {
  server::TestServer server(by_message());
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(), 101U);
  client.send_text(authenticate("all"));
  EXPECT_EQ(client.read_text(), R"({"jsonrpc":"2.0","id":1,"result":{"principal":"admin"}})");
  client.send_text(ping);
  EXPECT_EQ(client.read_text(), pong);
  EXPECT_TRUE(server.heard("identified 1 as admin"));
}

TEST(Antechamber, PassesOnWhatCameBehindTheFirstMessage) {
  server::TestServer server(by_message());
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(), 101U);
  const auto text = [](const std::string& of) {
    return frame::encode_frame(frame::Opcode::Text, of, 0x01020304U);
  };
  client.send(text(authenticate(auth::token_for(std::chrono::hours(1)))) + text(ping) + text(ping));
  EXPECT_TRUE(client.read_text().starts_with(
      R"({"jsonrpc":"2.0","id":1,"result":{"principal":"me","expires_ms":)"));
  EXPECT_EQ(client.read_text(), pong);
  EXPECT_EQ(client.read_text(), pong);
}

TEST(Antechamber, ClosesOnWrongCredentials) {
  server::TestServer server(by_message());
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(), 101U);
  client.send_text(authenticate("wrong"));
  EXPECT_NE(client.read_text().find(R"("code":"PERMISSION")"), std::string::npos);
  std::string reason;
  EXPECT_EQ(client.read_close(&reason), 4401U);
  EXPECT_EQ(reason, "not authenticated: the token is not known");
}

TEST(Antechamber, ClosesOnAnyOtherFirstMessage) {
  server::TestServer server(by_message());
  for (const std::string& first : {ping, std::string("x"), std::string("[]"), std::string()}) {
    RawClient client(server.port());
    ASSERT_EQ(client.shake_hands(), 101U);
    client.send_text(first);
    EXPECT_EQ(client.read_close(), 4401U) << first;
  }
  RawClient binary(server.port());
  ASSERT_EQ(binary.shake_hands(), 101U);
  binary.send_frame(frame::Opcode::Binary, authenticate("all"));
  EXPECT_EQ(binary.read_close(), 4401U);
}

TEST(Antechamber, HasADeadlineThatPingsDoNotMove) {
  server::TestServer server([](server::Settings& settings) {
    auth::ask_for_tokens(settings, auth::Mode::FirstMessage);
    settings.auth.deadline_ms = 50;
  });
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(), 101U);
  client.send_frame(frame::Opcode::Ping, "");
  std::string reason;
  EXPECT_EQ(client.read_close(&reason), 4401U);
  EXPECT_EQ(reason, "no valid 'authenticate' came in time");
}

TEST(Antechamber, IsForThoseWhoShowedNothingBefore) {
  server::TestServer server(by_message(auth::Mode::Either));
  RawClient early(server.port());
  ASSERT_EQ(early.shake_hands(auth::bearer("all")), 101U);
  early.send_text(ping);
  EXPECT_EQ(early.read_text(), pong);
  EXPECT_EQ(RawClient(server.port()).shake_hands(auth::bearer("wrong")), 401U);
  RawClient later(server.port());
  ASSERT_EQ(later.shake_hands(), 101U);
  later.send_text(authenticate("some", R"("x")"));
  EXPECT_EQ(later.read_text(), R"({"jsonrpc":"2.0","id":"x","result":{"principal":"sensor"}})");
}

TEST(Antechamber, WaitsForAServiceAndForgetsWhoLeft) {
  server::TestServer server([](server::Settings& settings) {
    settings.auth.mode = auth::Mode::FirstMessage;
    settings.auth.service = "bp.transport.auth/1";
  });
  const auto asked = [&](std::size_t count) {
    while (server.on_loop([&] { return server.buses.front()->inner.asked.size(); }) < count) {
    }
  };
  const auto answer = [&](bp::result<std::string> reply) {
    server.on_loop([&] { server.buses.front()->inner.answer(std::move(reply)); });
  };
  RawClient gone(server.port());
  ASSERT_EQ(gone.shake_hands(), 101U);
  gone.send_text(authenticate("t"));
  asked(1);
  gone.hang_up();
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(), 101U);
  client.send_text(authenticate("t"));
  client.send_text(ping);
  asked(2);
  answer(std::string(R"({"principal":"ghost"})"));
  answer(std::string(R"({"principal":"far"})"));
  EXPECT_EQ(client.read_text(), R"({"jsonrpc":"2.0","id":1,"result":{"principal":"far"}})");
  EXPECT_EQ(client.read_text(), pong);
  RawClient unlucky(server.port());
  ASSERT_EQ(unlucky.shake_hands(), 101U);
  unlucky.send_text(authenticate("t"));
  asked(1);
  answer(bp::fail(BP_E_UNAVAILABLE, "nobody"));
  EXPECT_EQ(unlucky.read_close(), 1013U);
}

}  // namespace
}  // namespace transport_ws::route
