// plugins/metrics_prometheus/picture.hpp - every series as values: for bp.metrics.export/1
// Snapshot, and for the channel metrics.snapshot.
//
// Thread: any. Errors: CORRUPT.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "backplane/contract/metrics_export_contract.hpp"
#include "backplane/cpp/error.hpp"

#include "family.hpp"
#include "snapshot.hpp"

namespace metrics_prometheus {

struct Wanted {
  std::string_view prefix;
  std::string_view after;
  std::uint32_t series_max = 0;  // 0: 10,000
};

inline constexpr std::uint32_t picture_series_default = 10'000;
inline constexpr std::uint32_t picture_series_max = 50'000;

// `own` by name; a family of ours stands back behind the host's one of the same name.
[[nodiscard]] bp::result<bp::metrics::export_::SnapshotReplyT> take_picture(
    std::span<const Snapshot> parts, std::span<const Family> own, const Wanted& wanted);

// The same as one JSON object.
[[nodiscard]] std::string to_json(const bp::metrics::export_::SnapshotReplyT& picture);

}  // namespace metrics_prometheus
