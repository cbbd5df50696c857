// plugins/transport_ws/rpc/history.hpp - the last events of a channel, so that a client that was
// cut off goes on where it was.
//
// Holds the frames that were sent anyway: no copies. Thread: the feed's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "frame/outbox.hpp"
#include "limits.hpp"

namespace transport_ws::rpc {

struct HistorySettings {
  std::size_t messages_max = history_messages_default;  // 0: none is kept
  std::size_t bytes_max = history_bytes_default;
  std::uint32_t linger_ms = history_linger_ms_default;  // how long a channel nobody follows is kept
};

class History {
 public:
  struct Entry {
    std::uint64_t seq;
    frame::Frame frame;
  };

  /// What a client that wants to go on from a position gets.
  struct Coverage {
    bool whole;                           // nothing is missing
    std::optional<std::uint64_t> missed;  // how many are; none: that cannot be told
  };

  explicit History(const HistorySettings& settings) noexcept : settings_(settings) {}

  [[nodiscard]] bool on() const noexcept { return settings_.messages_max > 0; }

  /// Ascending positions. The oldest make room; one that is larger than all the room is not kept.
  void add(std::uint64_t seq, const frame::Frame& frame);

  /// The bus lost messages behind `last()`: what was kept before leads nowhere.
  void cut() noexcept;

  [[nodiscard]] Coverage coverage(std::uint64_t from) const noexcept;

  /// The first entry at or behind a position; null: there is none.
  [[nodiscard]] const Entry* at(std::uint64_t from) const noexcept;

  /// The position of the last event; none: none has come.
  [[nodiscard]] std::optional<std::uint64_t> last() const noexcept { return last_; }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  const HistorySettings& settings_;
  std::deque<Entry> entries_;
  std::optional<std::uint64_t> last_;
  std::uint64_t covered_ = 0;  // everything from here on is in entries_; only once last_ is there
  std::size_t bytes_ = 0;
};

}  // namespace transport_ws::rpc
