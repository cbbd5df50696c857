// plugins/transport_ws/frame/inflater.hpp - messages of permessage-deflate back to what they were
// (RFC 7692 section 7.2.2), without context takeover.
//
// Owns: zlib's state, about 40 KiB from the first message on, and the room that the last message
// was inflated into. One serves all connections of a thread, so an idle connection holds nothing of
// it. Errors: a Violation carries the close code. Thread: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "frame/codec.hpp"

struct z_stream_s;  // NOLINT(readability-identifier-naming): the name that zlib gave it

namespace transport_ws::frame {

class Inflater {
 public:
  Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  /// `inflated` is valid until the next call. Stops as soon as there is one byte above `bytes_max`:
  /// what is behind it is not even looked at. Errors: 1009 above the limit; 1007 for data that is
  /// no DEFLATE, ends within a block or refers to an earlier message.
  [[nodiscard]] std::optional<Violation> inflate(std::string_view payload, std::uint64_t bytes_max,
                                                 std::string_view& inflated);

  /// Gives room back that only a large message needed.
  void shrink();

 private:
  enum class Progress : std::uint8_t { Hungry, Ended, Broken, TooMuch };

  [[nodiscard]] bool ready();
  [[nodiscard]] Progress consume(std::string_view bytes, std::uint64_t bytes_max);
  [[nodiscard]] bool between_blocks() const noexcept;

  std::unique_ptr<z_stream_s> stream_;  // null: nothing was inflated yet
  std::vector<char> room_;
  std::size_t inflated_ = 0;  // of room_
};

}  // namespace transport_ws::frame
