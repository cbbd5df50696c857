// plugins/metrics_prometheus/plugin.cpp - the edge: provides bp.metrics.export/1 to the host.
#include "backplane/cpp/plugin.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "exporter.hpp"
#include "message.hpp"
#include "negotiation.hpp"
#include "process.hpp"

namespace metrics_prometheus {

namespace {

struct Settings {
  bool openmetrics = true;
  bool process = true;
  static constexpr auto fields =
      bp::fields(bp::field<&Settings::openmetrics>("openmetrics").or_default(),
                 bp::field<&Settings::process>("process").or_default());
};

class Prometheus {
 public:
  bp::result<void> start(bp::context& cx) {
    BP_TRY(on_config(cx));
    render_time_ = cx.histogram("metrics_render_seconds", "Time to render one exposition.");
    bp::service exporter(export_service, export_major, export_minor);
    exporter.method(render_method, "Render", {render_request_type, render_reply_type},
                    [this, &cx](const bp::call& call) { return answer(cx, call); });
    return cx.try_provide(std::move(exporter));
  }

  bp::result<void> on_config(bp::context& cx) {
    auto settings = cx.config<Settings>();
    BP_TRY(settings);
    settings_ = *settings;
    return {};
  }

 private:
  bp::result<bp::buffer> answer(const bp::context& cx, const bp::call& call) {
    const auto accept = read_render_request(call.bytes());
    if (!accept) {
      return std::unexpected(accept.error());
    }
    const std::uint64_t began_ns = cx.now_ns();
    const Format format = settings_.openmetrics ? negotiate(*accept) : Format::Text;
    auto text = exposition(cx, format);
    if (!text) {
      return std::unexpected(std::move(text).error());
    }
    const auto reply = build_render_reply(*text, content_type(format));
    if (reply.size() > BP_MESSAGE_BYTES_MAX) {
      return bp::fail(BP_E_TOO_LARGE, "the exposition has " + std::to_string(reply.size()) +
                                          " bytes, more than a message may have; use fewer labels "
                                          "or fewer values of them");
    }
    const std::chrono::duration<double> took = std::chrono::nanoseconds(cx.now_ns() - began_ns);
    render_time_.observe(took.count());
    return call.reply(std::as_bytes(std::span(reply.data(), reply.size())));
  }

  [[nodiscard]] bp::result<std::string> exposition(const bp::context& cx, Format format) const {
    auto snapshot = cx.metric_snapshot();
    if (!snapshot) {
      return std::unexpected(std::move(snapshot).error());
    }
    std::vector<Family> own{build_info(cx.property("host.version"))};
    const auto facts = settings_.process ? read_process() : std::nullopt;
    if (facts) {
      for (Family& family : process_families(*facts)) {
        own.push_back(std::move(family));
      }
    }
    return expose(snapshot->bytes(), own, format);
  }

  Settings settings_;
  bp::histogram render_time_;
};

}  // namespace
}  // namespace metrics_prometheus

BACKPLANE_PLUGIN(metrics_prometheus::Prometheus);
