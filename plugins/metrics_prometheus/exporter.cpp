// plugins/metrics_prometheus/exporter.cpp - joins families and has them rendered.
#include "exporter.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "exposition.hpp"
#include "snapshot.hpp"

namespace metrics_prometheus {

bp::result<std::string> expose(bp::bytes_view snapshot, std::span<const Family> own,
                               Format format) {
  auto read = read_snapshot(snapshot);
  if (!read) {
    return std::unexpected(std::move(read).error());
  }
  std::vector<Family> families = std::move(*read);
  const std::size_t from_host = families.size();
  for (const Family& family : own) {
    const auto host_end = families.begin() + static_cast<std::ptrdiff_t>(from_host);
    if (std::ranges::find(families.begin(), host_end, family.name, &Family::name) == host_end) {
      families.push_back(family);
    }
  }
  std::ranges::sort(families, {}, &Family::name);
  return render(families, format);
}

Family build_info(std::string_view version) {
  return {.kind = BP_METRIC_GAUGE,
          .name = "backplane_build_info",
          .help = "Always 1; the labels say which build this is.",
          .unit = {},
          .series = {Series{.labels = {{"version", version}}, .value = 1.0, .buckets = {}}}};
}

}  // namespace metrics_prometheus
