// plugins/metrics_prometheus/gzip.cpp - zlib's deflate with a gzip header.
#include "gzip.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace metrics_prometheus {

namespace {

constexpr int level = 1;
constexpr int window_bits_gzip = 15 + 16;  // the 16 asks for gzip's header and checksum
constexpr int memory_level = 8;
constexpr std::size_t step_bytes = std::size_t{16} << 10U;

}  // namespace

Gzip::Gzip(std::unique_ptr<z_stream> stream) : stream_(std::move(stream)) {}

Gzip::Gzip(Gzip&&) noexcept = default;

Gzip& Gzip::operator=(Gzip&& other) noexcept {
  std::swap(stream_, other.stream_);
  return *this;
}

Gzip::~Gzip() {
  if (stream_) {
    deflateEnd(stream_.get());
  }
}

bp::result<Gzip> Gzip::make() {
  auto stream = std::make_unique<z_stream>();
  if (deflateInit2(stream.get(), level, Z_DEFLATED, window_bits_gzip, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return bp::fail(BP_E_NO_MEMORY,
                    "zlib has no memory to compress with; take the exposition "
                    "without accept_encoding, or give the host more memory");
  }
  return Gzip(std::move(stream));
}

void Gzip::append(std::string_view text, bool last, std::string& out) {
  z_stream& stream = *stream_;
  // zlib does not write to its input; its type is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  int status = Z_OK;
  do {
    const std::size_t before = out.size();
    out.resize(before + step_bytes);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(step_bytes);
    status = deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
    out.resize(before + step_bytes - stream.avail_out);
  } while (stream.avail_out == 0 && status != Z_STREAM_END);
}

}  // namespace metrics_prometheus
