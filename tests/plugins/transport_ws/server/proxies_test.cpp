// tests/plugins/transport_ws/server/proxies_test.cpp - connections through a proxy count for whom
// it speaks for; nobody else may say so.
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "../raw_client.hpp"
#include "test_server.hpp"

namespace transport_ws::server {
namespace {

class BehindProxy : public ::testing::Test {
 protected:
  static std::string from(const std::string& chain) { return "X-Forwarded-For: " + chain + "\r\n"; }

  // The addresses of the WebSocket connections, by age.
  static std::vector<std::string> addresses(TestServer& server) {
    std::promise<std::vector<ConnectionInfo>> found;
    server.server->list(0, 100, [&](auto all) { found.set_value(std::move(all)); });
    std::vector<std::string> addresses;
    for (const ConnectionInfo& each : found.get_future().get()) {
      addresses.push_back(each.address);
    }
    return addresses;
  }

  static std::string health(RawClient& client, const std::string& fields) {
    client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
    const std::string header = client.read_header();
    if (header.starts_with("HTTP/1.1 200")) {
      EXPECT_EQ(client.read_bytes(15), R"({"status":"ok"})");
    }
    return header.substr(9, 3);
  }

  static void believe(Settings& settings, const std::string& proxy = "127.0.0.0/8") {
    settings.proxies = *http::Proxies::parse({proxy});
    settings.connections_per_ip_max = 1;
  }
};

TEST_F(BehindProxy, EveryClientHasItsOwnPlaces) {
  TestServer server([](Settings& settings) { believe(settings); });
  RawClient first(server.port());
  EXPECT_EQ(first.shake_hands(from("203.0.113.1")), 101U);
  RawClient second(server.port());
  EXPECT_EQ(second.shake_hands(from("1.1.1.1, 203.0.113.2:99, 127.0.0.5")), 101U);
  EXPECT_EQ(RawClient(server.port()).shake_hands(from("203.0.113.2")), 503U);
  EXPECT_TRUE(server.heard("rejected too many connections from this address"));
  RawClient proxy(server.port());
  EXPECT_EQ(proxy.shake_hands(), 101U);  // for itself
  EXPECT_EQ(RawClient(server.port()).shake_hands(), 503U);
  proxy.settle();
  const auto all = addresses(server);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0], "203.0.113.1");
  EXPECT_EQ(all[1], "203.0.113.2");
  EXPECT_TRUE(all[2].starts_with("127.0.0.1:")) << all[2];
  first.hang_up();
  ASSERT_TRUE(server.heard("closed 1"));
  RawClient again(server.port());
  EXPECT_EQ(again.shake_hands(from("203.0.113.1")), 101U);
}

TEST_F(BehindProxy, EachRequestSaysWhoseItIs) {
  TestServer server([](Settings& settings) { believe(settings); });
  RawClient kept(server.port());
  EXPECT_EQ(health(kept, from("203.0.113.1")), "200");
  EXPECT_EQ(health(kept, from("203.0.113.2")), "200");
  RawClient other(server.port());
  EXPECT_EQ(health(other, from("203.0.113.1")), "200");  // it was given back
  EXPECT_EQ(health(kept, from("203.0.113.1")), "503");
}

TEST_F(BehindProxy, AChainThatIsNoneIsRefused) {
  TestServer server([](Settings& settings) { believe(settings); });
  EXPECT_EQ(RawClient(server.port()).shake_hands(from("unknown")), 400U);
  RawClient plain(server.port());
  EXPECT_EQ(health(plain, from("203.0.113.1,")), "400");
}

TEST_F(BehindProxy, NobodyElseIsBelieved) {
  TestServer server([](Settings& settings) { believe(settings, "10.0.0.0/8"); });
  RawClient liar(server.port());
  EXPECT_EQ(liar.shake_hands(from("203.0.113.1")), 101U);
  EXPECT_EQ(RawClient(server.port()).shake_hands(from("203.0.113.2")), 503U);
  liar.settle();
  const auto all = addresses(server);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all[0].starts_with("127.0.0.1:")) << all[0];
  liar.hang_up();
  ASSERT_TRUE(server.heard("closed 1"));
  RawClient garbage(server.port());
  EXPECT_EQ(health(garbage, from("what is this")), "200");
}

TEST_F(BehindProxy, AllTogetherAreStillSoMany) {
  TestServer server([](Settings& settings) {
    believe(settings);
    settings.connections_max = 2;
  });
  RawClient first(server.port());
  EXPECT_EQ(first.shake_hands(from("203.0.113.1")), 101U);
  RawClient second(server.port());
  EXPECT_EQ(second.shake_hands(from("203.0.113.2")), 101U);
  EXPECT_EQ(RawClient(server.port()).shake_hands(from("203.0.113.3")), 503U);
}

TEST_F(BehindProxy, WhoDecidesIsToldTheClient) {
  TestServer server([](Settings& settings) {
    believe(settings);
    settings.auth.mode = auth::Mode::Upgrade;
    settings.auth.service = "bp.transport.auth/1";
  });
  RawClient client(server.port());
  client.send(
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
      from("203.0.113.9") + "\r\n");
  std::string asked;
  while (asked.empty()) {
    asked = server.on_loop([&] {
      const auto& open = server.buses[0]->inner.asked;
      return open.empty() ? std::string() : open[0].json;
    });
    std::this_thread::yield();
  }
  EXPECT_NE(asked.find(R"("address":"203.0.113.9")"), std::string::npos) << asked;
}

}  // namespace
}  // namespace transport_ws::server
