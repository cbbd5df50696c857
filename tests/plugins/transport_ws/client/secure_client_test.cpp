// tests/plugins/transport_ws/client/secure_client_test.cpp - wss:// against our own server.
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../own_loop.hpp"
#include "../server/test_server.hpp"
#include "../tls/paper.hpp"
#include "client/client.hpp"

namespace transport_ws::client {
namespace {

const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
const std::string pong = R"({"jsonrpc":"2.0","id":1,"result":"pong"})";

class SecureClientTest : public ::testing::Test, protected OwnLoop, public Client::Handler {
 protected:
  void TearDown() override {
    if (client) {
      client->stop();
      context.restart();
      context.run_for(std::chrono::milliseconds(20));
    }
  }

  void connect(const tls::Settings& tls, const std::string& host = "localhost",
               std::uint32_t retries_max = 1) {
    server =
        std::make_unique<server::TestServer>([&](server::Settings& of) { of.tls = office.server; });
    settings.backoff = {.initial_ms = 1, .max_ms = 5, .retries_max = retries_max};
    settings.tls = tls;
    client = std::make_shared<Client>(
        *parse_url("wss://" + host + ":" + std::to_string(server->port())), settings, *this,
        session::Desk{context, scratch, counters, replies});
    client->start();
  }

  void on_connected() override { ++connections; }

  void on_message(frame::Opcode /*kind*/, std::string_view payload) override {
    messages.emplace_back(payload);
  }

  void on_disconnected(std::string_view why, std::uint32_t /*retry_ms*/) override { last = why; }

  void on_gave_up(std::string_view why) override { gave_up = why; }

  tls::Office office{tls::ClientCertificate::Optional};
  std::vector<char> scratch = std::vector<char>(read_scratch_bytes);
  session::Counters counters;
  std::string replies;
  ClientSettings settings;
  std::unique_ptr<server::TestServer> server;
  std::shared_ptr<Client> client;
  std::vector<std::string> messages;
  std::string last;
  std::string gave_up;
  int connections = 0;
};

TEST_F(SecureClientTest, SpeaksWithOurServer) {
  connect(office.client_as("me"));
  EXPECT_TRUE(client->send(ping));
  ASSERT_TRUE(run_until([&] { return messages.size() == 1; })) << last;
  EXPECT_EQ(messages[0], pong);
}

TEST_F(SecureClientTest, ConnectsToANumericAddressThatTheCertificateNames) {
  connect(office.client, "127.0.0.1");
  EXPECT_TRUE(run_until([&] { return connections == 1; })) << last;
}

TEST_F(SecureClientTest, DoesNotTalkToAServerThatItDoesNotKnow) {
  const tls::Office stranger;
  connect(stranger.client);
  ASSERT_TRUE(run_until([&] { return !gave_up.empty(); }));
  EXPECT_NE(gave_up.find("certificate verify failed"), std::string::npos) << gave_up;
  EXPECT_EQ(connections, 0);
}

TEST_F(SecureClientTest, SaysWhichFileItCouldNotUse) {
  tls::Settings broken = office.client;
  broken.ca = office.folder.write("broken.pem", "garbage");
  connect(broken);
  ASSERT_TRUE(run_until([&] { return !gave_up.empty(); }));
  EXPECT_NE(gave_up.find("broken.pem"), std::string::npos) << gave_up;
}

TEST_F(SecureClientTest, UsesChangedFilesForTheNextConnection) {
  const tls::Office stranger;
  tls::Settings later = office.client;
  later.ca = office.folder.write("later.pem", stranger.authority.certificate());
  connect(later, "localhost", 0);
  ASSERT_TRUE(run_until([&] { return !last.empty(); }));
  office.folder.write("later.pem", office.authority.certificate());
  EXPECT_TRUE(run_until([&] { return connections == 1; })) << last;
}

}  // namespace
}  // namespace transport_ws::client
