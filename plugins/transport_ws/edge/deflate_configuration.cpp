// plugins/transport_ws/edge/deflate_configuration.cpp - ranges of the keys of `deflate`.
#include "edge/deflate_configuration.hpp"

#include <fmt/format.h>

#include "limits.hpp"

namespace transport_ws::edge {

namespace {

constexpr std::uint32_t level_ceiling = 9;    // zlib's
constexpr std::uint64_t min_size_floor = 32;  // below, nothing gets smaller

}  // namespace

bp::result<void> read_deflate(const DeflateConfiguration& from, server::Settings& settings) {
  if (from.level < 1 || from.level > level_ceiling) {
    return bp::fail(BP_E_CONFIG,
                    fmt::format("'deflate.level' must be from 1 to {}", level_ceiling));
  }
  if (from.min_size < min_size_floor || from.min_size > message_bytes_ceiling) {
    return bp::fail(BP_E_CONFIG, fmt::format("'deflate.min_size' must be from {} to {} bytes",
                                             min_size_floor, message_bytes_ceiling));
  }
  if (from.inflated_max &&
      (*from.inflated_max < message_bytes_floor || *from.inflated_max > message_bytes_ceiling)) {
    return bp::fail(BP_E_CONFIG, fmt::format("'deflate.inflated_max' must be from 1KiB to {} bytes",
                                             message_bytes_ceiling));
  }
  settings.deflate_level = static_cast<int>(from.level);
  settings.session.deflate = from.enabled;
  settings.session.deflate_bytes_min = from.min_size;
  if (from.inflated_max) {
    settings.session.inflated_bytes_max = *from.inflated_max;
  }
  return {};
}

}  // namespace transport_ws::edge
