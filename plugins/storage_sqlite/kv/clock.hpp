// plugins/storage_sqlite/kv/clock.hpp - the clock that times to live are measured with: it never
// goes back.
//
// While it runs it follows the steady clock, so nobody who sets the wall clock wakes an expired key
// or ends one too early. It begins at the wall clock, or at the mark that is kept in the database
// where the wall clock was set back before that. Thread: any.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace storage_sqlite::kv {

[[nodiscard]] inline std::int64_t wall_clock_ms() {
  using std::chrono::milliseconds;
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class Clock {
 public:
  using Steady = std::chrono::steady_clock;

  /// `mark_ms`: the latest that any clock of this database has shown.
  explicit Clock(std::int64_t mark_ms, std::int64_t wall_ms = wall_clock_ms(),
                 Steady::time_point steady = Steady::now()) noexcept
      : began_ms_(std::max(mark_ms, wall_ms)), began_(steady) {}

  [[nodiscard]] std::int64_t now_ms(Steady::time_point steady = Steady::now()) const noexcept {
    return began_ms_ +
           std::chrono::duration_cast<std::chrono::milliseconds>(steady - began_).count();
  }

 private:
  std::int64_t began_ms_;
  Steady::time_point began_;
};

}  // namespace storage_sqlite::kv
