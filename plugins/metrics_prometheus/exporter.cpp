// plugins/metrics_prometheus/exporter.cpp - takes a snapshot and hands it out as text.
#include "exporter.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "negotiation.hpp"
#include "picture.hpp"

namespace metrics_prometheus {

namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;
constexpr double ms_per_s = 1'000.0;

// States in which an instance's metrics are shown.
constexpr std::array<std::string_view, 4> living{"created", "starting", "running", "draining"};

std::string_view view(const flatbuffers::String* text) noexcept {
  return text == nullptr ? std::string_view{} : text->string_view();
}

}  // namespace

Exporter::Exporter(bp::context& cx, const Settings& settings, RegistryService& callers,
                   News::Tell tell)
    : cx_(cx), settings_(settings), callers_(callers), news_(std::move(tell)) {
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
  Catalog& catalog = catalogs_.at(format == Format::Text ? 0 : 1);
  if (catalog.created() != settings_.created) {
    catalog = Catalog(format, settings_.created);  // its lines are others
  }
  auto pieces = ask(catalog, parts);
  BP_TRY(pieces);
  look_at(catalog);
  const auto facts = settings_.process ? read_process() : std::nullopt;
  std::vector<OwnFamily> own;
  for (const Family& family : own_families(facts)) {
    auto made = OwnFamily::make(family, format, settings_.created);
    BP_TRY(made);
    own.push_back(std::move(*made));
  }
  auto scrape =
      std::make_unique<Scrape>(format, std::move(parts), std::move(*pieces), std::move(own));
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

// By name, but for the callers' own, which may stand anywhere.
std::vector<Family> Exporter::own_families(const std::optional<ProcessFacts>& facts) {
  std::vector<Family> families{build_info(cx_.property("host.version"))};
  if (facts) {
    std::ranges::move(process_families(*facts), std::back_inserter(families));
  }
  std::ranges::move(callers_.families(), std::back_inserter(families));
  return families;
}

// The host tells what happens to others by families of its own.
void Exporter::look_at(const Catalog& catalog) {
  for (const auto& labels : catalog.told(overflow_family)) {
    news_.overflow(labels.empty() ? std::string_view() : std::string_view(labels.front()));
  }
  for (const auto& labels : catalog.told(conflict_family)) {
    news_.conflict(labels.empty() ? std::string_view() : std::string_view(labels.front()));
  }
  if (catalog.knows(state_family)) {
    std::set<std::string> running;
    for (const auto& labels : catalog.told(state_family)) {  // of plugin and state
      if (labels.size() == 2 && std::ranges::find(living, labels[1]) != living.end()) {
        running.insert(labels[0]);
      }
    }
    callers_.keep_only(running);
  }
}

bp::result<Exporter::Picture> Exporter::snapshot(const SnapshotRequest& request) {
  return picture(view(request.prefix()), view(request.after()), request.series_max());
}

bp::result<Exporter::Picture> Exporter::picture(std::string_view prefix, std::string_view after,
                                                std::uint32_t series_max) {
  const auto parts = cx_.metric_parts(0);
  BP_TRY(parts);
  std::vector<Snapshot> snapshots;
  for (const bp::buffer& part : *parts) {
    const auto opened = Snapshot::open(part.bytes());
    BP_TRY(opened);
    snapshots.push_back(*opened);
  }
  const auto facts = settings_.process ? read_process() : std::nullopt;
  return take_picture(snapshots, own_families(facts), {prefix, after, series_max});
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
    news_.scrape_took(took.count(), settings_.slow_scrape_ms / ms_per_s);
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
