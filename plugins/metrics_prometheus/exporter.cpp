// plugins/metrics_prometheus/exporter.cpp - joins families and has them rendered.
#include "exporter.hpp"

#include <map>
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
  std::map<std::string_view, Family> by_name;
  for (Family& family : *read) {
    by_name.try_emplace(family.name, std::move(family));
  }
  for (const Family& family : own) {
    by_name.try_emplace(family.name, family);
  }
  std::vector<Family> families;
  families.reserve(by_name.size());
  for (auto& [name, family] : by_name) {
    families.push_back(std::move(family));
  }
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
