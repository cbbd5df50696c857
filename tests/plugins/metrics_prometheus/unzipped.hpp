// tests/plugins/metrics_prometheus/unzipped.hpp - what a gzip stream holds, by zlib's own reader.
#pragma once

#include <string>
#include <string_view>
#include <zlib.h>

namespace metrics_prometheus {

// "damaged" when it is no whole stream.
inline std::string unzipped(std::string_view packed) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) {
    return "no memory";
  }
  std::string in(packed);
  std::string out;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  int status = Z_OK;
  while (status == Z_OK) {
    const std::size_t before = out.size();
    out.resize(before + 65'536);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = 65'536;
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + 65'536 - stream.avail_out);
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END && stream.avail_in == 0 ? out : "damaged";
}

}  // namespace metrics_prometheus
