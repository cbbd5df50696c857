// plugins/transport_ws/frame/codec.cpp - the decoder's state machine and the encoder.
#include "frame/codec.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace transport_ws::frame {

namespace {

constexpr std::uint8_t final_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x70;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t length_16 = 126;
constexpr std::uint8_t length_64 = 127;

std::uint64_t read_big_endian(const std::uint8_t* from, std::size_t bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    value = (value << 8U) | from[i];
  }
  return value;
}

// Unmasks, and says whether every byte is ASCII then.
bool unmask_ascii(std::span<char> bytes, std::uint32_t mask) noexcept {
  constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080ULL;
  const std::uint64_t wide = mask | (static_cast<std::uint64_t>(mask) << 32U);
  std::uint64_t all = 0;
  std::size_t at = 0;
  for (; at + sizeof wide <= bytes.size(); at += sizeof wide) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    word ^= wide;
    all |= word;
    std::memcpy(bytes.data() + at, &word, sizeof word);
  }
  apply_mask(bytes.subspan(at), mask, at);
  for (; at < bytes.size(); ++at) {
    all |= static_cast<std::uint8_t>(bytes[at]);
  }
  return (all & high_bits) == 0;
}

bool is_opcode(std::uint8_t opcode) noexcept {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

}  // namespace

bool is_close_code(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

void apply_mask(std::span<char> bytes, std::uint32_t mask, std::uint64_t offset) noexcept {
  // The mask is held as it lies in memory; turn it so that byte 0 belongs to bytes[0].
  const auto turned = std::rotr(mask, static_cast<int>(offset % 4U) * 8);
  const std::uint64_t wide = turned | (static_cast<std::uint64_t>(turned) << 32U);
  std::size_t i = 0;
  for (; i + sizeof wide <= bytes.size(); i += sizeof wide) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    word ^= wide;
    std::memcpy(bytes.data() + i, &word, sizeof word);
  }
  for (; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(static_cast<std::uint8_t>(bytes[i]) ^
                                 static_cast<std::uint8_t>(turned >> ((i % 4U) * 8U)));
  }
}

std::size_t Decoder::header_bytes_wanted() const noexcept {
  if (header_have_ < 2) {
    return 2;
  }
  const std::uint8_t length = header_[1] & 0x7FU;
  std::size_t extended = 0;
  if (length >= length_16) {
    extended = length == length_64 ? 8 : 2;
  }
  return 2 + extended + ((header_[1] & mask_bit) != 0 ? 4 : 0);
}

std::optional<Violation> Decoder::feed(std::span<char> bytes, Sink& sink) {
  starved_ = false;
  while (go_on_ && !starved_) {
    if (auto violation = take_short(bytes, sink)) {
      return violation;
    }
    if (go_on_) {
      if (auto violation = step(bytes, sink)) {
        return violation;
      }
    }
  }
  return std::nullopt;
}

// What clients mostly send, without the states in between: whole messages of one short frame. All
// else, also what is wrong, is left to step().
std::optional<Violation> Decoder::take_short(std::span<char>& bytes, Sink& sink) {
  constexpr std::size_t header_bytes = 6;
  constexpr std::uint8_t text_first = final_bit | static_cast<std::uint8_t>(Opcode::Text);
  constexpr std::uint8_t binary_first = final_bit | static_cast<std::uint8_t>(Opcode::Binary);
  const bool between = step_ == Step::Header && header_have_ == 0 && !in_message_;
  while (between && go_on_ && role_ == Role::Server && bytes.size() >= header_bytes) {
    const auto first = static_cast<std::uint8_t>(bytes[0]);
    const auto second = static_cast<std::uint8_t>(bytes[1]);
    const std::size_t length = second & 0x7FU;
    if ((first != text_first && first != binary_first) || (second & mask_bit) == 0 ||
        length >= length_16 || length > message_bytes_max_ ||
        bytes.size() < header_bytes + length) {
      break;
    }
    std::uint32_t mask = 0;
    std::memcpy(&mask, bytes.data() + 2, sizeof mask);
    const std::span<char> payload = bytes.subspan(header_bytes, length);
    bytes = bytes.subspan(header_bytes + length);
    const std::string_view text(payload.data(), payload.size());
    if (!unmask_ascii(payload, mask) && first == text_first && !is_utf8(text)) {
      return Violation{close_invalid_payload, "the text is not UTF-8"};
    }
    go_on_ = sink.on_message(first == text_first ? Opcode::Text : Opcode::Binary, text);
  }
  return std::nullopt;
}

std::span<char> Decoder::take_header(std::span<char> bytes, std::size_t wanted) noexcept {
  const std::size_t taken = std::min(wanted - header_have_, bytes.size());
  std::memcpy(header_.data() + header_have_, bytes.data(), taken);
  header_have_ = static_cast<std::uint8_t>(header_have_ + taken);
  starved_ = header_have_ < wanted;
  return bytes.subspan(taken);
}

