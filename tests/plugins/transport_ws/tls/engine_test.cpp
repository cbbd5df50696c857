// tests/plugins/transport_ws/tls/engine_test.cpp - both ends on a pair of sockets that take little.
#include "tls/engine.hpp"

#include <array>
#include <fcntl.h>
#include <memory>
#include <string>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "paper.hpp"

namespace transport_ws::tls {
namespace {

constexpr int rounds_max = 100'000;

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets.data()), 0);
    const int little = 4096;
    for (const int socket : sockets) {
      ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
    }
  }

  void TearDown() override {
    client.reset();
    server.reset();
    for (const int socket : sockets) {
      ::close(socket);
    }
  }

  void open(const Settings& server_settings, const Settings& client_settings,
            const std::string& name = "localhost") {
    server = std::make_unique<Engine>(*Context::make(server_settings), sockets[0]);
    client = std::make_unique<Engine>(*Context::make(client_settings), sockets[1], name);
  }

  // Both ends in turn until both are through, or one fails.
  bool shake_hands() {
    for (int i = 0; i < rounds_max; ++i) {
      client->handshake(client_failure);
      server->handshake(server_failure);
      const auto over = [](const ErrorCode& failure) {
        return failure && failure != boost::asio::error::would_block;
      };
      if (over(client_failure) || over(server_failure)) {
        return false;
      }
      if (!client_failure && !server_failure) {
        return true;
      }
    }
    return false;
  }

  // Sends `text` from one end to the other.
  static std::string carry(Engine& from, Engine& to, std::string_view text) {
    std::string arrived;
    std::array<char, 20'000> room{};
    for (int i = 0; i < rounds_max && (!text.empty() || from.unsent() || to.more() || i < 3); ++i) {
      ErrorCode failure;
      from.flush(failure);
      if (!from.unsent() && !text.empty()) {
        const auto record = text.substr(0, record_bytes_max);
        from.write(record, failure);
        EXPECT_FALSE(failure) << failure.message();
        text.remove_prefix(record.size());
      }
      arrived.append(room.data(), to.read(room, failure));
    }
    ErrorCode failure;
    arrived.append(room.data(), to.read(room, failure));
    return arrived;
  }

  std::array<int, 2> sockets{-1, -1};
  std::unique_ptr<Engine> server;
  std::unique_ptr<Engine> client;
  ErrorCode server_failure;
  ErrorCode client_failure;
};

TEST_F(EngineTest, CarriesMoreThanTheSocketTakesBothWays) {
  const Office office;
  open(office.server, office.client);
  ASSERT_TRUE(shake_hands()) << client->explain(client_failure);
  EXPECT_TRUE(server->established());
  std::string text(1U << 20U, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char>(i % 251);
  }
  EXPECT_TRUE(carry(*client, *server, text) == text);
  EXPECT_TRUE(carry(*server, *client, text) == text);
}

TEST_F(EngineTest, TellsWhenThereIsMoreThanTheBufferHeld) {
  const Office office;
  open(office.server, office.client);
  ASSERT_TRUE(shake_hands());
  ErrorCode failure;
  client->write(std::string_view("0123456789"), failure);
  std::array<char, 4> room{};
  EXPECT_EQ(server->read(room, failure), 4U);
  EXPECT_TRUE(server->more());
  EXPECT_EQ(server->read(room, failure), 4U);
  EXPECT_EQ(server->read(room, failure), 2U);
  EXPECT_FALSE(failure);
  EXPECT_FALSE(server->more());
  EXPECT_EQ(server->read(room, failure), 0U);
  EXPECT_EQ(failure, boost::asio::error::would_block);
}

TEST_F(EngineTest, EndsBetweenTheLastBytesAndNothing) {
  const Office office;
  open(office.server, office.client);
  ASSERT_TRUE(shake_hands());
  ErrorCode failure;
  client->write(std::string_view("bye"), failure);
  client->shut();
  std::array<char, 16> room{};
  EXPECT_EQ(server->read(room, failure), 3U);
  EXPECT_FALSE(failure);
  EXPECT_TRUE(server->more());  // the end is to be read without waiting for the socket
  EXPECT_EQ(server->read(room, failure), 0U);
  EXPECT_EQ(failure, boost::asio::error::eof);
}

TEST_F(EngineTest, TakesARudeEndForAnEnd) {
  const Office office;
  open(office.server, office.client);
  ASSERT_TRUE(shake_hands());
  ::shutdown(sockets[1], SHUT_WR);
  ErrorCode failure;
  std::array<char, 16> room{};
  EXPECT_EQ(server->read(room, failure), 0U);
  EXPECT_EQ(failure, boost::asio::error::eof);
}

