// tests/plugins/transport_ws/frame/bomb.hpp - a little compressed data that becomes very much.
#pragma once

#include <cstddef>
#include <string>

#include "frame/codec.hpp"
#include "frame/deflater.hpp"

namespace transport_ws::frame {

inline constexpr std::size_t bomb_unit_bytes = std::size_t{1} << 20U;

/// The payload of a message of `units` MiB of zeros: about a KiB for each. The pieces of a message
/// without context may follow each other when the tail that senders leave out is between them.
inline std::string bomb(std::size_t units) {
  Deflater deflater(9, window_bits_max);
  const std::string packed =
      deflater.deflate(encode_frame(Opcode::Binary, std::string(bomb_unit_bytes, '\0')));
  const std::string unit = std::string(payload_of(packed)) + std::string("\0\0\xFF\xFF", 4);
  std::string all;
  for (std::size_t i = 0; i < units; ++i) {
    all += unit;
  }
  all.resize(all.size() - 4);  // the last one's is left out again
  return all;
}

/// A masked frame of a client with any first byte.
inline std::string client_frame(unsigned first, std::string_view payload,
                                std::uint32_t key = 0x78563412U) {
  std::string frame = encode_frame(Opcode::Binary, payload, key);
  frame[0] = static_cast<char>(first);
  return frame;
}

/// What a client that compresses sends: one frame with RSV1.
inline std::string packed_by_client(Opcode opcode, std::string_view payload) {
  Deflater deflater(1, window_bits_max);
  const std::string packed = deflater.deflate(encode_frame(opcode, payload));
  return client_frame(static_cast<unsigned char>(packed[0]), payload_of(packed));
}

}  // namespace transport_ws::frame
