// host/log/collapse.hpp - keeps one message that repeats itself from filling the log.
//
// Owns: what was seen within the window. Thread: one. Errors: none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "host/log/record.hpp"

namespace host::log {

// How many messages are watched at once; further ones are written as they come.
inline constexpr std::size_t watched_messages_max = 1'024;

// How often one message with different fields is written within a window.
inline constexpr std::uint32_t burst_max = 20;

// A message of one logger is written once per window when its fields are the same, and at most
// `burst_max` times when they differ. What was held back is counted in a last line ("repeated").
// Debug and trace are never held back: who asks for them wants every line.
class Collapse {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A window of zero holds nothing back.
  explicit Collapse(std::chrono::milliseconds window) : window_(window) {}

  // May this record be written now?
  [[nodiscard]] bool admit(const Record& record, Time now);

  // The summaries of windows that ended before `now`.
  [[nodiscard]] std::vector<Record> expire(Time now);

  // The summaries of all windows, ended or not: for the end of the log.
  [[nodiscard]] std::vector<Record> drain();

  // When the next summary is due; empty while nothing is held back.
  [[nodiscard]] std::optional<Time> next_due() const noexcept { return next_due_; }

 private:
  struct Watched {
    Time ends;
    std::size_t fields_hash = 0;
    std::uint32_t written = 1;
    std::uint64_t held_back = 0;
    Record last;  // filled once something was held back
  };

  void watch(std::size_t message, std::size_t fields, Time now);

  std::chrono::milliseconds window_;
  std::unordered_map<std::size_t, Watched> watched_;
  std::optional<Time> next_due_;
};

}  // namespace host::log
