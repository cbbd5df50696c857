// plugins/metrics_prometheus/exposition.hpp - families as Prometheus text 0.0.4 or OpenMetrics 1.0.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "family.hpp"
#include "negotiation.hpp"

namespace metrics_prometheus {

// The whole exposition, families in the order given; no name may be given twice. NUL and broken
// UTF-8, which parsers refuse, are replaced in labels and help.
[[nodiscard]] std::string render(std::span<const Family> families, Format format);

// The shortest text that reads back as the same double: "12", "0.25", "1e+30", "+Inf", "NaN".
void append_number(std::string& out, double number);

}  // namespace metrics_prometheus
