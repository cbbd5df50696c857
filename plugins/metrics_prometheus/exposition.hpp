// plugins/metrics_prometheus/exposition.hpp - pieces and own families, written out as one text in
// as many goes as it takes.
//
// Owns: what it writes from. Thread: strand. Errors: CORRUPT.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "catalog.hpp"
#include "family.hpp"
#include "negotiation.hpp"

namespace metrics_prometheus {

// A family of ours as a piece, with the numbers that it points to.
class OwnFamily {
 public:
  // CORRUPT: its series have unlike buckets.
  [[nodiscard]] static bp::result<OwnFamily> make(const Family& family, Format format,
                                                  bool created = false);

  [[nodiscard]] Piece piece() const;

 private:
  std::string name_;
  std::shared_ptr<Lines> lines_;
  std::vector<bp_metric_series> series_;
  std::vector<bp_metric_bucket> buckets_;
};

class Exposition {
 public:
  // `pieces` by family name; what they point to outlives it. A family of ours stands back behind
  // the host's one of the same name.
  Exposition(std::vector<Piece> pieces, std::span<const OwnFamily> own, Format format);

  // As many whole lines as fit; room for the longest line there may be is enough to go on.
  [[nodiscard]] bp::result<void> write(Room& room);

  [[nodiscard]] bool done() const noexcept { return done_; }

  // Bounds of what all write()s give together.
  [[nodiscard]] std::size_t size_max() const noexcept;
  [[nodiscard]] std::size_t size_min() const noexcept;

 private:
  std::vector<Piece> pieces_;
  Format format_;
  std::size_t piece_ = 0;
  std::size_t series_ = 0;  // of the piece
  bool headed_ = false;     // the piece's head is written
  bool done_ = false;
};

// The longest line: a name, 17 labels with every character escaped, a number.
inline constexpr std::size_t line_bytes_max = std::size_t{16} << 10U;

// Families of ours alone, in the order given; no name may be given twice.
[[nodiscard]] bp::result<std::string> render(std::span<const Family> families, Format format);

// backplane_build_info{version="..."} 1
[[nodiscard]] Family build_info(std::string_view version);

}  // namespace metrics_prometheus
