// plugins/transport_ws/http/trace_parent.hpp - the trace that a request belongs to, as its sender
// says.
//
// Source: W3C Trace Context (Recommendation of 2021-11-23), section 3.2, "traceparent". Thread:
// value. Errors: none; what is no such field is as if it were not there, as the section wants.
#pragma once

#include <optional>

#include "backplane/cpp/bytes.hpp"

#include "http/message.hpp"

namespace transport_ws::http {

/// Of a request whose sender records its trace ("sampled"); else none, as of one with several such
/// fields.
[[nodiscard]] std::optional<bp::trace_context> trace_parent_of(const Request& request);

}  // namespace transport_ws::http
