// plugins/transport_ws/session/counters.hpp - what one io thread counts. It alone writes, anyone
// reads.
//
// A count lives in a word that may belong to somebody else: the plugin's edge points it at a metric
// cell of the host, so counting stays one load and one store.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "backplane/cpp/metric.hpp"

#include "session/rejection.hpp"

namespace transport_ws::session {

class Count {
 public:
  Count() = default;
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;
  ~Count() = default;

  /// Before the first add(). The word must outlive the count.
  void live_in(std::uint64_t& word) noexcept { word_ = &word; }

  void add(std::uint64_t n = 1) noexcept {
    const std::atomic_ref word(*word_);
    word.store(word.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t value() const noexcept {
    return std::atomic_ref(*word_).load(std::memory_order_relaxed);
  }

 private:
  std::uint64_t own_ = 0;
  std::uint64_t* word_ = &own_;
};

/// A level that rises and falls; its word holds a double's bits, as a gauge's cell does.
class Level {
 public:
  Level() = default;
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;
  ~Level() = default;

  void live_in(std::uint64_t& word) noexcept { word_ = &word; }

  void set(double value) noexcept {
    std::atomic_ref(*word_).store(std::bit_cast<std::uint64_t>(value), std::memory_order_relaxed);
  }

  void add(double by) noexcept { set(value() + by); }

  [[nodiscard]] double value() const noexcept {
    return std::bit_cast<double>(std::atomic_ref(*word_).load(std::memory_order_relaxed));
  }

 private:
  std::uint64_t own_ = 0;
  std::uint64_t* word_ = &own_;
};

/// The label "code" of answered requests, by the class of their status: 200 to 299 is the first.
inline constexpr std::array<std::string_view, 4> status_classes = {"2xx", "3xx", "4xx", "5xx"};

[[nodiscard]] constexpr std::size_t class_of(unsigned status) noexcept {
  constexpr unsigned hundred = 100;
  return std::min(std::max(status / hundred, 2U) - 2U, 3U);
}

struct Counters {
  Level connections;
  Level tcp_connections;  // those of them that speak lines or lengths
  Level subscriptions;    // to topics
  Level http_routes;      // that plugins made
  Count connections_accepted;
  Count connections_closed;
  Count connections_rejected;                            // all of them
  std::array<Count, rejection_names.size()> rejections;  // by Rejection
  Count accept_pauses;                                   // no descriptor was left
  Count certificates_rejected;
  Count over_rate;  // connections closed because they said too much a second
  Count messages_received;
  Count messages_sent;
  Count bytes_received;
  Count bytes_sent;
  Count events_dropped;
  Count slow;     // times that a connection began to read too slowly
  Count cut_off;  // connections closed because they read too slowly
  Count violations;
  Level client_connections;   // that this side opened
  Level client_queued_bytes;  // waiting for one of them
  Count client_retries;
  Count client_dropped;  // received and not published, or queued when its client ended
  Count deflate_in;  // bytes of messages before they were compressed, once however many get them
  Count deflate_out;
  Count inflate_in;
  Count inflate_out;
  std::array<Count, status_classes.size()> http_answers;  // to requests that are no handshakes
  Level http_in_flight;                                   // requests that wait for their answer
  bp::histogram http_seconds;                             // from the whole request to its answer
  Count replays;                                          // clients that came back to a position
  Count replayed_events;
  Count replay_gaps;  // replays that could not give all
};

}  // namespace transport_ws::session
