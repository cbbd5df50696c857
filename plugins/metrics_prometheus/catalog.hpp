// plugins/metrics_prometheus/catalog.hpp - what is known of the host's families from earlier
// snapshots: their lines, so that a scrape writes little more than numbers.
//
// Owns: lines, shared with the scrapes that use them. Thread: strand. Errors: CORRUPT.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "lines.hpp"
#include "snapshot.hpp"

namespace metrics_prometheus {

// A run of a family's series, and where their numbers lie.
struct Piece {
  std::string_view name;
  std::shared_ptr<const Lines> lines;
  std::size_t first = 0;  // of the lines' series
  Numbers numbers;
};

// Families of the host that say what happens to others.
inline constexpr std::string_view overflow_family = "backplane_metric_overflow";
inline constexpr std::string_view conflict_family = "backplane_metric_conflicts";
inline constexpr std::string_view state_family = "backplane_plugin_state";

class Catalog {
 public:
  // `created`: with lines that say when series began.
  explicit Catalog(Format format, bool created = false) : format_(format), created_(created) {}

  [[nodiscard]] bool created() const noexcept { return created_; }

  // What to ask the host for.
  [[nodiscard]] std::uint32_t shape() const noexcept { return shape_; }

  // All pieces, by family name; they point into the parts. CORRUPT: the parts make no sense, or
  // leave out what is not known here. Nothing is known then, and the host is to be asked for all.
  [[nodiscard]] bp::result<std::vector<Piece>> take(std::span<const Snapshot> parts);

  [[nodiscard]] std::size_t families() const noexcept { return entries_.size(); }

  [[nodiscard]] bool knows(std::string_view family) const { return entries_.contains(family); }

  // Label values of the series of a family of watched_families, in the host's order of the labels,
  // as they were told last.
  [[nodiscard]] std::vector<std::vector<std::string>> told(std::string_view family) const;

 private:
  struct Entry {
    std::uint32_t kind = 0;
    std::uint32_t shape = 0;
    std::uint64_t round = 0;  // the last take() that saw it
    std::size_t seen = 0;     // of its series, in that round
    bool fresh = false;       // its lines are made in that round
    std::shared_ptr<Lines> lines;
    std::vector<std::vector<std::string>> told;  // of watched ones
  };

  [[nodiscard]] bp::result<void> take(const Snapshot& part, std::vector<Piece>& pieces);
  [[nodiscard]] bp::result<void> learn(const Snapshot& part, const Snapshot::Head& head,
                                       Entry& entry);
  [[nodiscard]] bool all_whole();

  Format format_;
  bool created_;
  std::uint32_t shape_ = 0;
  std::uint64_t round_ = 0;
  std::map<std::string, Entry, std::less<>> entries_;
  Snapshot::Shape room_;  // for learn()
};

}  // namespace metrics_prometheus
