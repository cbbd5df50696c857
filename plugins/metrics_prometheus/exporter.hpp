// plugins/metrics_prometheus/exporter.hpp - bp.metrics.export/1: a request, a snapshot, a reply.
//
// Owns: what is known of the host's families, and the scrapes that are under way. Thread: strand.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "backplane/contract/metrics_export_contract.hpp"
#include "backplane/cpp/plugin.hpp"

#include "catalog.hpp"
#include "news.hpp"
#include "process.hpp"
#include "registry_service.hpp"
#include "scrapes.hpp"
#include "settings.hpp"

namespace metrics_prometheus {

class Exporter {
 public:
  using RenderRequest = bp::metrics::export_::RenderRequest;

  using SnapshotRequest = bp::metrics::export_::SnapshotRequest;
  using Picture = bp::metrics::export_::SnapshotReplyT;

  // `callers` has the metrics of bp.metrics.registry/1.
  Exporter(bp::context& cx, const Settings& settings, RegistryService& callers, News::Tell tell);

  // The methods of the contract.
  [[nodiscard]] bp::result<bp::buffer> render(const RenderRequest& request, const bp::call& on);
  [[nodiscard]] bp::result<Picture> snapshot(const SnapshotRequest& request);

  // For the channel metrics.snapshot.
  [[nodiscard]] bp::result<Picture> picture(std::string_view prefix, std::string_view after,
                                            std::uint32_t series_max);

 private:
  [[nodiscard]] bp::result<std::unique_ptr<Scrape>> begin(const RenderRequest& request);
  [[nodiscard]] bp::result<std::vector<Piece>> ask(Catalog& catalog,
                                                   std::vector<bp::buffer>& parts);
  [[nodiscard]] std::vector<Family> own_families(const std::optional<ProcessFacts>& facts);
  void look_at(const Catalog& catalog);
  [[nodiscard]] bp::result<bp::buffer> go_on(std::unique_ptr<Scrape> scrape, const bp::call& on,
                                             std::uint64_t began_ns);
  void look_after_overdue();

  bp::context& cx_;
  const Settings& settings_;
  RegistryService& callers_;
  News news_;
  std::array<Catalog, 2> catalogs_{Catalog(Format::Text), Catalog(Format::OpenMetrics)};
  Scrapes scrapes_;
  bool watching_ = false;  // a timer looks for overdue scrapes
  bp::histogram render_time_;
  bp::counter bytes_;
  bp::counter done_;
  bp::counter failed_;
  bp::counter busy_;
  bp::counter overdue_;
};

}  // namespace metrics_prometheus
