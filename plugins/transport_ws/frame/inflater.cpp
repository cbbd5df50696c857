// plugins/transport_ws/frame/inflater.cpp - zlib's inflate on raw DEFLATE data, a bounded piece at
// a time.
#include "frame/inflater.hpp"

#include <algorithm>
#include <zlib.h>

namespace transport_ws::frame {

namespace {

constexpr std::size_t first_room_bytes = 16U << 10U;
constexpr int raw_window = -MAX_WBITS;   // negative: no zlib header; any client's window fits
constexpr int between_blocks_bit = 128;  // of z_stream::data_type
constexpr int unused_bits = 0x07;        // of z_stream::data_type
constexpr std::string_view tail("\0\0\xFF\xFF", 4);  // what the sender left out

constexpr Violation broken{close_invalid_payload, "the compressed message is broken"};
constexpr Violation too_big{close_too_big, "the message inflates above the limit"};

}  // namespace

Inflater::Inflater() = default;

Inflater::~Inflater() {
  if (stream_) {
    inflateEnd(stream_.get());
  }
}

bool Inflater::ready() {
  if (stream_) {
    return inflateReset(stream_.get()) == Z_OK;
  }
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), raw_window) != Z_OK) {
    return false;
  }
  stream_ = std::move(stream);
  return true;
}

bool Inflater::between_blocks() const noexcept {
  return (stream_->data_type & between_blocks_bit) != 0 && (stream_->data_type & unused_bits) == 0;
}

Inflater::Progress Inflater::consume(std::string_view bytes, std::uint64_t bytes_max) {
  z_stream& stream = *stream_;
  // zlib does not write to its input; its type is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  for (;;) {
    if (inflated_ == room_.size()) {
      if (inflated_ > bytes_max) {
        return Progress::TooMuch;
      }
      const std::uint64_t wanted = std::max(first_room_bytes, room_.size() * 2);
      room_.resize(std::min(wanted, bytes_max + 1));  // one more byte shows that it is too much
    }
    stream.next_out = reinterpret_cast<Bytef*>(room_.data() + inflated_);
    const std::size_t free = std::min(room_.size(), bytes_max + 1) - inflated_;
    stream.avail_out = static_cast<uInt>(free);
    const int status = ::inflate(&stream, Z_SYNC_FLUSH);
    inflated_ += free - stream.avail_out;
    if (inflated_ > bytes_max) {
      return Progress::TooMuch;
    }
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) {
        return Progress::Ended;
      }
      // A block may say that it is the last and others follow (RFC 7692 section 7.2.3.4).
      if (inflateReset(&stream) != Z_OK) {
        return Progress::Broken;
      }
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return Progress::Broken;
    } else if (stream.avail_out > 0) {
      return Progress::Hungry;  // it would have gone on if it could
    }
  }
}

std::optional<Violation> Inflater::inflate(std::string_view payload, std::uint64_t bytes_max,
                                           std::string_view& inflated) {
  inflated_ = 0;
  if (!ready()) {
    return Violation{close_try_again_later, "no memory to inflate with"};
  }
  Progress progress = consume(payload, bytes_max);
  if (progress == Progress::Hungry) {
    progress = consume(tail, bytes_max);
    if (progress == Progress::Hungry && !between_blocks()) {
      progress = Progress::Broken;  // it was cut off within a block
    }
  }
  if (progress == Progress::TooMuch || progress == Progress::Broken) {
    shrink();
    return progress == Progress::TooMuch ? too_big : broken;
  }
  inflated = std::string_view(room_.data(), inflated_);
  return std::nullopt;
}

void Inflater::shrink() {
  if (room_.size() > inflate_room_kept_bytes) {
    room_ = std::vector<char>();
  }
}

}  // namespace transport_ws::frame
