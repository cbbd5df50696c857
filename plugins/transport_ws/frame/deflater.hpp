// plugins/transport_ws/frame/deflater.hpp - frames of permessage-deflate (RFC 7692 section 7.2.1),
// without context takeover.
//
// Owns: zlib's state, up to 256 KiB from the first message on. One serves all connections of a
// thread that may use the same window. Thread: one at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct z_stream_s;  // NOLINT(readability-identifier-naming): the name that zlib gave it

namespace transport_ws::frame {

/// Of LZ77 (RFC 7692 section 7.1.2). zlib cannot compress with a window of 8 bits.
inline constexpr int window_bits_min = 9;
inline constexpr int window_bits_max = 15;

/// The payload of a whole server frame of data.
[[nodiscard]] std::string_view payload_of(std::string_view frame) noexcept;

class Deflater {
 public:
  Deflater(int level, int window_bits) noexcept;
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater();

  /// The same message as a compressed frame; empty: it would not get smaller, or there is no memory
  /// to compress with. `frame`: whole, of a server, of data.
  [[nodiscard]] std::string deflate(std::string_view frame);

 private:
  [[nodiscard]] bool ready();

  std::unique_ptr<z_stream_s> stream_;  // null: nothing was compressed yet
  std::vector<char> room_;
  int level_;
  int window_bits_;
};

}  // namespace transport_ws::frame
