// plugins/transport_ws/frame/deflater.cpp - zlib's deflate to raw DEFLATE data, given no more room
// than the message had.
#include "frame/deflater.hpp"

#include <array>
#include <span>
#include <zlib.h>

#include "frame/codec.hpp"

namespace transport_ws::frame {

namespace {

constexpr std::size_t tail_bytes = 4;  // 00 00 FF FF, which the receiver knows
constexpr int memory_level = 8;        // zlib's default
constexpr std::uint8_t opcode_bits = 0x0F;

}  // namespace

std::string_view payload_of(std::string_view frame) noexcept {
  const auto length = static_cast<std::uint8_t>(frame[1]);
  return frame.substr(length < 126 ? 2 : length == 126 ? 4 : 10);
}

Deflater::Deflater(int level, int window_bits) noexcept
    : level_(level), window_bits_(window_bits) {}

Deflater::~Deflater() {
  if (stream_) {
    deflateEnd(stream_.get());
  }
}

bool Deflater::ready() {
  if (stream_) {
    return deflateReset(stream_.get()) == Z_OK;
  }
  auto stream = std::make_unique<z_stream>();
  if (deflateInit2(stream.get(), level_, Z_DEFLATED, -window_bits_, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return false;
  }
  stream_ = std::move(stream);
  return true;
}

std::string Deflater::deflate(std::string_view frame) {
  const std::string_view payload = payload_of(frame);
  if (!ready()) {
    return {};
  }
  z_stream& stream = *stream_;
  if (room_.size() < payload.size() + tail_bytes) {
    room_.resize(payload.size() + tail_bytes);
  }
  // zlib does not write to its input; its type is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(payload.data()));
  stream.avail_in = static_cast<uInt>(payload.size());
  stream.next_out = reinterpret_cast<Bytef*>(room_.data());
  // When all of this is needed the message does not get smaller, and zlib may stop.
  stream.avail_out = static_cast<uInt>(payload.size() + tail_bytes);
  const int status = ::deflate(&stream, Z_SYNC_FLUSH);
  std::string made;
  if (status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) {
    const std::size_t bytes = payload.size() - stream.avail_out;
    std::array<char, frame_header_bytes_max> header{};
    const auto opcode = static_cast<Opcode>(static_cast<std::uint8_t>(frame[0]) & opcode_bits);
    const std::size_t header_bytes = encode_header(header, opcode, bytes);
    header[0] = static_cast<char>(static_cast<std::uint8_t>(header[0]) | compressed_bit);
    made.reserve(header_bytes + bytes);
    made.append(header.data(), header_bytes).append(room_.data(), bytes);
  }
  if (room_.size() > inflate_room_kept_bytes) {
    room_ = std::vector<char>();
  }
  return made;
}

}  // namespace transport_ws::frame
