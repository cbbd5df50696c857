// plugins/metrics_prometheus/negotiation.hpp - which exposition format a scraper is given.
#pragma once

#include <cstdint>
#include <string_view>

namespace metrics_prometheus {

enum class Format : std::uint8_t { Text, OpenMetrics };

// The HTTP header "Content-Type" of a format.
[[nodiscard]] std::string_view content_type(Format format) noexcept;

// OpenMetrics 1.0 when the HTTP header "Accept" wants it at least as much as plain text.
[[nodiscard]] Format negotiate(std::string_view accept);

}  // namespace metrics_prometheus