// A part of the header, or a part of the payload.
std::optional<Violation> Decoder::step(std::span<char>& bytes, Sink& sink) {
  if (step_ == Step::Header) {
    const std::size_t wanted = header_bytes_wanted();
    if (header_have_ < wanted) {
      bytes = take_header(bytes, wanted);
      // The first two bytes say how much more of a header there is.
      return !starved_ && header_have_ == 2 ? check_header() : std::nullopt;
    }
    if (auto violation = begin_frame()) {
      return violation;
    }
  }
  const auto piece = bytes.first(std::min<std::uint64_t>(payload_left_, bytes.size()));
  bytes = bytes.subspan(piece.size());
  starved_ = piece.empty() && payload_left_ > 0;
  return starved_ ? std::nullopt : take_payload(piece, sink);
}

// RSV1 belongs to the first frame of a message of data, where that was agreed on; no other bit has
// a meaning.
bool Decoder::may_be_compressed() const noexcept {
  const std::uint8_t opcode = header_[0] & 0x0FU;
  return inflation_ != nullptr && (header_[0] & reserved_bits) == compressed_bit &&
         (opcode == static_cast<std::uint8_t>(Opcode::Text) ||
          opcode == static_cast<std::uint8_t>(Opcode::Binary));
}

std::optional<Violation> Decoder::check_header() const noexcept {
  const std::uint8_t opcode = header_[0] & 0x0FU;
  const bool masked = (header_[1] & mask_bit) != 0;
  if ((header_[0] & reserved_bits) != 0 && !may_be_compressed()) {
    return Violation{close_protocol_error, "reserved bits are set"};
  }
  if (!is_opcode(opcode)) {
    return Violation{close_protocol_error, "unknown opcode"};
  }
  if (masked != (role_ == Role::Server)) {
    return Violation{close_protocol_error,
                     masked ? "server frames are not masked" : "client frames must be masked"};
  }
  if ((opcode & 0x8U) != 0) {
    if ((header_[0] & final_bit) == 0) {
      return Violation{close_protocol_error, "control frames cannot be fragmented"};
    }
    if ((header_[1] & 0x7FU) > control_payload_bytes_max) {
      return Violation{close_protocol_error, "control frames hold at most 125 bytes"};
    }
  } else if (in_message_ != (opcode == 0)) {
    return Violation{close_protocol_error,
                     in_message_ ? "the message before is not finished" : "nothing to continue"};
  }
  return std::nullopt;
}

