// tests/plugins/transport_ws/server/secure_test.cpp - the server over TLS: service, reload, and
// what a public port meets.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "../tls/secure_client.hpp"
#include "test_server.hpp"

namespace transport_ws::server {
namespace {

const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
const std::string pong = R"({"jsonrpc":"2.0","id":1,"result":"pong"})";

class SecureServer : public ::testing::Test {
 protected:
  void start(const std::function<void(Settings&)>& adjust = {}) {
    server = std::make_unique<TestServer>([&](Settings& settings) {
      settings.tls = office.server;
      settings.tls_reload_ms = 1;
      if (adjust) {
        adjust(settings);
      }
    });
  }

  tls::Office office;
  std::unique_ptr<TestServer> server;
};

TEST_F(SecureServer, ServesClientsOverTls) {
  start();
  tls::SecureClient client(server->port());
  ASSERT_TRUE(client.secured);
  EXPECT_EQ(client.version(), "TLSv1.3");
  ASSERT_EQ(client.shake_hands(), 101U);
  client.send_text(ping);
  EXPECT_EQ(client.read_text(), pong);
  client.send_frame(frame::Opcode::Close, frame::close_payload(1000, ""));
  EXPECT_EQ(client.read_close(), 1000U);
  EXPECT_FALSE(client.read_frame());
  EXPECT_TRUE(server->heard("closed 1 1000"));
}

TEST_F(SecureServer, CarriesLargeMessagesInOrder) {
  start([](Settings& settings) { settings.session.message_bytes_max = 1U << 20U; });
  tls::SecureClient client(server->port());
  ASSERT_EQ(client.shake_hands(), 101U);
  client.send_text(
      R"({"jsonrpc":"2.0","id":0,"method":"subscribe","params":{"channel":"events"}})");
  client.read_text();
  const std::string large(500'000, 'x');
  std::jthread reader([&] {
    for (int i = 0; i < 20;) {
      const std::string text = client.read_text();
      ASSERT_NE(text, "(end)");
      if (text.find(R"("method":"event")") != std::string::npos) {
        EXPECT_NE(text.find(R"("seq":)" + std::to_string(++i) + ","), std::string::npos);
        EXPECT_GT(text.size(), large.size());
      }
    }
  });
  RawClient unused(server->metrics_port());
  tls::SecureClient publisher(server->port());
  ASSERT_EQ(publisher.shake_hands(), 101U);
  for (int i = 0; i < 20; ++i) {
    publisher.send_text(
        R"({"jsonrpc":"2.0","id":1,"method":"publish","params":{"event":{"data":")" + large +
        R"("}}})");
    publisher.read_text();
  }
}

TEST_F(SecureServer, SpeaksTls12WhereItMay) {
  start();
  tls::Settings old;
  old.min_version = tls::Version::Tls12;
  tls::SecureClient client(server->port(), old);
  EXPECT_TRUE(client.secured);
  EXPECT_EQ(client.shake_hands(), 101U);
}

TEST_F(SecureServer, UsesANewCertificateWithoutClosingConnections) {
  start();
  tls::SecureClient before(server->port());
  ASSERT_EQ(before.shake_hands(), 101U);
  EXPECT_EQ(before.server_name(), "localhost");
  office.renew("renewed");
  ASSERT_TRUE(server->heard("certificate tls reloaded"));
  EXPECT_EQ(tls::SecureClient(server->port()).server_name(), "renewed");
  before.send_text(ping);
  EXPECT_EQ(before.read_text(), pong);
}

TEST_F(SecureServer, KeepsTheOldCertificateWhenTheNewOneIsGarbage) {
  start();
  office.folder.write("server.pem", "garbage");
  ASSERT_TRUE(server->heard("certificate tls rejected"));
  tls::SecureClient client(server->port());
  ASSERT_TRUE(client.secured);
  EXPECT_EQ(client.server_name(), "localhost");
  EXPECT_EQ(client.shake_hands(), 101U);
}

TEST_F(SecureServer, RefusesGarbageAndPlainHttp) {
  start();
  RawClient garbage(server->port());
  garbage.send(std::string(64, 'x'));
  garbage.read_all();
  EXPECT_TRUE(server->heard("rejected TLS: "));
  RawClient plain(server->port());
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  plain.read_all();
  EXPECT_TRUE(server->heard("http request"));
}

TEST_F(SecureServer, CountsTheTlsHandshakeInTheDeadline) {
  // Long enough for a whole TLS handshake on a busy machine.
  start([](Settings& settings) { settings.handshake_ms = 1'500; });
  tls::SecureClient mute(server->port());  // through with TLS, no request
  EXPECT_TRUE(mute.secured);
  RawClient silent(server->port());
  RawClient half(server->port());
  half.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9));  // begins a ClientHello
  EXPECT_EQ(mute.read_all(), "");
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(half.read_all(), "");
  EXPECT_TRUE(server->heard("rejected timeout"));
  while (server->server->connections() > 0) {
    std::this_thread::yield();  // a place is given back a moment after the socket
  }
}

TEST_F(SecureServer, HangsUpOnOneTooManyWithoutAHandshake) {
  start([](Settings& settings) { settings.connections_max = 1; });
  tls::SecureClient first(server->port());
  ASSERT_EQ(first.shake_hands(), 101U);
  EXPECT_FALSE(tls::SecureClient(server->port()).secured);
  EXPECT_TRUE(server->heard("rejected too many connections"));
}

TEST_F(SecureServer, DemandsClientCertificates) {
  const tls::Office strict(tls::ClientCertificate::Required);
  start([&](Settings& settings) { settings.tls = strict.server; });
  tls::SecureClient known(server->port(), strict.client_as("sensor-7"));
  EXPECT_EQ(known.shake_hands(), 101U);
  tls::SecureClient nobody(server->port());
  nobody.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(nobody.read_all(), "");
  EXPECT_TRUE(server->heard("peer did not return a certificate"));
}

TEST_F(SecureServer, ServesMetricsOverTls) {
  start([&](Settings& settings) { settings.metrics_tls = office.server; });
  tls::SecureClient scraper(server->metrics_port());
  scraper.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(scraper.read_all().substr(9, 3), "404");
}

TEST_F(SecureServer, DoesNotOpenWithoutItsFiles) {
  Settings settings;
  settings.listen = {asio::ip::address_v4::loopback(), 0};
  settings.tls = office.server;
  settings.tls->key = office.folder.at("nothing");
  start();
  Observer& observer = *server;
  Server closed(
      settings, [](asio::io_context&) { return std::make_unique<rpc::FakeBus>(); }, observer);
  const auto opened = closed.open();
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().text().starts_with("reading the files of 'tls': cannot open '"))
      << opened.error().text();
}

}  // namespace
}  // namespace transport_ws::server
