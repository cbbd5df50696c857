// plugins/transport_ws/tcp/decoder.hpp - messages out of a plain stream of bytes: lines, or lengths
// and bytes.
//
// A message that arrived in one piece is handed out without copying it; of others what is there is
// kept, never more than the message limit, and given back with the message. Errors: a Violation,
// with the close codes of RFC 6455. Thread: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "frame/codec.hpp"
#include "limits.hpp"

namespace transport_ws::tcp {

enum class Framing : std::uint8_t {
  Line,   // UTF-8 up to LF; a CR before it is no part of the message
  Length  // four bytes, the most significant first, that say how many follow
};

class Decoder {
 public:
  class Sink {
   public:
    /// The view is valid during the call. False stops the decoder: the rest of the bytes is left
    /// alone.
    virtual bool on_message(std::string_view payload) = 0;

   protected:
    ~Sink() = default;
  };

  Decoder(Framing framing, std::uint64_t message_bytes_max) noexcept
      : message_bytes_max_(message_bytes_max), framing_(framing) {}

  /// Takes the next bytes of the connection, in any segmentation. 1007: a line is not UTF-8. 1009:
  /// as soon as a message can no longer be within the limit, for a declared length before any of
  /// it.
  [[nodiscard]] std::optional<frame::Violation> feed(std::string_view bytes, Sink& sink);

  /// Has a message begun that has not ended?
  [[nodiscard]] bool within_message() const noexcept {
    return length_have_ > 0 || !message_.empty();
  }

  /// Bytes of an unfinished message that are held now.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return message_.size(); }

 private:
  [[nodiscard]] std::optional<frame::Violation> feed_lines(std::string_view bytes, Sink& sink);
  [[nodiscard]] std::optional<frame::Violation> feed_lengths(std::string_view bytes, Sink& sink);
  [[nodiscard]] std::optional<frame::Violation> take_line(std::string_view line, Sink& sink);
  [[nodiscard]] bool take_length(std::string_view& bytes) noexcept;

  std::string message_;  // the collected part of the message under way
  std::uint64_t message_bytes_max_;
  std::uint32_t length_ = 0;      // declared
  std::uint8_t length_have_ = 0;  // bytes of it that came
  Framing framing_;
  bool go_on_ = true;
};

/// What stands before a message with Framing::Length.
[[nodiscard]] std::array<char, tcp_length_bytes> encode_length(std::uint32_t bytes) noexcept;

}  // namespace transport_ws::tcp
