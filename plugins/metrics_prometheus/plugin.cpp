// plugins/metrics_prometheus/plugin.cpp - the edge: provides bp.metrics.export/1 to the host.
#include "backplane/cpp/plugin.hpp"

#include <memory>

#include "exporter.hpp"
#include "settings.hpp"

namespace metrics_prometheus {

namespace {

class Prometheus {
 public:
  bp::result<void> start(bp::context& cx) {
    BP_TRY(on_config(cx));
    exporter_ = std::make_unique<Exporter>(cx, settings_);
    return cx.try_provide(bp::contract::metrics_export::serve(*exporter_));
  }

  bp::result<void> on_config(bp::context& cx) {
    auto settings = cx.config<Settings>();
    BP_TRY(settings);
    settings_ = *settings;
    return {};
  }

 private:
  Settings settings_;
  std::unique_ptr<Exporter> exporter_;
};

}  // namespace
}  // namespace metrics_prometheus

BACKPLANE_PLUGIN(metrics_prometheus::Prometheus);
