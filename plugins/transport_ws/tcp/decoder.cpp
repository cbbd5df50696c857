// plugins/transport_ws/tcp/decoder.cpp - lines and lengths, however they are cut.
#include "tcp/decoder.hpp"

#include <algorithm>
#include <utility>

#include "frame/utf8.hpp"

namespace transport_ws::tcp {

namespace {

constexpr unsigned byte_bits = 8;
constexpr unsigned byte_mask = 0xFF;

constexpr frame::Violation too_large{frame::close_too_big, "the message is above the limit"};

}  // namespace

std::array<char, tcp_length_bytes> encode_length(std::uint32_t bytes) noexcept {
  std::array<char, tcp_length_bytes> encoded{};
  for (auto at = encoded.rbegin(); at != encoded.rend(); ++at) {
    *at = static_cast<char>(bytes & byte_mask);
    bytes >>= byte_bits;
  }
  return encoded;
}

std::optional<frame::Violation> Decoder::feed(std::string_view bytes, Sink& sink) {
  return framing_ == Framing::Line ? feed_lines(bytes, sink) : feed_lengths(bytes, sink);
}

std::optional<frame::Violation> Decoder::feed_lines(std::string_view bytes, Sink& sink) {
  while (go_on_) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      break;
    }
    std::string whole = std::exchange(message_, {});  // given back when the line was handed out
    if (!whole.empty()) {
      whole.append(bytes.substr(0, end));
    }
    if (auto violation = take_line(whole.empty() ? bytes.substr(0, end) : whole, sink)) {
      return violation;
    }
    bytes.remove_prefix(end + 1);
  }
  if (!go_on_ || bytes.empty()) {
    return std::nullopt;
  }
  // One byte more than the limit may be the CR that does not count.
  const std::uint64_t held = message_.size() + bytes.size();
  if (held > message_bytes_max_ + (bytes.back() == '\r' ? 1 : 0)) {
    return too_large;
  }
  message_.append(bytes);
  return std::nullopt;
}

std::optional<frame::Violation> Decoder::take_line(std::string_view line, Sink& sink) {
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  if (line.size() > message_bytes_max_) {
    return too_large;
  }
  if (!frame::is_utf8(line)) {
    return frame::Violation{frame::close_invalid_payload, "the line is not UTF-8"};
  }
  go_on_ = sink.on_message(line);
  return std::nullopt;
}

// True: the length of the next message is known.
bool Decoder::take_length(std::string_view& bytes) noexcept {
  while (length_have_ < tcp_length_bytes && !bytes.empty()) {
    length_ = length_ << byte_bits | static_cast<unsigned char>(bytes.front());
    ++length_have_;
    bytes.remove_prefix(1);
  }
  return length_have_ == tcp_length_bytes;
}

std::optional<frame::Violation> Decoder::feed_lengths(std::string_view bytes, Sink& sink) {
  while (go_on_ && take_length(bytes)) {
    if (length_ > message_bytes_max_) {
      return too_large;
    }
    const std::size_t missing = length_ - message_.size();
    const std::string_view piece = bytes.substr(0, missing);
    if (piece.size() < missing) {
      message_.append(piece);
      return std::nullopt;
    }
    bytes.remove_prefix(missing);
    std::string whole = std::exchange(message_, {});
    if (!whole.empty()) {
      whole.append(piece);
    }
    length_have_ = 0;
    length_ = 0;
    go_on_ = sink.on_message(whole.empty() ? piece : whole);
  }
  return std::nullopt;
}

}  // namespace transport_ws::tcp
