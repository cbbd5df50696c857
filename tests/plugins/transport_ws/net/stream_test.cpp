// tests/plugins/transport_ws/net/stream_test.cpp - plain and secured streams behave alike.
#include "net/stream.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../tls/paper.hpp"

namespace transport_ws::net {
namespace {

class StreamTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    Acceptor acceptor(context, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    Socket there(context);
    there.connect(acceptor.local_endpoint());
    Socket here(acceptor.accept());
    if (GetParam()) {
      server = std::make_unique<Stream>(std::move(here), *tls::Context::make(office.server));
      client = std::make_unique<Stream>(std::move(there), *tls::Context::make(office.client),
                                        "localhost");
    } else {
      server = std::make_unique<Stream>(std::move(here));
      client = std::make_unique<Stream>(std::move(there));
    }
    ErrorCode ignored;
    (void)server->non_blocking(true, ignored);
    (void)client->non_blocking(true, ignored);
    while (client->shaking_hands() || server->shaking_hands()) {
      client->handshake(ignored);
      server->handshake(ignored);
    }
  }

  tls::Office office;
  asio::io_context context;
  std::unique_ptr<Stream> server;
  std::unique_ptr<Stream> client;
};

TEST_P(StreamTest, GathersPiecesInOrder) {
  const std::vector<std::string> texts = {"one ", std::string(40'000, 'x'), "", " two"};
  std::vector<asio::const_buffer> pieces;
  std::string all;
  for (const std::string& text : texts) {
    pieces.push_back(asio::buffer(text));
    all += text;
  }
  ErrorCode failure;
  ASSERT_EQ(client->write_some(pieces, failure), all.size());
  std::string arrived;
  std::vector<char> room(65'536);
  std::function<void(ErrorCode)> on_ready = [&](ErrorCode cancelled) {
    ErrorCode problem;
    arrived.append(room.data(), server->read_some(asio::buffer(room), problem));
    if (!cancelled && arrived.size() < all.size()) {
      server->async_wait(Socket::wait_read, on_ready);
    }
  };
  server->async_wait(Socket::wait_read, on_ready);
  context.run_for(std::chrono::seconds(10));
  EXPECT_TRUE(arrived == all);
}

TEST_P(StreamTest, IsWokenForWhatWasReadAlready) {
  ErrorCode failure;
  ASSERT_EQ(client->write_some(asio::buffer("abcdefgh", 8), failure), 8U);
  std::string arrived;
  std::array<char, 3> room{};
  std::function<void(ErrorCode)> on_ready = [&](ErrorCode /*cancelled*/) {
    ErrorCode problem;
    arrived.append(room.data(), server->read_some(asio::buffer(room), problem));
    if (arrived.size() < 8) {
      server->async_wait(Socket::wait_read, on_ready);
    }
  };
  server->async_wait(Socket::wait_read, on_ready);
  context.run_for(std::chrono::seconds(10));
  EXPECT_EQ(arrived, "abcdefgh");
}

TEST_P(StreamTest, BlocksAndGoesOn) {
  const std::string piece(256U << 10U, 'y');
  ErrorCode failure;
  std::size_t sent = 0;
  while (!failure) {
    sent += client->write_some(asio::buffer(piece), failure);
  }
  EXPECT_EQ(failure, asio::error::would_block);
  EXPECT_EQ(client->unsent(), GetParam());
  std::size_t got = 0;
  std::vector<char> room(65'536);
  for (int i = 0; i < 1'000'000 && (got < sent || client->unsent()); ++i) {
    (void)client->write_some(std::array<asio::const_buffer, 0>(), failure);
    got += server->read_some(asio::buffer(room), failure);
  }
  EXPECT_EQ(got, sent);
}

TEST_P(StreamTest, EndsWithTheOtherSide) {
  ErrorCode failure;
  (void)client->shutdown(Socket::shutdown_send, failure);
  std::array<char, 16> room{};
  bool ended = false;
  server->async_wait(Socket::wait_read, [&](ErrorCode /*cancelled*/) {
    ErrorCode problem;
    (void)server->read_some(asio::buffer(room), problem);
    ended = problem == asio::error::eof;
  });
  context.run_for(std::chrono::seconds(10));
  EXPECT_TRUE(ended);
  (void)server->close(failure);
  (void)server->read_some(asio::buffer(room), failure);
  EXPECT_EQ(failure, asio::error::bad_descriptor);
}

INSTANTIATE_TEST_SUITE_P(PlainAndSecured, StreamTest, ::testing::Bool());

}  // namespace
}  // namespace transport_ws::net
