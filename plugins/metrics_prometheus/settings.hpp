// plugins/metrics_prometheus/settings.hpp - the configuration of an instance.
#pragma once

#include <cstdint>
#include <string>

#include "backplane/cpp/config.hpp"

namespace metrics_prometheus {

struct LimitSettings {
  std::uint32_t scrapes = 4;
  std::uint32_t scrape_timeout_ms = 10'000;

  static constexpr auto fields =
      bp::fields(bp::field<&LimitSettings::scrapes>("scrapes").or_default(),
                 bp::field<&LimitSettings::scrape_timeout_ms>("scrape_timeout_ms").or_default());
};

// bp.metrics.registry/1
struct RegistrySettings {
  std::uint32_t families_per_caller = 100;
  std::uint32_t series_per_family = 2'000;
  std::uint32_t series_total = 20'000;
  std::uint32_t expire_after_s = 0;

  static constexpr auto fields = bp::fields(
      bp::field<&RegistrySettings::families_per_caller>("families_per_caller").or_default(),
      bp::field<&RegistrySettings::series_per_family>("series_per_family").or_default(),
      bp::field<&RegistrySettings::series_total>("series_total").or_default(),
      bp::field<&RegistrySettings::expire_after_s>("expire_after_s").or_default());
};

// The channel metrics.snapshot.
struct SnapshotSettings {
  std::uint32_t every_s = 0;
  std::string prefix;

  static constexpr auto fields =
      bp::fields(bp::field<&SnapshotSettings::every_s>("every_s").or_default(),
                 bp::field<&SnapshotSettings::prefix>("prefix").or_default());
};

struct Settings {
  bool openmetrics = true;
  bool created = false;
  bool process = true;
  bool gzip = true;
  std::uint32_t gzip_min_bytes = 4'096;
  std::uint32_t slow_scrape_ms = 1'000;
  LimitSettings limits;
  RegistrySettings registry;
  SnapshotSettings snapshot;

  static constexpr auto fields =
      bp::fields(bp::field<&Settings::openmetrics>("openmetrics").or_default(),
                 bp::field<&Settings::created>("created").or_default(),
                 bp::field<&Settings::process>("process").or_default(),
                 bp::field<&Settings::gzip>("gzip").or_default(),
                 bp::field<&Settings::gzip_min_bytes>("gzip_min_bytes").or_default(),
                 bp::field<&Settings::slow_scrape_ms>("slow_scrape_ms").or_default(),
                 bp::field<&Settings::limits>("limits").or_default(),
                 bp::field<&Settings::registry>("registry").or_default(),
                 bp::field<&Settings::snapshot>("snapshot").or_default());
};

}  // namespace metrics_prometheus