std::optional<Violation> Decoder::read_length() noexcept {
  const std::uint8_t length = header_[1] & 0x7FU;
  if (length < length_16) {
    payload_left_ = length;
    return std::nullopt;
  }
  const std::size_t bytes = length == length_16 ? 2 : 8;
  payload_left_ = read_big_endian(header_.data() + 2, bytes);
  if (payload_left_ < (bytes == 2 ? std::uint64_t{length_16} : 0x1'0000U)) {
    return Violation{close_protocol_error, "the length is not in its shortest form"};
  }
  return std::nullopt;
}

std::optional<Violation> Decoder::begin_data() noexcept {
  if (!in_message_) {
    in_message_ = true;
    fragments_ = 0;
    text_ = opcode_ == static_cast<std::uint8_t>(Opcode::Text);
    compressed_ = (header_[0] & compressed_bit) != 0;
    utf8_.reset();
  }
  // message_.size() <= message_bytes_max_ holds here, so this cannot wrap, not even for 2^63.
  if (payload_left_ > message_bytes_max_ - message_.size()) {
    return Violation{close_too_big, "the message is larger than the limit"};
  }
  if (++fragments_ > fragments_max) {
    return Violation{close_too_big, "the message has too many fragments"};
  }
  return std::nullopt;
}

std::optional<Violation> Decoder::begin_frame() {
  opcode_ = header_[0] & 0x0FU;
  final_ = (header_[0] & final_bit) != 0;
  if (auto violation = read_length()) {
    return violation;
  }
  payload_seen_ = 0;
  control_have_ = 0;
  step_ = Step::Payload;
  return is_control() ? std::nullopt : begin_data();
}

void Decoder::unmask(std::span<char> piece) noexcept {
  if (role_ == Role::Server) {
    std::uint32_t mask = 0;
    std::memcpy(&mask, header_.data() + header_have_ - sizeof mask, sizeof mask);
    apply_mask(piece, mask, payload_seen_);
  }
}

std::optional<Violation> Decoder::take_payload(std::span<char> piece, Sink& sink) {
  unmask(piece);
  payload_seen_ += piece.size();
  payload_left_ -= piece.size();
  if (payload_left_ == 0) {
    step_ = Step::Header;
    header_have_ = 0;
  }
  const std::string_view text(piece.data(), piece.size());
  return is_control() ? take_control(text, sink) : take_data(text, sink);
}

std::optional<Violation> Decoder::take_control(std::string_view piece, Sink& sink) {
  std::ranges::copy(piece, control_.begin() + control_have_);
  control_have_ = static_cast<std::uint8_t>(control_have_ + piece.size());
  return payload_left_ == 0 ? finish_control(sink) : std::nullopt;
}

std::optional<Violation> Decoder::finish_control(Sink& sink) {
  const std::string_view payload(control_.data(), control_have_);
  if (opcode_ == static_cast<std::uint8_t>(Opcode::Ping)) {
    go_on_ = sink.on_ping(payload);
    return std::nullopt;
  }
  if (opcode_ == static_cast<std::uint8_t>(Opcode::Pong)) {
    go_on_ = sink.on_pong(payload);
    return std::nullopt;
  }
  go_on_ = false;  // nothing counts after a close frame
  if (payload.empty()) {
    (void)sink.on_close(close_no_code, {});
    return std::nullopt;
  }
  if (payload.size() == 1) {
    return Violation{close_protocol_error, "the close frame holds half a code"};
  }
  const auto high = static_cast<std::uint8_t>(payload[0]);
  const auto low = static_cast<std::uint8_t>(payload[1]);
  const auto code = static_cast<std::uint16_t>((high << 8U) | low);
  if (!is_close_code(code)) {
    return Violation{close_protocol_error, "not a close code"};
  }
  if (!is_utf8(payload.substr(2))) {
    return Violation{close_invalid_payload, "the close reason is not UTF-8"};
  }
  (void)sink.on_close(code, payload.substr(2));
  return std::nullopt;
}

// Collected whole: the inflation is shared with other connections, so nothing of a message may be
// in it when their turn comes.
std::optional<Violation> Decoder::take_compressed(std::string_view piece, Sink& sink) {
  if (!final_ || payload_left_ > 0) {
    message_.append(piece);
    return std::nullopt;
  }
  in_message_ = false;
  if (message_.empty()) {
    return finish_compressed(piece, sink);
  }
  message_.append(piece);
  auto violation = finish_compressed(message_, sink);
  forget_message();
  return violation;
}

std::optional<Violation> Decoder::finish_compressed(std::string_view payload, Sink& sink) {
  std::string_view inflated;
  if (auto violation = inflation_->inflate(payload, inflated_bytes_max_, inflated)) {
    return violation;
  }
  if (text_ && !is_utf8(inflated)) {
    inflation_->release();
    return Violation{close_invalid_payload, "the text is not UTF-8"};
  }
  go_on_ = sink.on_message(text_ ? Opcode::Text : Opcode::Binary, inflated);
  inflation_->release();
  return std::nullopt;
}

std::optional<Violation> Decoder::take_data(std::string_view piece, Sink& sink) {
  if (compressed_) {
    return take_compressed(piece, sink);
  }
  const bool last = final_ && payload_left_ == 0;
  if (text_ && (!utf8_.feed(piece) || (last && !utf8_.complete()))) {
    return Violation{close_invalid_payload, "the text is not UTF-8"};
  }
  if (!last) {
    message_.append(piece);
    return std::nullopt;
  }
  in_message_ = false;
  const Opcode kind = text_ ? Opcode::Text : Opcode::Binary;
  if (message_.empty()) {
    go_on_ = sink.on_message(kind, piece);
    return std::nullopt;
  }
  message_.append(piece);
  go_on_ = sink.on_message(kind, message_);
  forget_message();
  return std::nullopt;
}

void Decoder::forget_message() noexcept {
  if (message_.capacity() > message_buffer_kept_bytes) {
    message_ = std::string();
  } else {
    message_.clear();
  }
}

std::size_t encode_header(std::span<char, frame_header_bytes_max> out, Opcode opcode,
                          std::uint64_t payload_bytes, std::optional<std::uint32_t> mask,
                          bool final) {
  std::size_t at = 2;
  std::uint8_t length = length_64;
  std::size_t extended = 8;
  if (payload_bytes < length_16) {
    length = static_cast<std::uint8_t>(payload_bytes);
    extended = 0;
  } else if (payload_bytes < 0x1'0000U) {
    length = length_16;
    extended = 2;
  }
  out[0] = static_cast<char>(static_cast<std::uint8_t>(opcode) | (final ? final_bit : 0U));
  out[1] = static_cast<char>(length | (mask ? mask_bit : 0U));
  for (std::size_t i = extended; i > 0; --i) {
    out[at++] = static_cast<char>(payload_bytes >> ((i - 1) * 8U));
  }
  if (mask) {
    std::memcpy(out.data() + at, &*mask, sizeof *mask);
    at += sizeof *mask;
  }
  return at;
}

std::string encode_frame(Opcode opcode, std::string_view payload,
                         std::optional<std::uint32_t> mask) {
  std::array<char, frame_header_bytes_max> header{};
  const std::size_t header_bytes = encode_header(header, opcode, payload.size(), mask);
  std::string frame;
  frame.reserve(header_bytes + payload.size());
  frame.append(header.data(), header_bytes).append(payload);
  if (mask) {
    apply_mask(std::span(frame).subspan(header_bytes), *mask, 0);
  }
  return frame;
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  std::size_t end = std::min(reason.size(), control_payload_bytes_max - 2);
  while (end < reason.size() && end > 0 &&
         (static_cast<std::uint8_t>(reason[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
  return payload.append(reason.substr(0, end));
}

}  // namespace transport_ws::frame
