// plugins/metrics_prometheus/news.hpp - what the channel metrics.events is told, each thing once.
//
// Owns: what was told already. Thread: strand. Errors: none; a full channel misses it.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace metrics_prometheus {

class News {
 public:
  // Takes one event as JSON.
  using Tell = std::function<void(std::string_view json)>;

  explicit News(Tell tell) : tell_(std::move(tell)) {}

  // A family has more label values than it may: once for each.
  void overflow(std::string_view family) { once("overflow", family); }

  // A definition was refused because another one of that name stands: once for each name.
  void conflict(std::string_view family) { once("conflict", family); }

  // A scrape took longer than it should; again when one was fast in between.
  void scrape_took(double seconds, double slow_from_seconds);

 private:
  void once(std::string_view event, std::string_view family);

  Tell tell_;
  std::set<std::string> told_;  // event and family
  bool slow_ = false;
};

}  // namespace metrics_prometheus
