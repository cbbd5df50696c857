// plugins/transport_ws/session/deflation.hpp - what the connections of one io thread need to speak
// permessage-deflate, shared by all of them.
//
// Nothing is kept from message to message, so an idle connection costs no state of zlib's. A frame
// that many connections get is compressed for the first of them; the others are given the same
// compressed frame. Thread: its io thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "frame/codec.hpp"
#include "frame/deflater.hpp"
#include "frame/inflater.hpp"
#include "frame/outbox.hpp"
#include "session/counters.hpp"

namespace transport_ws::session {

class Deflation final : public frame::Decoder::Inflation {
 public:
  Deflation(int level, Counters& counters) noexcept : counters_(counters), level_(level) {}

  Deflation(const Deflation&) = delete;
  Deflation& operator=(const Deflation&) = delete;
  ~Deflation() = default;

  /// The frame to send instead; the same one when its message is smaller than `bytes_min`, or would
  /// not get smaller. `window_bits`: what the client can inflate, 9 to 15.
  [[nodiscard]] frame::Frame pack(frame::Frame frame, std::size_t bytes_min, int window_bits);

  [[nodiscard]] std::optional<frame::Violation> inflate(std::string_view payload,
                                                        std::uint64_t bytes_max,
                                                        std::string_view& inflated) override;

  void release() override { inflater_.shrink(); }

 private:
  // A frame that was compressed. Weak, so that it names the frame without keeping it: no other can
  // be taken for it while it is here.
  struct Done {
    std::weak_ptr<const std::string> plain;
    frame::Frame packed;  // null: it does not get smaller
    int window_bits = 0;  // 0: none is here
  };

  [[nodiscard]] frame::Frame compress(const std::string& frame, int window_bits);
  [[nodiscard]] const Done* find(const frame::Frame& frame, int window_bits) const noexcept;

  // The two forms of a topic's message, for clients with two windows. The compressed frames stay
  // in memory until others take their places.
  static constexpr std::size_t remembered = 4;
  static constexpr std::size_t windows = frame::window_bits_max - frame::window_bits_min + 1;

  Counters& counters_;
  frame::Inflater inflater_;
  std::array<std::unique_ptr<frame::Deflater>, windows> deflaters_;  // made for the first who asks
  std::array<Done, remembered> done_;
  std::size_t next_done_ = 0;
  int level_;
};

}  // namespace transport_ws::session
