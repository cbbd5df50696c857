// tests/host/slot/coroutines_test.cpp - methods that are coroutines of the C++ layer, in real
// slots: cancelled from both sides, limited, and joined by STOP.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "backplane/cpp/plugin.hpp"

#include "tests/host/slot/fixture.hpp"
#include "tests/host/slot/inbox.hpp"

using namespace std::chrono_literals;

namespace host::slot {
namespace {

// What the tests see of the plugin below.
struct Watcher {
  std::mutex mutex;
  std::condition_variable changed;
  int running = 0;
  int most = 0;
  int begun = 0;
  int ended = 0;

  void begin() {
    const std::lock_guard lock(mutex);
    ++begun;
    most = std::max(most, ++running);
    changed.notify_all();
  }

  void end() {
    const std::lock_guard lock(mutex);
    --running;
    ++ended;
    changed.notify_all();
  }

  [[nodiscard]] bool wait_for(int Watcher::* count, int value) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 20s, [&] { return this->*count >= value; });
  }
};

// Sleeps as many milliseconds as its request says.
class Sleeper {
 public:
  explicit Sleeper(bp::context& cx)
      : watcher_(reinterpret_cast<Watcher*>(std::stoull(std::string(cx.config_text())))) {}

  void start(bp::context& cx) {
    bp::service offered("sleeper", 1, 0);
    const auto sleep = [this, &cx](bp::call on) -> bp::task<bp::result<bp::buffer>> {
      const Presence presence(*watcher_);
      co_await cx.sleep(std::chrono::milliseconds(std::stoul(std::string(on.text()))));
      co_return on.reply(on.bytes());
    };
    offered.method(1, "Sleep", {}, sleep);
    offered.method(2, "Limited", {}, sleep, {.concurrency = 2, .queue = 16});
    cx.provide(std::move(offered));
  }

 private:
  struct Presence {
    explicit Presence(Watcher& watcher) : watcher_(watcher) { watcher_.begin(); }

    ~Presence() { watcher_.end(); }

    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

    Watcher& watcher_;
  };

  Watcher* watcher_;
};

struct Declared {
  static std::string_view text() noexcept { return "{}"; }
};

using Glue = bp::detail::glue<Sleeper, Declared>;

class SlotCoroutines : public Instances {
 protected:
  void SetUp() override {
    provider_.run();
    service_ = require(caller_, "sleeper").handle;
    ASSERT_NE(service_, 0U);
  }

  const bp_plugin plugin_{
      sizeof(bp_plugin), 0,      "org.example.sleeper", "1.0.0", &Glue::create, &Glue::destroy,
      &Glue::on_events,  nullptr};
  Watcher watcher_;
  Actor provider_{stage_, "provider", plugin_, &watcher_};
  Actor& caller_ = running("caller");
  Inbox at_caller_{caller_};
  bp_svc service_ = 0;
};

TEST_F(SlotCoroutines, AreAnsweredWhenTheyEnd) {
  ASSERT_EQ(call(caller_, service_, 1, "1").status, BP_OK);
  EXPECT_EQ(at_caller_.next(BP_EV_REPLY).text, "1");
}

TEST_F(SlotCoroutines, ACallerThatCancelsEndsTheHandler) {
  const Said made = call(caller_, service_, 1, "3600000", far());
  ASSERT_TRUE(watcher_.wait_for(&Watcher::begun, 1));
  EXPECT_EQ(caller_.svc()->cancel(caller_.host(), made.handle), BP_OK);
  EXPECT_TRUE(watcher_.wait_for(&Watcher::ended, 1));
  EXPECT_EQ(at_caller_.count(BP_EV_REPLY), 0U);
}

TEST_F(SlotCoroutines, ADeadlineEndsTheHandlerToo) {
  ASSERT_EQ(call(caller_, service_, 1, "3600000", runtime::now_ns() + 20'000'000).status, BP_OK);
  EXPECT_EQ(at_caller_.next(BP_EV_REPLY).status, BP_E_TIMEOUT);
  EXPECT_TRUE(watcher_.wait_for(&Watcher::ended, 1));
}

TEST_F(SlotCoroutines, NoMoreRunThanTheLimitSays) {
  constexpr int calls = 12;
  for (int i = 0; i < calls; ++i) {
    ASSERT_EQ(call(caller_, service_, 2, std::to_string(i % 3), far()).status, BP_OK);
  }
  for (int i = 0; i < calls; ++i) {
    EXPECT_EQ(at_caller_.next(BP_EV_REPLY).status, BP_OK);
  }
  EXPECT_EQ(watcher_.most, 2);
}

TEST_F(SlotCoroutines, StopJoinsThoseThatSuspendAndAbandonsThoseThatWait) {
  for (std::uint64_t i = 0; i < 5; ++i) {
    ASSERT_EQ(call(caller_, service_, 2, "3600000", far(), i).status, BP_OK);
  }
  ASSERT_TRUE(watcher_.wait_for(&Watcher::begun, 2));
  const auto failed = provider_.operate(BP_EV_STOP);
  EXPECT_FALSE(failed) << failed->text();
  {
    const std::lock_guard lock(watcher_.mutex);
    EXPECT_EQ(watcher_.running, 0) << "STOP completes after them";
  }
  EXPECT_TRUE(provider_.slot->withdraw(far()));
  for (int i = 0; i < 5; ++i) {
    const Seen ended = at_caller_.next(BP_EV_REPLY);
    EXPECT_TRUE(ended.status == BP_E_CANCELLED || ended.status == BP_E_ABANDONED) << ended.text;
  }
}

}  // namespace
}  // namespace host::slot
