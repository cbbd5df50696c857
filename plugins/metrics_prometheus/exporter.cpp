// plugins/metrics_prometheus/exporter.cpp - takes a snapshot and hands it out as text.
#include "exporter.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "negotiation.hpp"
#include "process.hpp"

namespace metrics_prometheus {

namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

std::string_view view(const flatbuffers::String* text) noexcept {
  return text == nullptr ? std::string_view{} : text->string_view();
}

}  // namespace

Exporter::Exporter(bp::context& cx, const Settings& settings) : cx_(cx), settings_(settings) {
  render_time_ = cx.histogram("metrics_render_seconds", "Time to render one exposition.");
  bytes_ = cx.counters({.name = "metrics_exposition_bytes",
                        .help = "Bytes of expositions, as they were handed out.",
                        .unit = "bytes"})
               .bind();
  const auto scrapes = cx.counters({.name = "metrics_scrapes",
                                    .help = "Expositions asked for, and how it ended.",
                                    .labels = {"result"}});
  done_ = scrapes.bind({"done"});
  failed_ = scrapes.bind({"failed"});
  busy_ = scrapes.bind({"busy"});
  overdue_ = scrapes.bind({"timeout"});
}

bp::result<bp::buffer> Exporter::render(const RenderRequest& request, const bp::call& on) {
  const std::uint64_t began_ns = cx_.now_ns();
  overdue_.add(scrapes_.drop_overdue(began_ns));
  if (request.cursor() != 0) {
    auto kept = scrapes_.take(request.cursor());
    BP_TRY(kept);
    return go_on(std::move(*kept), on, began_ns);
  }
  auto begun = begin(request);
  if (!begun) {
    (begun.error().code() == BP_E_BUSY ? busy_ : failed_).add();
    return std::unexpected(std::move(begun).error());
  }
  return go_on(std::move(*begun), on, began_ns);
}

bp::result<std::unique_ptr<Scrape>> Exporter::begin(const RenderRequest& request) {
  const ScrapeLimits limits{.scrapes = settings_.limits.scrapes,
                            .timeout_ms = settings_.limits.scrape_timeout_ms,
                            .gzip_min_bytes = settings_.gzip_min_bytes};
  if (request.chunk_bytes() != 0) {
    BP_TRY(scrapes_.admit(limits));
  }
  const Format format = settings_.openmetrics ? negotiate(view(request.accept())) : Format::Text;
  std::vector<bp::buffer> parts;
  auto pieces = ask(catalogs_.at(format == Format::Text ? 0 : 1), parts);
  BP_TRY(pieces);
  auto own = own_families(format);
  BP_TRY(own);
  auto scrape =
      std::make_unique<Scrape>(format, std::move(parts), std::move(*pieces), std::move(*own));
  if (settings_.gzip && accepts_gzip(view(request.accept_encoding())) &&
      scrape->size_min() >= limits.gzip_min_bytes) {
    BP_TRY(scrape->compress());
  }
  if (request.chunk_bytes() != 0) {
    scrape->chunk_bytes = std::clamp(request.chunk_bytes(), chunk_bytes_min, chunk_bytes_max);
  }
  return scrape;
}

// A host that leaves out what is not known here (because a scrape failed half way) is asked again,
// for all.
bp::result<std::vector<Piece>> Exporter::ask(Catalog& catalog, std::vector<bp::buffer>& parts) {
  for (bool again = catalog.shape() != 0;; again = false) {
    auto taken = cx_.metric_parts(catalog.shape());
    BP_TRY(taken);
    std::vector<Snapshot> snapshots;
    for (const bp::buffer& part : *taken) {
      const auto opened = Snapshot::open(part.bytes());
      BP_TRY(opened);
      snapshots.push_back(*opened);
    }
    auto pieces = catalog.take(snapshots);
    if (pieces || !again) {
      parts = std::move(*taken);
      return pieces;
    }
  }
}

bp::result<std::vector<OwnFamily>> Exporter::own_families(Format format) const {
  std::vector<Family> families{build_info(cx_.property("host.version"))};
  const auto facts = settings_.process ? read_process() : std::nullopt;
  if (facts) {
    for (Family& family : process_families(*facts)) {
      families.push_back(std::move(family));
    }
  }
  std::vector<OwnFamily> own;
  for (const Family& family : families) {
    auto made = OwnFamily::make(family, format);
    BP_TRY(made);
    own.push_back(std::move(*made));
  }
  return own;
}

bp::result<bp::buffer> Exporter::go_on(std::unique_ptr<Scrape> scrape, const bp::call& on,
                                       std::uint64_t began_ns) {
  const std::uint64_t cursor = scrapes_.next_cursor();
  auto reply = scrape->answer(on, scrape->chunk_bytes, cursor);
  if (!reply) {
    failed_.add();
    return reply;
  }
  const std::uint64_t now_ns = cx_.now_ns();
  scrape->spent_ns += now_ns - began_ns;
  if (scrape->done()) {
    done_.add();
    bytes_.add(scrape->written);
    const std::chrono::duration<double> took = std::chrono::nanoseconds(scrape->spent_ns);
    render_time_.observe(took.count());
    return reply;
  }
  scrape->deadline_ns = now_ns + settings_.limits.scrape_timeout_ms * ns_per_ms;
  scrapes_.keep(cursor, std::move(scrape));
  look_after_overdue();
  return reply;
}

// A scrape that nobody comes back for holds the host's memory: it goes even if no other one comes.
void Exporter::look_after_overdue() {
  if (watching_) {
    return;
  }
  watching_ = true;
  (void)cx_.after(
      std::chrono::milliseconds(settings_.limits.scrape_timeout_ms) + std::chrono::milliseconds(1),
      [this] {
        watching_ = false;
        overdue_.add(scrapes_.drop_overdue(cx_.now_ns()));
        if (scrapes_.size() > 0) {
          look_after_overdue();
        }
      });
}

}  // namespace metrics_prometheus
