// tests/plugins/transport_ws/net/readiness_test.cpp - edges, turns, and who is forgotten within
// one.
#include "net/readiness.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "../own_loop.hpp"

namespace transport_ws::net {
namespace {

// Both ends of a connection; the near one is watched.
class Line : public Readiness::Watcher {
 public:
  explicit Line(Readiness& readiness) : readiness_(readiness) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()), 0);
    ErrorCode failure;
    readiness_.watch(ends_[0], *this, failure);
    EXPECT_FALSE(failure) << failure.message();
  }

  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  virtual ~Line() {
    forget();
    close(ends_[0]);
    close(ends_[1]);
  }

  void forget() {
    if (watched) {
      readiness_.forget(ends_[0], *this);
    }
    watched = false;
  }

  void send() { EXPECT_EQ(write(ends_[1], "x", 1), 1); }

  void hang_up() { shutdown(ends_[1], SHUT_WR); }

  void again() { readiness_.again(*this); }

  std::vector<std::uint32_t> told;
  std::function<void()> on_told = [] {};
  bool watched = true;

 private:
  void on_ready(std::uint32_t events) override {
    told.push_back(events);
    on_told();
  }

  Readiness& readiness_;
  std::array<int, 2> ends_{-1, -1};
};

class ReadinessTest : public ::testing::Test, protected OwnLoop {
 protected:
  void settle() {
    context.restart();
    while (context.poll() > 0) {
      context.restart();
    }
  }

  Readiness& readiness = asio::use_service<Readiness>(context);
};

TEST_F(ReadinessTest, TellsEachEdgeOnce) {
  Line line(readiness);
  ASSERT_TRUE(run_until([&] { return line.told.size() == 1; }));
  EXPECT_EQ(line.told[0] & EPOLLIN, 0U);  // writable from the start
  line.send();
  ASSERT_TRUE(run_until([&] { return line.told.size() == 2; }));
  EXPECT_NE(line.told[1] & EPOLLIN, 0U);
  settle();
  EXPECT_EQ(line.told.size(), 2U);  // still unread, and not told again
  line.send();
  EXPECT_TRUE(run_until([&] { return line.told.size() == 3; }));
}

TEST_F(ReadinessTest, TellsWhatWasReadyBefore) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  ASSERT_EQ(write(ends[1], "x", 1), 1);

  struct Ear final : Readiness::Watcher {
    void on_ready(std::uint32_t events) override { told |= events; }

    std::uint32_t told = 0;
  } watcher;

  ErrorCode failure;
  readiness.watch(ends[0], watcher, failure);
  EXPECT_TRUE(run_until([&] { return (watcher.told & EPOLLIN) != 0; }));
  readiness.forget(ends[0], watcher);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(ReadinessTest, TellsTheEndOfTheOtherSide) {
  Line line(readiness);
  line.hang_up();
  EXPECT_TRUE(
      run_until([&] { return !line.told.empty() && (line.told.back() & EPOLLRDHUP) != 0; }));
}

TEST_F(ReadinessTest, SaysWhySomethingCannotBeWatched) {
  struct Ear final : Readiness::Watcher {
    void on_ready(std::uint32_t /*events*/) override {}
  } watcher;

  ErrorCode failure;
  readiness.watch(-1, watcher, failure);
  EXPECT_EQ(failure, boost::system::errc::bad_file_descriptor);
}

TEST_F(ReadinessTest, ForgetsWithinATurnWhoWasNotToldYet) {
  std::vector<std::unique_ptr<Line>> lines;
  for (int i = 0; i < 8; ++i) {
    lines.push_back(std::make_unique<Line>(readiness));
  }
  int told = 0;
  for (auto& line : lines) {
    line->on_told = [&] {
      ++told;
      for (auto& other : lines) {
        other->forget();  // itself, too
      }
    };
  }
  ASSERT_TRUE(run_until([&] { return told > 0; }));
  settle();
  EXPECT_EQ(told, 1);
}

TEST_F(ReadinessTest, TellsAgainAfterTheOthers) {
  Line first(readiness);
  Line second(readiness);
  std::string order;
  first.on_told = [&] {
    order += '1';
    if (order.size() < 4) {
      first.again();
    }
  };
  second.on_told = [&] { order += '2'; };
  ASSERT_TRUE(run_until([&] { return order.size() == 4; }));
  settle();
  EXPECT_EQ(order, "1211");
  EXPECT_EQ(first.told.back(), 0U);
}

TEST_F(ReadinessTest, ForgetsWhoWasToBeToldAgain) {
  Line line(readiness);
  ASSERT_TRUE(run_until([&] { return line.told.size() == 1; }));
  line.again();
  line.forget();
  settle();
  EXPECT_EQ(line.told.size(), 1U);
}

TEST_F(ReadinessTest, KeepsTheLoopAtWorkAsLongAsItWatches) {
  Line line(readiness);
  ASSERT_TRUE(run_until([&] { return !line.told.empty(); }));
  settle();
  EXPECT_FALSE(context.stopped());
  line.forget();
  context.restart();
  context.run();  // returns: nothing is left
  EXPECT_TRUE(context.stopped());
}

TEST_F(ReadinessTest, TellsMoreThanFitIntoOneTurn) {
  std::vector<std::unique_ptr<Line>> lines;
  for (std::size_t i = 0; i < ready_sockets_max + 10; ++i) {
    lines.push_back(std::make_unique<Line>(readiness));
  }
  EXPECT_TRUE(run_until(
      [&] { return std::ranges::all_of(lines, [](auto& line) { return !line->told.empty(); }); }));
}

}  // namespace
}  // namespace transport_ws::net
