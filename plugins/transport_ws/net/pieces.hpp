// plugins/transport_ws/net/pieces.hpp - what an outbox has to write next, as sockets take it.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <boost/asio/buffer.hpp>

#include "limits.hpp"
#include "net/socket.hpp"

namespace transport_ws::net {

/// A ConstBufferSequence of Asio's. Valid as long as the outbox is not touched.
class Pieces {
 public:
  using value_type = asio::const_buffer;
  using const_iterator = const asio::const_buffer*;

  template <typename Outbox>
  explicit Pieces(Outbox& outbox) {
    std::array<std::string_view, write_gather_buffers_max> pieces;
    count_ = outbox.gather(pieces);
    for (std::size_t i = 0; i < count_; ++i) {
      buffers_[i] = asio::buffer(pieces[i].data(), pieces[i].size());
    }
  }

  [[nodiscard]] const_iterator begin() const noexcept { return buffers_.data(); }

  [[nodiscard]] const_iterator end() const noexcept { return buffers_.data() + count_; }

 private:
  std::array<asio::const_buffer, write_gather_buffers_max> buffers_;
  std::size_t count_ = 0;
};

}  // namespace transport_ws::net
