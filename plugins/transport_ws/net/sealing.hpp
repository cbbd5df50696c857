// plugins/transport_ws/net/sealing.hpp - pieces of plain bytes become records of TLS.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <boost/asio/buffer.hpp>

#include "net/socket.hpp"
#include "tls/engine.hpp"

namespace transport_ws::net {

/// Small pieces share a record. Ends where the socket takes no more; says how much was taken.
template <typename Buffers>
std::size_t seal(tls::Engine& tls, const Buffers& buffers, ErrorCode& failure) {
  tls.flush(failure);
  if (failure) {
    return 0;
  }
  std::array<char, tls::record_bytes_max> record;  // NOLINT(*-member-init): filled before use
  std::size_t filled = 0;
  std::size_t sealed = 0;
  const auto write = [&] {
    tls.write({record.data(), filled}, failure);
    sealed += failure ? 0 : std::exchange(filled, 0);
    return !failure && !tls.unsent();
  };
  for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers);
       ++at) {
    asio::const_buffer piece = *at;
    while (piece.size() > 0) {
      const std::size_t bytes = std::min(piece.size(), record.size() - filled);
      std::memcpy(record.data() + filled, piece.data(), bytes);
      filled += bytes;
      piece += bytes;
      if (filled == record.size() && !write()) {
        return sealed;
      }
    }
  }
  if (filled > 0) {
    (void)write();
  }
  return sealed;
}

}  // namespace transport_ws::net
