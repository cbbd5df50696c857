// plugins/metrics_prometheus/plugin.cpp - the edge: provides bp.metrics.export/1 and
// bp.metrics.registry/1, and tells metrics.events and metrics.snapshot.
#include "backplane/cpp/plugin.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "exporter.hpp"
#include "picture.hpp"
#include "registry_service.hpp"
#include "settings.hpp"

namespace metrics_prometheus {

namespace {

constexpr std::string_view events_channel = "metrics.events";
constexpr std::string_view snapshot_channel = "metrics.snapshot";
constexpr std::uint32_t series_per_message = 1'000;

class Prometheus {
 public:
  bp::result<void> start(bp::context& cx) {
    cx_ = &cx;
    auto events = cx.try_open(events_channel);
    BP_TRY(events);
    events_ = *events;
    auto snapshots = cx.try_open(snapshot_channel);
    BP_TRY(snapshots);
    snapshots_ = *snapshots;
    callers_ = std::make_unique<RegistryService>(cx, settings_);
    // Who is not listening misses it: it is in the metrics, too.
    exporter_ = std::make_unique<Exporter>(
        cx, settings_, *callers_, [this](std::string_view json) { (void)events_.send(json); });
    BP_TRY(on_config(cx));
    BP_TRY(cx.try_provide(bp::contract::metrics_registry::serve(*callers_)));
    return cx.try_provide(bp::contract::metrics_export::serve(*exporter_));
  }

  bp::result<void> on_config(bp::context& cx) {
    auto settings = cx.config<Settings>();
    BP_TRY(settings);
    settings_ = *settings;
    if (timer_) {
      timer_->cancel();
      timer_.reset();
    }
    if (settings_.snapshot.every_s != 0) {
      timer_ =
          cx.every(std::chrono::seconds(settings_.snapshot.every_s), [this] { return tell(); });
    }
    return {};
  }

 private:
  // Families by name, in as many messages as it takes; all but the last have `next`.
  bp::result<void> tell() {
    std::string after;
    do {
      const auto picture = exporter_->picture(settings_.snapshot.prefix, after, series_per_message);
      BP_TRY(picture);
      if (const auto sent = snapshots_.send(to_json(*picture)); !sent) {
        return sent;
      }
      after = picture->next;
    } while (!after.empty());
    return {};
  }

  bp::context* cx_ = nullptr;
  Settings settings_;
  bp::sender events_;
  bp::sender snapshots_;
  std::optional<bp::timer> timer_;
  std::unique_ptr<RegistryService> callers_;
  std::unique_ptr<Exporter> exporter_;
};

}  // namespace
}  // namespace metrics_prometheus

BACKPLANE_PLUGIN(metrics_prometheus::Prometheus);
