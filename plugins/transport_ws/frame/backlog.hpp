// plugins/transport_ws/frame/backlog.hpp - a queue of what one connection has still to write:
// bounded in bytes, with a policy for events, written piece by piece.
//
// What is in it, and how it leaves, is the outbox's: frames, lines or lengths. Thread: one at a
// time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace transport_ws::frame {

/// What happens to an event that does not fit.
enum class Policy : std::uint8_t {
  Close,       // the event is refused: its sender waits a while, then closes the connection
  DropNewest,  // it is dropped
  DropOldest   // the oldest events that have not begun to leave are dropped
};

/// What became of something that was to be sent.
enum class Put : std::uint8_t { Queued, Dropped, Refused };

/// Of an `Entry` it asks bytes(): how much leaves; counted(): how much of that the bound counts;
/// is_event().
template <typename Entry>
class Backlog {
 public:
  Backlog(std::size_t bytes_max, Policy policy) noexcept : bytes_max_(bytes_max), policy_(policy) {}

  [[nodiscard]] bool full() const noexcept { return bytes_ >= bytes_max_; }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

  /// `bytes` of what the outbox gathered were written.
  void written(std::size_t bytes) noexcept {
    while (bytes > 0) {
      Entry& first = entries_[head_];
      const std::size_t left = first.bytes() - offset_;
      if (bytes < left) {
        offset_ += bytes;
        return;
      }
      bytes -= left;
      offset_ = 0;
      bytes_ -= first.counted();
      first = Entry();
      ++head_;
    }
    compact();
  }

 protected:
  /// Must arrive or the connection is of no use. Refused when the queue is over its bound.
  [[nodiscard]] Put push_answer(Entry entry) {
    if (full()) {
      return Put::Refused;
    }
    push(std::move(entry));
    return Put::Queued;
  }

  /// The policy decides when the queue is over its bound.
  [[nodiscard]] Put push_event(Entry entry) {
    if (full()) {
      if (policy_ == Policy::Close) {
        return Put::Refused;
      }
      if (policy_ == Policy::DropOldest) {
        drop_oldest_events(bytes_max_ - std::min(entry.bytes(), bytes_max_));
      }
      if (full()) {
        ++dropped_;
        return Put::Dropped;
      }
    }
    push(std::move(entry));
    return Put::Queued;
  }

  /// Past every bound.
  void push(Entry entry) {
    bytes_ += entry.counted();
    entries_.push_back(std::move(entry));
  }

  /// Before everything that has not begun to leave, behind `place` others that were put there.
  void push_next(Entry entry, std::size_t place = 0) {
    bytes_ += entry.counted();
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(first_untouched() + place),
                    std::move(entry));
  }

  /// The first `written` bytes of what stands first have left already.
  void begun(std::size_t written) noexcept { offset_ = written; }

  /// Drops everything that has not begun to leave.
  void drop_waiting() {
    for (std::size_t i = first_untouched(); i < entries_.size(); ++i) {
      bytes_ -= entries_[i].counted();
    }
    entries_.resize(first_untouched());
  }

  [[nodiscard]] bool nothing_waits() const noexcept { return head_ == entries_.size(); }

  /// Calls `take` with each entry in order, and how much of it has left, until it says false.
  template <typename Take>
  void each(Take take) const {
    std::size_t gone = offset_;
    for (std::size_t i = head_; i < entries_.size() && take(entries_[i], gone); ++i) {
      gone = 0;
    }
  }

 private:
  static constexpr std::size_t entries_kept = 64;  // an idle connection keeps no larger array

  [[nodiscard]] std::size_t first_untouched() const noexcept {
    return head_ + (offset_ > 0 ? 1 : 0);
  }

  void drop_oldest_events(std::size_t until_bytes) {
    const auto drop = [&](const Entry& entry) {
      if (!entry.is_event() || bytes_ <= until_bytes) {
        return false;
      }
      bytes_ -= entry.counted();
      ++dropped_;
      return true;
    };
    const auto untouched = entries_.begin() + static_cast<std::ptrdiff_t>(first_untouched());
    entries_.erase(std::remove_if(untouched, entries_.end(), drop),
                   entries_.end());  // in order, once each
  }

  void compact() noexcept {
    if (head_ == entries_.size()) {
      entries_.clear();
      head_ = 0;
      if (entries_.capacity() > entries_kept) {
        std::vector<Entry>().swap(entries_);  // `= {}` would keep the room
      }
    } else if (head_ * 2 > entries_.size()) {
      entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }

  std::vector<Entry> entries_;
  std::size_t head_ = 0;    // entries before it are gone
  std::size_t offset_ = 0;  // bytes of the first entry that were written
  std::size_t bytes_ = 0;
  std::size_t bytes_max_;
  std::uint64_t dropped_ = 0;
  Policy policy_;
};

}  // namespace transport_ws::frame
