// plugins/metrics_prometheus/plugin.cpp - the edge: provides bp.metrics.export/1 to the host.
#include "backplane/cpp/plugin.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/contract/metrics_export_contract.hpp"

#include "exporter.hpp"
#include "negotiation.hpp"
#include "process.hpp"

namespace metrics_prometheus {

namespace {

using Reply = bp::contract::outgoing<bp::metrics::export_::RenderReply>;

struct Settings {
  bool openmetrics = true;
  bool process = true;
  static constexpr auto fields =
      bp::fields(bp::field<&Settings::openmetrics>("openmetrics").or_default(),
                 bp::field<&Settings::process>("process").or_default());
};

class Prometheus {
 public:
  explicit Prometheus(bp::context& cx) : cx_(cx) {}

  bp::result<void> start(bp::context& cx) {
    BP_TRY(on_config(cx));
    render_time_ = cx.histogram("metrics_render_seconds", "Time to render one exposition.");
    return cx.try_provide(bp::contract::metrics_export::serve(*this));
  }

  bp::result<void> on_config(bp::context& cx) {
    auto settings = cx.config<Settings>();
    BP_TRY(settings);
    settings_ = *settings;
    return {};
  }

  // The method of the contract.
  [[nodiscard]] bp::result<Reply> render(const bp::metrics::export_::RenderRequest& request) const {
    const std::uint64_t began_ns = cx_.now_ns();
    const std::string_view accept =
        request.accept() == nullptr ? std::string_view{} : request.accept()->string_view();
    const Format format = settings_.openmetrics ? negotiate(accept) : Format::Text;
    const auto text = exposition(format);
    if (!text) {
      return std::unexpected(text.error());
    }
    Reply reply([&](flatbuffers::FlatBufferBuilder& builder) {
      const auto body = builder.CreateString(*text);
      const std::string_view type = content_type(format);
      const auto header = builder.CreateString(type.data(), type.size());
      return bp::metrics::export_::CreateRenderReply(builder, body, header);
    });
    if (reply.bytes().size() > BP_MESSAGE_BYTES_MAX) {
      return bp::fail(BP_E_TOO_LARGE, "the exposition has " + std::to_string(text->size()) +
                                          " bytes, more than a message may have; use fewer labels "
                                          "or fewer values of them");
    }
    const std::chrono::duration<double> took = std::chrono::nanoseconds(cx_.now_ns() - began_ns);
    render_time_.observe(took.count());
    return reply;
  }

 private:
  [[nodiscard]] bp::result<std::string> exposition(Format format) const {
    auto snapshot = cx_.metric_snapshot();
    if (!snapshot) {
      return std::unexpected(std::move(snapshot).error());
    }
    std::vector<Family> own{build_info(cx_.property("host.version"))};
    const auto facts = settings_.process ? read_process() : std::nullopt;
    if (facts) {
      for (Family& family : process_families(*facts)) {
        own.push_back(std::move(family));
      }
    }
    return expose(snapshot->bytes(), own, format);
  }

  bp::context& cx_;
  Settings settings_;
  bp::histogram render_time_;
};

}  // namespace
}  // namespace metrics_prometheus

BACKPLANE_PLUGIN(metrics_prometheus::Prometheus);
