// plugins/metrics_prometheus/message.hpp - the two tables of sdk/contract/metrics_export.fbs.
//
// Read and built field by field: flatc gives C++ the schema's namespace as it is, and `export` is a
// keyword there.
#pragma once

#include <string>
#include <string_view>

#include <flatbuffers/flatbuffers.h>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/error.hpp"

namespace metrics_prometheus {

inline constexpr std::string_view export_service = "bp.metrics.export";
inline constexpr std::uint32_t export_major = 1;
inline constexpr std::uint32_t export_minor = 0;
inline constexpr std::uint32_t render_method = 1;
inline constexpr std::string_view render_request_type = "bp.metrics.export.RenderRequest";
inline constexpr std::string_view render_reply_type = "bp.metrics.export.RenderReply";

// `accept` of a RenderRequest, pointing into `request`. SCHEMA: it is no such table.
[[nodiscard]] bp::result<std::string_view> read_render_request(bp::bytes_view request);

// A RenderReply.
[[nodiscard]] flatbuffers::DetachedBuffer build_render_reply(std::string_view text,
                                                             std::string_view content_type);

}  // namespace metrics_prometheus
