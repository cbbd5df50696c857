// host/metric/snapshot.hpp - families as the flat bytes that bp.metric/1 hands to an exporter.
//
// Thread: any. Errors: TOO_LARGE.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "host/error/error.hpp"
#include "host/metric/family.hpp"

namespace host::metric {

[[nodiscard]] bp_metric_exemplar to_law(std::uint32_t series, std::uint32_t bucket,
                                        const Exemplar& exemplar) noexcept;

// One bp_metric_snapshot with its arrays and texts. Equal texts are stored once.
[[nodiscard]] error::Result<std::string> encode_snapshot(
    const std::vector<Family>& families, std::chrono::sys_time<std::chrono::nanoseconds> time);

}  // namespace host::metric
