// tests/plugins/transport_ws/server/loop_test.cpp - one loop by itself: what it is told, and what
// it leaves behind.
#include "server/loop.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../raw_client.hpp"
#include "../rpc/fake_bus.hpp"

namespace transport_ws::server {
namespace {

class LoopTest : public ::testing::Test, public Observer {
 protected:
  void SetUp() override {
    settings.drain_ms = 50;
    loop = std::make_unique<Loop>(
        0, settings, [](asio::io_context&) { return std::make_unique<rpc::FakeBus>(); }, *this,
        hub);
    loop->run();
  }

  void TearDown() override {
    if (loop) {
      loop->stop();  // before what it tells of goes
    }
  }

  // A connection as the server would hand it over.
  std::unique_ptr<RawClient> connect(bool accepted = true) {
    net::Acceptor acceptor(loop->context(),
                           net::Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    auto client = std::make_unique<RawClient>(acceptor.local_endpoint().port());
    if (accepted) {
      loop->adopt(net::Socket(acceptor.accept()),
                  std::move(*admission.enter(asio::ip::address_v4::loopback())));
    } else {
      loop->turn_away(net::Socket(acceptor.accept()), "too many connections",
                      session::Rejection::Connections);
    }
    return client;
  }

  void on_open(std::uint64_t connection, const std::string& /*address*/,
               std::string_view /*principal*/) override {
    opened.push_back(connection);
  }

  void on_closed(std::uint64_t /*connection*/, std::uint16_t code,
                 std::string_view /*reason*/) override {
    codes.push_back(code);
  }

  void on_rejected(const std::string& /*address*/, std::string_view /*reason*/) override {
    ++rejected;
  }

  void on_bridge(const std::string& /*channel*/, std::string_view /*what*/) override {}

  Settings settings;
  topic::Hub hub;
  net::Admission admission{10, 10};
  std::unique_ptr<Loop> loop;
  std::vector<std::uint64_t> opened;
  std::vector<std::uint16_t> codes;
  int rejected = 0;
};

TEST_F(LoopTest, TellsOfEveryConnection) {
  const auto client = connect();
  ASSERT_EQ(client->shake_hands(), 101U);
  client->send_frame(frame::Opcode::Close, frame::close_payload(1000, ""));
  EXPECT_EQ(client->read_close(), 1000U);
  EXPECT_FALSE(client->read_frame());
  loop->stop();
  EXPECT_EQ(opened, std::vector<std::uint64_t>{1});
  EXPECT_EQ(codes, std::vector<std::uint16_t>{1000});
  EXPECT_EQ(admission.inside(), 0U);
}

TEST_F(LoopTest, TurnsAwayPolitely) {
  const auto client = connect(false);
  EXPECT_EQ(client->read_header().substr(9, 3), "503");
  client->hang_up();
  loop->stop();
  EXPECT_EQ(rejected, 1);
}

TEST_F(LoopTest, GivesPlacesBackWhenItDiesWithConnections) {
  const auto client = connect();
  const auto unfinished = connect();
  ASSERT_EQ(client->shake_hands(), 101U);
  EXPECT_EQ(admission.inside(), 2U);
  loop.reset();
  EXPECT_EQ(admission.inside(), 0U);
  EXPECT_FALSE(client->read_frame());
}

TEST_F(LoopTest, DrainsInBoundedTime) {
  const auto client = connect();
  ASSERT_EQ(client->shake_hands(), 101U);
  client->send_text(
      R"({"jsonrpc":"2.0","id":1,"method":"publish","params":{"event":1}})");  // never answered
  client->send_text(R"({"jsonrpc":"2.0","id":2,"method":"ping"})");
  client->read_text();
  std::promise<void> drained;
  loop->drain(1001, [&] { drained.set_value(); });
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(LoopTest, ClosesLatecomersWhileItDrains) {
  std::promise<void> drained;
  loop->drain(1012, [&] { drained.set_value(); });
  drained.get_future().wait();
  const auto client = connect();
  ASSERT_EQ(client->shake_hands(), 101U);
  EXPECT_EQ(client->read_close(), 1012U);
}

}  // namespace
}  // namespace transport_ws::server
