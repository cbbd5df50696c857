// plugins/metrics_prometheus/negotiation.hpp - which format and encoding a scraper is given.
#pragma once

#include <cstdint>
#include <string_view>

namespace metrics_prometheus {

enum class Format : std::uint8_t { Text, OpenMetrics };

// The HTTP header "Content-Type" of a format.
[[nodiscard]] std::string_view content_type(Format format) noexcept;

// OpenMetrics 1.0 when the HTTP header "Accept" wants it at least as much as plain text.
[[nodiscard]] Format negotiate(std::string_view accept);

// Whether the HTTP header "Accept-Encoding" allows gzip (RFC 9110, 12.5.3).
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace metrics_prometheus
