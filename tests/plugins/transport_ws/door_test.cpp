// tests/plugins/transport_ws/door_test.cpp - the door as the host sees it: another plugin decides
// who may connect, certificates are replaced, and the world is told.
#include <chrono>
#include <future>
#include <string>

#include <gtest/gtest.h>

#include "backplane/testing/fake_host.hpp"

#include "edge/hosted.hpp"
#include "tls/secure_client.hpp"

namespace transport_ws {
namespace {

class DoorTest : public edge::Hosted {
 protected:
  bool told(const std::string& what) const {
    return await([&] {
      for (const auto& line : host->sent("ws.events")) {
        if (line.find(what) != std::string::npos) {
          return true;
        }
      }
      return false;
    });
  }

  // The status that a client with this token gets while the strand answers for the provider.
  unsigned try_token(const std::string& token) const {
    RawClient client(port());
    client.send(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Authorization: Bearer " +
        token + "\r\n\r\n");
    auto header = std::async(std::launch::async, [&] { return client.read_header(); });
    EXPECT_TRUE(await(
        [&] { return header.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
    const std::string read = header.get();
    return read.size() > 12 ? static_cast<unsigned>(std::stoi(read.substr(9, 3))) : 0;
  }
};

TEST_F(DoorTest, IsKeptByAnotherPlugin) {
  start(R"("auth":{"mode":"upgrade","service":"bp.transport.auth/1"})");
  host->set_listeners("ws.events", 1);
  EXPECT_EQ(try_token("any"), 503U);  // nobody provides it: the door stays shut
  host->offer("bp.transport.auth/1", [](const bp::testing::open_call& asked) {
    EXPECT_EQ(asked.method_name, "Authenticate");
    return asked.request.find("Bearer good") != std::string::npos
               ? bp::result<std::string>(R"({"principal":"guest","subscribe":["events"]})")
               : bp::fail(BP_E_PERMISSION, "unknown");
  });
  EXPECT_EQ(try_token("good"), 101U);
  EXPECT_TRUE(told(R"("principal":"guest"})"));
  EXPECT_EQ(try_token("secret-and-wrong"), 401U);
  EXPECT_TRUE(told(R"("reason":"not authenticated: unknown"})"));
  for (const auto& line : host->log()) {
    EXPECT_EQ(line.text.find("secret-and-wrong"), std::string::npos);
    for (const auto& [key, value] : line.pairs) {
      EXPECT_EQ(value.find("secret-and-wrong"), std::string::npos);
    }
  }
  ASSERT_TRUE(host->stop());
}

TEST_F(DoorTest, TellsOfCertificates) {
  const tls::Office office;
  start(R"("tls":{"certificate":")" + office.server.certificate + R"(","key":")" +
        office.server.key + R"(","reload":"1ms"})");
  host->set_listeners("ws.events", 1);
  office.renew("renewed");
  EXPECT_TRUE(told(R"({"type":"certificate-reloaded","key":"tls"})"));
  office.folder.write("server.pem", "garbage");
  EXPECT_TRUE(told(R"({"type":"certificate-rejected","key":"tls","reason":"'/)"));
  ASSERT_TRUE(host->stop());
}

TEST_F(DoorTest, DoesNotStartWithoutItsPaper) {
  bp::testing::fake_host wrong(
      bp_plugin_v1, "{" + std::string(free_ports) +
                        R"(,"tls":{"certificate":"/nowhere/a.pem","key":"/nowhere/a.key"}})");
  const auto started = wrong.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().text().find("reading the files of 'tls': cannot open '/nowhere/a.pem'"),
            std::string::npos)
      << started.error().text();
}

}  // namespace
}  // namespace transport_ws
