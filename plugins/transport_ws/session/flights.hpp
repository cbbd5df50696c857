// plugins/transport_ws/session/flights.hpp - what is on its way for the connections of a room.
//
// Whoever leaves takes its own along: what nobody waits for any more holds nobody up. Thread: its
// io thread.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

namespace transport_ws::session {

class Flights {
 public:
  void begin() noexcept { ++count_; }

  void end(std::size_t count = 1) {
    count_ -= count;
    if (count_ == 0 && on_idle_) {
      std::exchange(on_idle_, nullptr)();
    }
  }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  /// Once, at once or later.
  void when_idle(std::move_only_function<void()> on_idle) {
    on_idle_ = std::move(on_idle);
    end(0);
  }

 private:
  std::size_t count_ = 0;
  std::move_only_function<void()> on_idle_;
};

}  // namespace transport_ws::session
