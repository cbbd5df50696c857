// tests/plugins/transport_ws/route/inlet_test.cpp - messages become records; a channel that is slow
// or refuses is felt by the client.
#include "route/inlet.hpp"

#include <future>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "../raw_client.hpp"
#include "../server/test_server.hpp"

namespace transport_ws::route {
namespace {

using server::Settings;
using server::TestServer;

TEST(Inlet, WritesRecords) {
  EXPECT_EQ(record_of(7, {}, frame::Opcode::Text, "say \"hi\""),
            R"({"connection":7,"kind":"text","text":"say \"hi\""})");
  EXPECT_EQ(record_of(7, {}, frame::Opcode::Binary, std::string("\0\1\2\3", 4)),
            R"({"connection":7,"kind":"binary","base64":"AAECAw=="})");
  EXPECT_EQ(record_of(7, "ann", frame::Opcode::Text, "hi"),
            R"({"connection":7,"principal":"ann","kind":"text","text":"hi"})");
}

// A bus that answers when the test says so.
class InletTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t in_flight_max = 4;

  InletTest() {
    Settings settings;
    settings.listen = {asio::ip::address_v4::loopback(), 0};
    settings.gateway.in_flight_max = in_flight_max;
    Route route;
    route.name = "sensors";
    route.path = "/sensors";
    route.to = To::Channel;
    settings.routes = {route};
    server::TcpListener lines;
    lines.route.name = "lines";
    lines.route.to = To::Channel;
    lines.listen = settings.listen;
    lines.session.farewell = true;  // so that the test hears why
    settings.tcp = {lines};
    server_ = std::make_unique<server::Server>(
        settings,
        [this](asio::io_context&) {
          auto made = std::make_unique<rpc::FakeBus>();
          bus = made.get();
          return made;
        },
        deaf_);
    EXPECT_TRUE(server_->open());
    server_->run();
    client = std::make_unique<RawClient>(server_->listening().port());
    EXPECT_EQ(client->shake_hands({}, "/sensors"), 101U);
    client->settle();
  }

  template <typename Work>
  auto on_loop(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto done = task.get_future();
    asio::post(server_->loops().front()->context(), std::move(task));
    return done.get();
  }

  struct Deaf final : server::Observer {
    void on_open(std::uint64_t /*id*/, const std::string& /*address*/,
                 std::string_view /*principal*/) override {}

    void on_closed(std::uint64_t /*id*/, std::uint16_t /*code*/,
                   std::string_view /*why*/) override {}

    void on_rejected(const std::string& /*address*/, std::string_view /*why*/) override {}

    void on_certificate(std::string_view /*key*/, const bp::result<void>& /*taken*/) override {}

    void on_bridge(const std::string& /*channel*/, std::string_view /*what*/) override {}
  };

  Deaf deaf_;
  rpc::FakeBus* bus = nullptr;
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<RawClient> client;
};

TEST_F(InletTest, PublishesTextAndBytes) {
  client->send_frame(frame::Opcode::Text, "one");
  client->send_frame(frame::Opcode::Binary, "two");
  client->settle();  // a ping behind them: both were handled
  on_loop([this] {
    ASSERT_EQ(bus->asked.size(), 2U);
    EXPECT_EQ(bus->asked[0].whom, "ws.in.sensors");
    EXPECT_EQ(bus->asked[0].json, R"({"connection":1,"kind":"text","text":"one"})");
    EXPECT_EQ(bus->asked[1].json, R"({"connection":1,"kind":"binary","base64":"dHdv"})");
  });
}

TEST_F(InletTest, ReadsNothingWhileTooMuchIsOnItsWay) {
  std::string burst;
  for (std::uint32_t i = 0; i < in_flight_max; ++i) {
    burst += frame::encode_frame(frame::Opcode::Text, std::to_string(i), 7U);
  }
  client->send(burst);
  while (on_loop([this] { return bus->asked.size(); }) < in_flight_max) {
    std::this_thread::yield();
  }
  client->send_text("later");
  client->send_frame(frame::Opcode::Ping, "p");
  on_loop([this] {
    EXPECT_EQ(bus->asked.size(), in_flight_max);
    while (!bus->asked.empty()) {
      bus->answer();
    }
  });
  EXPECT_EQ(client->read_text(), "p");  // read again, behind "later"
  on_loop([this] { EXPECT_EQ(bus->asked.size(), 1U); });
}

TEST_F(InletTest, ClosesTheConnectionOfAMessageThatWasRefused) {
  client->send_text("lost");
  client->settle();
  on_loop([this] { bus->answer(bp::fail(BP_E_FULL, "the queue is full")); });
  std::string reason;
  EXPECT_EQ(client->read_close(&reason), 1013U);
  EXPECT_EQ(reason, "ws.in.sensors: the queue is full");
}

// As `printf ... | nc -N` does: the end of what is said is not the end of what it is told.
TEST_F(InletTest, WaitsForTheChannelWhenEverythingIsSaid) {
  const auto say = [this](RawClient& pipe) {
    pipe.send("one\ntwo\n");
    pipe.shut_sending();
    while (on_loop([this] { return bus->asked.size(); }) < 2) {
      std::this_thread::yield();
    }
    on_loop([this] { bus->answer(); });
  };
  RawClient taken(server_->tcp_listening()[0].port());
  say(taken);
  on_loop([this] { bus->answer(); });
  EXPECT_NE(taken.read_all().find(R"("code":1000)"), std::string::npos);
  RawClient refused(server_->tcp_listening()[0].port());
  say(refused);
  on_loop([this] { bus->answer(bp::fail(BP_E_FULL, "the queue is full")); });
  EXPECT_NE(refused.read_all().find(R"("code":1013)"), std::string::npos);
}

TEST_F(InletTest, DrainsWhatIsOnItsWay) {
  client->send_text("last");
  client->settle();
  std::promise<void> drained;
  server_->drain(1012, [&] { drained.set_value(); });
  on_loop([this] { bus->answer(); });
  EXPECT_EQ(client->read_close(), 1012U);
  client->hang_up();
  EXPECT_EQ(drained.get_future().wait_for(RawClient::patience), std::future_status::ready);
}

}  // namespace
}  // namespace transport_ws::route
