// plugins/metrics_prometheus/exporter.hpp - one exposition from the host's snapshot and own
// families.
#pragma once

#include <span>
#include <string>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/error.hpp"

#include "family.hpp"
#include "negotiation.hpp"

namespace metrics_prometheus {

// By family name. A family of ours stands back behind the host's one of the same name.
[[nodiscard]] bp::result<std::string> expose(bp::bytes_view snapshot, std::span<const Family> own,
                                             Format format);

// backplane_build_info{version="..."} 1
[[nodiscard]] Family build_info(std::string_view version);

}  // namespace metrics_prometheus
