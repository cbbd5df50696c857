// plugins/transport_ws/frame/codec.hpp - frames of RFC 6455 section 5: an incremental decoder and
// the encoder.
//
// The decoder unmasks in the caller's buffer and hands out a message that arrived in one piece
// without copying it; only fragments and cut frames are collected, never more than the message
// limit. Errors: a Violation carries the close code that the other side must be sent. Thread: one
// at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "frame/utf8.hpp"
#include "limits.hpp"

namespace transport_ws::frame {

enum class Opcode : std::uint8_t {
  Continuation = 0,
  Text = 1,
  Binary = 2,
  Close = 8,
  Ping = 9,
  Pong = 10
};

/// Which end of the connection we are: a server demands masked frames, a client refuses them.
enum class Role : std::uint8_t { Server, Client };

/// Close codes (RFC 6455 section 7.4 and the IANA registry).
inline constexpr std::uint16_t close_normal = 1000;
inline constexpr std::uint16_t close_going_away = 1001;
inline constexpr std::uint16_t close_protocol_error = 1002;
inline constexpr std::uint16_t close_unsupported = 1003;
inline constexpr std::uint16_t close_no_code =
    1005;  // never on the wire: the peer's close frame was empty
inline constexpr std::uint16_t close_abnormal =
    1006;  // never on the wire: the connection ended without a close frame
inline constexpr std::uint16_t close_invalid_payload = 1007;
inline constexpr std::uint16_t close_policy = 1008;
inline constexpr std::uint16_t close_too_big = 1009;
inline constexpr std::uint16_t close_service_restart = 1012;
inline constexpr std::uint16_t close_try_again_later = 1013;

/// May this code be sent in a close frame?
[[nodiscard]] bool is_close_code(std::uint16_t code) noexcept;

struct Violation {
  std::uint16_t code;
  std::string_view reason;
};

class Decoder {
 public:
  /// What is told about each frame. The views are valid during the call. False stops the decoder:
  /// the rest of the bytes is left alone.
  class Sink {
   public:
    virtual bool on_message(Opcode kind, std::string_view payload) = 0;
    virtual bool on_ping(std::string_view payload) = 0;
    virtual bool on_pong(std::string_view payload) = 0;
    virtual bool on_close(std::uint16_t code, std::string_view reason) = 0;

   protected:
    ~Sink() = default;
  };

  /// Undoes permessage-deflate (RFC 7692), a whole message at a time.
  class Inflation {
   public:
    /// `inflated` is valid until the next call. Errors: 1009 above `bytes_max`, 1007.
    [[nodiscard]] virtual std::optional<Violation> inflate(std::string_view payload,
                                                           std::uint64_t bytes_max,
                                                           std::string_view& inflated) = 0;
    /// What was inflated is not needed any more.
    virtual void release() = 0;

   protected:
    Inflation() = default;
    Inflation(const Inflation&) = default;
    Inflation& operator=(const Inflation&) = default;
    ~Inflation() = default;
  };

  Decoder(Role role, std::uint64_t message_bytes_max) noexcept
      : message_bytes_max_(message_bytes_max), role_(role) {}

  /// From now on messages may be compressed. `bytes_max`: of one that is inflated; on the wire the
  /// limit of every message holds. The inflation must outlive the decoder.
  void allow_compressed(Inflation& inflation, std::uint64_t bytes_max) noexcept {
    inflation_ = &inflation;
    inflated_bytes_max_ = bytes_max;
  }

  /// Takes the next bytes of the connection, in any segmentation; they are unmasked in place.
  [[nodiscard]] std::optional<Violation> feed(std::span<char> bytes, Sink& sink);

  /// Bytes of an unfinished message that are held now.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return message_.size(); }

 private:
  enum class Step : std::uint8_t { Header, Payload };

  [[nodiscard]] std::size_t header_bytes_wanted() const noexcept;
  [[nodiscard]] std::span<char> take_header(std::span<char> bytes, std::size_t wanted) noexcept;
  [[nodiscard]] std::optional<Violation> take_short(std::span<char>& bytes, Sink& sink);
  [[nodiscard]] std::optional<Violation> step(std::span<char>& bytes, Sink& sink);
  [[nodiscard]] std::optional<Violation> begin_frame();
  [[nodiscard]] std::optional<Violation> check_header() const noexcept;
  [[nodiscard]] std::optional<Violation> read_length() noexcept;
  [[nodiscard]] std::optional<Violation> begin_data() noexcept;
  [[nodiscard]] std::optional<Violation> take_payload(std::span<char> piece, Sink& sink);
  [[nodiscard]] std::optional<Violation> take_control(std::string_view piece, Sink& sink);
  [[nodiscard]] std::optional<Violation> take_data(std::string_view piece, Sink& sink);
  [[nodiscard]] std::optional<Violation> take_compressed(std::string_view piece, Sink& sink);
  [[nodiscard]] std::optional<Violation> finish_compressed(std::string_view payload, Sink& sink);
  [[nodiscard]] std::optional<Violation> finish_control(Sink& sink);
  [[nodiscard]] bool may_be_compressed() const noexcept;
  void unmask(std::span<char> piece) noexcept;
  void forget_message() noexcept;

  [[nodiscard]] bool is_control() const noexcept { return (opcode_ & 0x8U) != 0; }

  std::string message_;  // the collected part of the message under way
  std::array<char, control_payload_bytes_max> control_{};
  std::array<std::uint8_t, frame_header_bytes_max> header_{};
  Inflation* inflation_ = nullptr;  // null: no message may be compressed
  std::uint64_t inflated_bytes_max_ = 0;
  std::uint64_t message_bytes_max_;
  std::uint64_t payload_left_ = 0;
  std::uint64_t payload_seen_ = 0;
  std::uint32_t fragments_ = 0;
  std::uint8_t header_have_ = 0;
  std::uint8_t control_have_ = 0;
  std::uint8_t opcode_ = 0;
  bool final_ = false;
  bool in_message_ = false;  // a data message was begun and its final frame has not come
  bool text_ = false;
  bool compressed_ = false;  // the message under way is
  bool go_on_ = true;
  bool starved_ = false;  // the bytes at hand are used up
  Role role_;
  Step step_ = Step::Header;
  Utf8Check utf8_;
};

/// The first reserved bit of a frame's first byte: its message is compressed (RFC 7692 section 6).
inline constexpr std::uint8_t compressed_bit = 0x40;

/// Writes the header of a frame to `out` and says how many bytes it took.
[[nodiscard]] std::size_t encode_header(std::span<char, frame_header_bytes_max> out, Opcode opcode,
                                        std::uint64_t payload_bytes,
                                        std::optional<std::uint32_t> mask = std::nullopt,
                                        bool final = true);

/// A whole frame. With a mask (clients) the payload is masked.
[[nodiscard]] std::string encode_frame(Opcode opcode, std::string_view payload,
                                       std::optional<std::uint32_t> mask = std::nullopt);

/// The payload of a close frame; a reason that does not fit is cut between characters.
[[nodiscard]] std::string close_payload(std::uint16_t code, std::string_view reason);

/// XORs `bytes` with the mask, beginning at position `offset` of the payload.
void apply_mask(std::span<char> bytes, std::uint32_t mask, std::uint64_t offset) noexcept;

}  // namespace transport_ws::frame
