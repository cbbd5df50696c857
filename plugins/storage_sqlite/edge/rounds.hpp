// plugins/storage_sqlite/edge/rounds.hpp - looks after something from time to time, while there is
// something to look after: a store that nobody uses takes no time.
//
// A resource of the instance. Thread: strand.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "backplane/cpp/plugin.hpp"

namespace storage_sqlite::edge {

class Rounds {
 public:
  using Pause = std::optional<std::chrono::nanoseconds>;
  /// Answers after which time to come again, never before `period`; nothing: when somebody wakes.
  using Look = std::function<bp::task<Pause>()>;

  Rounds(bp::context& cx, std::chrono::nanoseconds period, Look look)
      : cx_(cx), period_(period), look_(std::move(look)) {}

  /// There is something to look at: once, a period from now, however often this is called.
  void wake() {
    if (looking_) {
      again_ = true;
    } else if (!soon_) {
      timer_.cancel();
      arm(period_);
    }
  }

 private:
  void arm(std::chrono::nanoseconds pause) {
    soon_ = pause <= period_;
    timer_ = cx_.after(pause, [this] { return round(); });
  }

  bp::task<void> round() {
    looking_ = true;
    again_ = false;
    const Pause pause = co_await look_();
    looking_ = false;
    soon_ = false;
    if (again_) {
      arm(period_);
    } else if (pause) {
      arm(std::max(*pause, period_));
    }
  }

  bp::context& cx_;
  std::chrono::nanoseconds period_;
  Look look_;
  bp::timer timer_;       // the next round's
  bool soon_ = false;     // it comes within a period
  bool looking_ = false;  // a round is under way
  bool again_ = false;    // somebody woke it meanwhile
};

}  // namespace storage_sqlite::edge