TEST_F(EngineTest, KnowsWhoTheOtherSideIs) {
  const Office office(ClientCertificate::Required);
  open(office.server, office.client_as("sensor-7", "DNS:s7.example.org"));
  EXPECT_TRUE(server->peer().empty());
  ASSERT_TRUE(shake_hands()) << server_failure.message();
  EXPECT_EQ(server->peer().subject, "CN=sensor-7");
  EXPECT_EQ(client->peer().subject, "CN=localhost");
}

TEST_F(EngineTest, DemandsACertificateOnlyWhereItIsRequired) {
  const Office optional(ClientCertificate::Optional);
  open(optional.server, optional.client);
  ASSERT_TRUE(shake_hands());
  EXPECT_TRUE(server->peer().empty());
  client.reset();
  const Office required(ClientCertificate::Required);
  TearDown();
  SetUp();
  open(required.server, required.client);
  while (!server_failure || server_failure == boost::asio::error::would_block) {
    client->handshake(client_failure);
    server->handshake(server_failure);
  }
  EXPECT_NE(server_failure.message().find("peer did not return a certificate"), std::string::npos);
}

TEST_F(EngineTest, RefusesACertificateOfAnotherAuthority) {
  const Office office(ClientCertificate::Optional);
  const Office stranger;
  Settings forged = stranger.client_as("sensor-7");
  forged.ca = office.client.ca;
  open(office.server, forged);
  while (!server_failure || server_failure == boost::asio::error::would_block) {
    client->handshake(client_failure);
    server->handshake(server_failure);
  }
  EXPECT_NE(server->explain(server_failure).find("certificate verify failed"), std::string::npos)
      << server->explain(server_failure);
  EXPECT_TRUE(server->peer().empty());
}

TEST_F(EngineTest, ClientsVerifyNameAndAuthority) {
  const Office office;
  open(office.server, office.client, "other.example.org");
  ASSERT_FALSE(shake_hands());
  EXPECT_NE(client->explain(client_failure).find("hostname mismatch"), std::string::npos)
      << client->explain(client_failure);
  TearDown();
  SetUp();
  const Office stranger;
  open(office.server, stranger.client);
  ASSERT_FALSE(shake_hands());
  EXPECT_NE(client->explain(client_failure).find("certificate verify failed"), std::string::npos);
  TearDown();
  SetUp();
  open(office.server, office.client, "127.0.0.1");
  EXPECT_TRUE(shake_hands());
}

TEST_F(EngineTest, ShowsTheCertificateOfTheNameThatIsAskedFor) {
  for (const auto demand : {ClientCertificate::None, ClientCertificate::Required}) {
    Office office(demand);
    const auto add = [&](const std::string& stem, const std::string& names) {
      const Paper paper = office.authority.issue(stem, names);
      office.server.by_name.push_back({office.folder.write(stem + ".pem", paper.certificate),
                                       office.folder.write(stem + ".key", paper.key)});
    };
    add("api", "DNS:api.example.org,DNS:localhost");
    add("any", "DNS:*.example.org");
    const Settings mine = office.client_as("me");
    for (const auto& [name, subject] :
         {std::pair<std::string, std::string>{"localhost", "CN=localhost"},
          {"127.0.0.1", "CN=localhost"},
          {"API.example.org", "CN=api"},
          {"www.example.org", "CN=any"}}) {
      TearDown();
      SetUp();
      open(office.server, mine, name);
      ASSERT_TRUE(shake_hands()) << name << ": " << client->explain(client_failure);
      EXPECT_EQ(client->peer().subject, subject) << name;
      EXPECT_EQ(server->peer().empty(), demand == ClientCertificate::None);
    }
    TearDown();
    SetUp();
    open(office.server, mine, "a.b.example.org");  // one label only: the first one is shown
    EXPECT_FALSE(shake_hands());
    TearDown();
    SetUp();
  }
}

TEST_F(EngineTest, RefusesOldVersions) {
  Office office;
  office.server.min_version = Version::Tls13;
  const auto old = *Context::make(office.client);
  SSL_CTX_set_max_proto_version(old->get(), TLS1_2_VERSION);
  server = std::make_unique<Engine>(*Context::make(office.server), sockets[0]);
  client = std::make_unique<Engine>(old, sockets[1], "localhost");
  EXPECT_FALSE(shake_hands());
  EXPECT_NE(server_failure.message().find("unsupported protocol"), std::string::npos);
}

TEST_F(EngineTest, RefusesWhatIsNoTls) {
  const Office office;
  open(office.server, office.client);
  const std::string http = "GET / HTTP/1.1\r\n\r\n";
  ASSERT_EQ(::send(sockets[1], http.data(), http.size(), 0), static_cast<ssize_t>(http.size()));
  std::array<char, 16> room{};
  EXPECT_EQ(server->read(room, server_failure), 0U);
  EXPECT_NE(server_failure.message().find("http request"), std::string::npos);
}

}  // namespace
}  // namespace transport_ws::tls
