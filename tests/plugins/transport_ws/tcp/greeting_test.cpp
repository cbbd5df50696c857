// tests/plugins/transport_ws/tcp/greeting_test.cpp - TLS is agreed on in time, or it is over.
#include "tcp/greeting.hpp"

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "../own_loop.hpp"
#include "../tls/secure_client.hpp"

namespace transport_ws::tcp {
namespace {

class GreetingTest : public ::testing::Test, protected OwnLoop {
 protected:
  // `client`: what connects to the port, in a thread of its own.
  void greet(const std::function<void(std::uint16_t port)>& client, std::uint32_t deadline_ms) {
    auto paper = tls::Context::make(office.server);
    ASSERT_TRUE(paper) << paper.error().text();
    net::Acceptor acceptor(context, net::Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    std::jthread other([&, port = acceptor.local_endpoint().port()] { client(port); });
    const auto greeting =
        std::make_shared<Greeting>(net::Stream(net::Socket(acceptor.accept()), *paper),
                                   session::Desk{context, scratch, counters, replies}, deadline_ms);
    greeting->start(
        [this](net::Stream ready, const std::string& bytes) {
          stream.emplace(std::move(ready));
          already_read = bytes;
        },
        [this](std::string_view why) { how = why; });
    EXPECT_TRUE(run_until([&] { return stream || !how.empty(); }));
    over.set_value();
  }

  const tls::Office office;
  std::vector<char> scratch = std::vector<char>(read_scratch_bytes);
  session::Counters counters;
  std::string replies;
  std::promise<void> over;  // the server has made up its mind
  std::optional<net::Stream> stream;
  std::string already_read;
  std::string how;
};

constexpr std::uint32_t long_ms = 60'000;

TEST_F(GreetingTest, HandsOverWhatIsSecured) {
  greet(
      [this](std::uint16_t port) {
        const tls::SecureClient client(port);
        EXPECT_TRUE(client.secured);
        over.get_future().wait();  // to hang up earlier is another story
      },
      long_ms);
  ASSERT_TRUE(stream);
  EXPECT_FALSE(stream->shaking_hands());
  EXPECT_EQ(how, "");
}

TEST_F(GreetingTest, EndsWhatIsNoTls) {
  greet([](std::uint16_t port) { RawClient(port).send("{\"jsonrpc\":\"2.0\"}\n"); }, long_ms);
  EXPECT_FALSE(stream);
  EXPECT_TRUE(how.starts_with("TLS: ")) << how;
}

TEST_F(GreetingTest, EndsWhoHangsUp) {
  greet([](std::uint16_t port) { RawClient(port).send("\x16\x03\x01"); }, long_ms);
  EXPECT_EQ(how, "hung up");
}

TEST_F(GreetingTest, DoesNotWaitForEver) {
  greet(
      [](std::uint16_t port) {
        RawClient silent(port);
        EXPECT_EQ(silent.read_all(), "");
      },
      50);
  EXPECT_EQ(how, "timeout");
}

}  // namespace
}  // namespace transport_ws::tcp
