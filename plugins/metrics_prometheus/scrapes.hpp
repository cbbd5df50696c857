// plugins/metrics_prometheus/scrapes.hpp - expositions on their way out, each piece by piece.
//
// Owns: the host's parts until a scrape is done. Thread: strand. Errors: BUSY, STALE, TOO_LARGE,
// CORRUPT.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backplane/cpp/service.hpp"

#include "exposition.hpp"
#include "gzip.hpp"
#include "reply.hpp"

namespace metrics_prometheus {

inline constexpr std::uint32_t chunk_bytes_min = std::uint32_t{64} << 10U;
inline constexpr std::uint32_t chunk_bytes_max = std::uint32_t{8} << 20U;

struct ScrapeLimits {
  std::uint32_t scrapes = 4;             // that wait for their next request
  std::uint32_t timeout_ms = 10'000;     // between two requests of one
  std::uint32_t gzip_min_bytes = 4'096;  // what is smaller is not compressed
};

// One exposition.
class Scrape {
 public:
  // `parts` hold what `pieces` point to.
  Scrape(Format format, std::vector<bp::buffer> parts, std::vector<Piece> pieces,
         std::vector<OwnFamily> own);

  // From here on it is compressed.
  [[nodiscard]] bp::result<void> compress();

  [[nodiscard]] bool done() const noexcept { return exposition_.done(); }

  [[nodiscard]] std::size_t size_min() const noexcept { return exposition_.size_min(); }

  // What comes next, at most `bytes` (0: all of it), as a reply that says `next` if it is not done.
  [[nodiscard]] bp::result<bp::buffer> answer(const bp::call& on, std::uint32_t bytes,
                                              std::uint64_t next);

  std::uint64_t deadline_ns = 0;
  std::uint32_t chunk_bytes = 0;
  std::uint64_t spent_ns = 0;  // rendering
  std::uint64_t written = 0;   // bytes of bodies

 private:
  [[nodiscard]] bp::result<bp::buffer> plain(const bp::call& on, std::uint32_t bytes,
                                             std::uint64_t next);
  [[nodiscard]] bp::result<bp::buffer> packed(const bp::call& on, std::uint32_t bytes,
                                              std::uint64_t next);

  std::vector<bp::buffer> parts_;
  std::vector<OwnFamily> own_;
  Format format_;
  Exposition exposition_;
  std::optional<Gzip> gzip_;
  std::string text_;  // rendered and not compressed yet
  std::string out_;   // compressed
};

// Those that are not done.
class Scrapes {
 public:
  // BUSY: so many are under way.
  [[nodiscard]] bp::result<void> admit(const ScrapeLimits& limits) const;

  // Until its next request. The cursor for that.
  [[nodiscard]] std::uint64_t next_cursor() noexcept { return ++last_; }

  void keep(std::uint64_t cursor, std::unique_ptr<Scrape> scrape);

  // STALE: it was asked for already, or too late.
  [[nodiscard]] bp::result<std::unique_ptr<Scrape>> take(std::uint64_t cursor);

  // How many nobody came back for in time.
  std::size_t drop_overdue(std::uint64_t now_ns);

  [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }

 private:
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Scrape>> open_;
};

}  // namespace metrics_prometheus
