// tests/plugins/transport_ws/server/identity_test.cpp - credentials at the upgrade, and what they
// are good for.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../auth/doors.hpp"
#include "../tls/secure_client.hpp"
#include "test_server.hpp"

namespace transport_ws::server {
namespace {

using auth::bearer;

std::string request(const std::string& method, const std::string& params) {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}";
}

std::function<void(Settings&)> at_upgrade(const std::function<void(Settings&)>& more = {}) {
  return [more](Settings& settings) {
    auth::ask_for_tokens(settings, auth::Mode::Upgrade);
    if (more) {
      more(settings);
    }
  };
}

TEST(Identity, IsAskedForBeforeTheUpgrade) {
  TestServer server(at_upgrade());
  EXPECT_EQ(RawClient(server.port()).shake_hands(), 401U);
  EXPECT_TRUE(server.heard("rejected not authenticated: no credentials were shown"));
  EXPECT_EQ(RawClient(server.port()).shake_hands(bearer("wrong")), 401U);
  EXPECT_EQ(
      RawClient(server.port()).shake_hands(bearer(auth::token_for(std::chrono::seconds(-60)))),
      401U);
  EXPECT_TRUE(server.heard("rejected not authenticated: the token is expired"));
  EXPECT_EQ(RawClient(server.port()).shake_hands(bearer("all")), 101U);
  EXPECT_TRUE(server.heard("open 1 as admin"));
  EXPECT_EQ(RawClient(server.port()).shake_hands("Cookie: a=b; session=some\r\n"), 101U);
  EXPECT_TRUE(server.heard("open 2 as sensor"));
}

TEST(Identity, SaysHowToAuthenticate) {
  TestServer server(at_upgrade());
  RawClient client(server.port());
  client.send(
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_NE(answer.find("WWW-Authenticate: Bearer\r\n"), std::string::npos) << answer;
}

TEST(Identity, LimitsWhatIsDone) {
  TestServer server(at_upgrade());
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(bearer("some")), 101U);
  const auto answer = [&](const std::string& method, const std::string& params) {
    client.send_text(request(method, params));
    return client.read_text();
  };
  EXPECT_NE(answer("publish", R"({"channel":"in.a","event":{}})").find("result"),
            std::string::npos);
  EXPECT_NE(answer("subscribe", R"({"channel":"out"})").find("result"), std::string::npos);
  EXPECT_NE(answer("ping", "{}").find("pong"), std::string::npos);
  for (const auto& [method, params, what] :
       {std::tuple<std::string, std::string, std::string>{"publish", R"({"event":{}})",
                                                          "'sensor' may not publish 'events'"},
        {"subscribe", R"({"channel":"in.a"})", "'sensor' may not subscribe 'in.a'"},
        {"call", R"({"service":"bp.b/1","method":"Get"})", "'sensor' may not call 'bp.b/1.Get'"}}) {
    const std::string refused = answer(method, params);
    EXPECT_NE(refused.find(what), std::string::npos) << refused;
    EXPECT_NE(refused.find(R"("code":"PERMISSION")"), std::string::npos) << refused;
  }
  EXPECT_TRUE(server.on_loop([&] { return server.buses.front()->inner.asked.empty(); }));
}

TEST(Identity, EndsWithItsCredentials) {
  TestServer server(at_upgrade());
  RawClient client(server.port());
  ASSERT_EQ(client.shake_hands(bearer(auth::token_for(std::chrono::milliseconds(300)))), 101U);
  std::string reason;
  EXPECT_EQ(client.read_close(&reason), 4402U);
  EXPECT_EQ(reason, "the credentials have expired; connect again with new ones");
}

TEST(Identity, HasSoManyConnections) {
  TestServer server(at_upgrade([](Settings& settings) {
    settings.per_principal_max = 1;
    settings.io_threads = 2;
  }));
  RawClient first(server.port());
  ASSERT_EQ(first.shake_hands(bearer("all")), 101U);
  EXPECT_EQ(RawClient(server.port()).shake_hands(bearer("all")), 429U);
  RawClient other(server.port());
  EXPECT_EQ(other.shake_hands(bearer("some")), 101U);
  first.settle();
  first.send_frame(frame::Opcode::Close, frame::close_payload(1000, ""));
  EXPECT_TRUE(server.heard("closed 1 1000"));
  EXPECT_EQ(RawClient(server.port()).shake_hands(bearer("all")), 101U);
}

TEST(Identity, MayComeFromACertificate) {
  const tls::Office office(tls::ClientCertificate::Optional);
  TestServer server(at_upgrade([&](Settings& settings) { settings.tls = office.server; }));
  tls::SecureClient sensor(server.port(), office.client_as("sensor-7"));
  EXPECT_EQ(sensor.shake_hands(), 101U);
  EXPECT_TRUE(server.heard("open 1 as CN=sensor-7"));
  tls::SecureClient other(server.port(), office.client_as("other"));
  EXPECT_EQ(other.shake_hands(), 401U);
  tls::SecureClient bare(server.port());
  EXPECT_EQ(bare.shake_hands(), 401U);
}

TEST(Identity, IsNeededForTheChannelOfARoute) {
  TestServer server(at_upgrade([](Settings& settings) {
    route::Route in;
    in.name = "a";
    in.path = "*";
    in.to = route::To::Channel;
    in.session = settings.session;
    settings.routes = {in};
  }));
  EXPECT_EQ(RawClient(server.port()).shake_hands(bearer("some")), 403U);
  EXPECT_TRUE(server.heard("rejected 'sensor' may not publish to 'ws.in.a'"));
  EXPECT_EQ(RawClient(server.port()).shake_hands(bearer("all")), 101U);
}

class RemoteIdentity : public ::testing::Test {
 protected:
  // Shakes hands while the test answers for the service.
  unsigned shake_hands(bp::result<std::string> reply) {
    RawClient client(server.port());
    client.send(
        "GET /x?a=1 HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Authorization: Bearer t\r\n\r\n");
    const auto asked = [&] {
      return server.on_loop([&] { return !server.buses.front()->inner.asked.empty(); });
    };
    while (!asked()) {
    }
    server.on_loop([&] {
      rpc::FakeBus& bus = server.buses.front()->inner;
      question = bus.asked.front().whom + " " + bus.asked.front().json;
      bus.answer(std::move(reply));
    });
    return static_cast<unsigned>(std::stoi(client.read_header().substr(9, 3)));
  }

