// plugins/metrics_prometheus/settings.hpp - the configuration of an instance.
#pragma once

#include <cstdint>

#include "backplane/cpp/config.hpp"

namespace metrics_prometheus {

struct LimitSettings {
  std::uint32_t scrapes = 2;
  std::uint32_t scrape_timeout_ms = 10'000;

  static constexpr auto fields =
      bp::fields(bp::field<&LimitSettings::scrapes>("scrapes").or_default(),
                 bp::field<&LimitSettings::scrape_timeout_ms>("scrape_timeout_ms").or_default());
};

struct Settings {
  bool openmetrics = true;
  bool process = true;
  bool gzip = true;
  std::uint32_t gzip_min_bytes = 4'096;
  LimitSettings limits;

  static constexpr auto fields =
      bp::fields(bp::field<&Settings::openmetrics>("openmetrics").or_default(),
                 bp::field<&Settings::process>("process").or_default(),
                 bp::field<&Settings::gzip>("gzip").or_default(),
                 bp::field<&Settings::gzip_min_bytes>("gzip_min_bytes").or_default(),
                 bp::field<&Settings::limits>("limits").or_default());
};

}  // namespace metrics_prometheus
