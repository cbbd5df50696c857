// tests/plugins/transport_ws/server/listener_test.cpp - sharing a port, and running out of
// descriptors.
#include "server/listener.hpp"

#include <chrono>
#include <fcntl.h>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "../own_loop.hpp"
#include "../raw_client.hpp"

namespace transport_ws::server {
namespace {

const net::Tcp::endpoint free_port(asio::ip::address_v4::loopback(), 0);

// Takes every descriptor but `left`, under a limit that is near.
class Famine {
 public:
  explicit Famine(std::size_t left) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit near = before_;
    const int highest = ::fcntl(0, F_DUPFD, 512);  // above all that are open
    near.rlim_cur = static_cast<rlim_t>(highest) + 64;
    ::close(highest);
    ::setrlimit(RLIMIT_NOFILE, &near);
    for (int taken = ::dup(0); taken >= 0; taken = ::dup(0)) {
      taken_.push_back(taken);
    }
    for (std::size_t i = 0; i < left; ++i) {
      give_back();
    }
  }

  Famine(const Famine&) = delete;
  Famine& operator=(const Famine&) = delete;

  ~Famine() { end(); }

  void end() {
    while (!taken_.empty()) {
      give_back();
    }
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  void give_back() {
    ::close(taken_.back());
    taken_.pop_back();
  }

  rlimit before_{};
  std::vector<int> taken_;
};

class ListenerTest : public ::testing::Test, protected OwnLoop {
 protected:
  void accept(Listener& listener) {
    listener.accept(
        [this](net::Socket socket, const net::Tcp::endpoint& /*from*/) {
          accepted.push_back(std::move(socket));
        },
        [this](bool paused, const std::string& reason) {
          news.push_back(paused ? reason : "(goes on)");
        });
  }

  std::vector<net::Socket> accepted;
  std::vector<std::string> news;
};

TEST_F(ListenerTest, PausesWithoutDescriptorsAndGoesOn) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizers need descriptors for their own checks";
#endif
  Listener listener(context);
  ASSERT_TRUE(listener.bind(free_port, "listen"));
  accept(listener);
  Famine famine(1);
  RawClient client(listener.endpoint().port());  // takes the last one
  ASSERT_TRUE(run_until([&] { return !news.empty(); }));
  EXPECT_EQ(news[0], "Too many open files");
  context.restart();
  context.run_for(std::chrono::milliseconds(3 * accept_retry_ms));  // tried again, told once
  EXPECT_EQ(news.size(), 1U);
  EXPECT_TRUE(accepted.empty());
  famine.end();
  ASSERT_TRUE(run_until([&] { return !accepted.empty(); }));
  EXPECT_EQ(news.back(), "(goes on)");
}

TEST_F(ListenerTest, SharesAPortOnlyWhenAsked) {
  Listener first(context);
  ASSERT_TRUE(first.bind(free_port, "listen", true));
  Listener second(context);
  EXPECT_TRUE(second.bind(first.endpoint(), "listen", true));
  Listener stranger(context);
  const auto refused = stranger.bind(first.endpoint(), "listen");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), BP_E_EXISTS);
  EXPECT_NE(refused.error().text().find("fix: end the process that listens there"),
            std::string::npos);
}

TEST_F(ListenerTest, AcceptsNothingWhenItIsClosed) {
  Listener listener(context);
  ASSERT_TRUE(listener.bind(free_port, "listen"));
  accept(listener);
  RawClient client(listener.endpoint().port());
  ASSERT_TRUE(run_until([&] { return accepted.size() == 1; }));
  listener.close();
  listener.close();
  context.restart();
  context.run_for(std::chrono::milliseconds(20));
  EXPECT_TRUE(news.empty());
}

}  // namespace
}  // namespace transport_ws::server
