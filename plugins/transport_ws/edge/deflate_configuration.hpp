// plugins/transport_ws/edge/deflate_configuration.hpp - the configuration's `deflate`: which
// messages are compressed, and how large one may become.
#pragma once

#include <cstdint>
#include <optional>

#include "backplane/cpp/config.hpp"

#include "limits.hpp"
#include "server/settings.hpp"

namespace transport_ws::edge {

struct DeflateConfiguration {
  bool enabled = false;
  std::uint32_t level = deflate_level_default;
  bp::byte_size min_size{deflate_bytes_min_default};
  std::optional<bp::byte_size> inflated_max;  // none: the message limit of the route

  static constexpr auto fields =
      bp::fields(bp::field<&DeflateConfiguration::enabled>("enabled").or_default(),
                 bp::field<&DeflateConfiguration::level>("level").or_default(),
                 bp::field<&DeflateConfiguration::min_size>("min_size").or_default(),
                 bp::field<&DeflateConfiguration::inflated_max>("inflated_max").or_default());
};

/// Before the routes, which take it from `settings`. Errors: CONFIG, naming the key.
[[nodiscard]] bp::result<void> read_deflate(const DeflateConfiguration& from,
                                            server::Settings& settings);

}  // namespace transport_ws::edge