  TestServer server{[](Settings& settings) {
    settings.auth.mode = auth::Mode::Upgrade;
    settings.auth.service = "bp.transport.auth/1";
  }};
  std::string question;
};

TEST_F(RemoteIdentity, IsAskedOfTheService) {
  EXPECT_EQ(shake_hands(std::string(R"({"principal":"far","publish":["*"]})")), 101U);
  EXPECT_TRUE(question.starts_with(R"(bp.transport.auth/1 Authenticate {"address":"127.0.0.1:)"))
      << question;
  EXPECT_NE(question.find(R"("path":"/x")"), std::string::npos);
  EXPECT_NE(question.find(R"({"name":"Authorization","value":"Bearer t"})"), std::string::npos);
  EXPECT_NE(question.find(R"("query":[{"name":"a","value":"1"}])"), std::string::npos);
  EXPECT_TRUE(server.heard("open 1 as far"));
}

TEST_F(RemoteIdentity, IsRefusedByTheService) {
  EXPECT_EQ(shake_hands(bp::fail(BP_E_PERMISSION, "not you")), 401U);
  EXPECT_EQ(shake_hands(std::string(R"({"refused":"nor you"})")), 401U);
  EXPECT_EQ(shake_hands(std::string(R"({"principal":"late","expires_ms":1})")), 403U);
}

TEST_F(RemoteIdentity, IsNotGivenWhenNobodyDecides) {
  EXPECT_EQ(shake_hands(bp::fail(BP_E_UNAVAILABLE, "nobody provides it")), 503U);
  EXPECT_EQ(shake_hands(bp::fail(BP_E_TIMEOUT, "too late")), 503U);
  EXPECT_EQ(shake_hands(std::string("{}")), 503U);
  EXPECT_TRUE(server.heard("rejected authentication is not available now"));
}

}  // namespace
}  // namespace transport_ws::server
