// host/slot/tables.hpp - the law's interface tables, by id.
//
// Owns: constant tables. Thread: any. Errors: null for an unknown id.
#pragma once

#include <string_view>

#include "backplane/backplane.h"

namespace host::slot {

[[nodiscard]] const bp_core* core_table() noexcept;
[[nodiscard]] const bp_chan_api* channel_table() noexcept;
[[nodiscard]] const bp_svc_api* service_table() noexcept;
[[nodiscard]] const bp_json_api* json_table() noexcept;
[[nodiscard]] const bp_state_api* state_table() noexcept;
[[nodiscard]] const bp_trace_api* trace_table() noexcept;
[[nodiscard]] const bp_metric_api* metric_table() noexcept;
[[nodiscard]] const bp_registry_api* registry_table() noexcept;

[[nodiscard]] const void* find_table(std::string_view interface_id) noexcept;

}  // namespace host::slot
