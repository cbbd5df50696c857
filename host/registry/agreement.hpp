// host/registry/agreement.hpp - what may be registered, and when two ends mean the same channel.
//
// Owns: nothing. Thread: any. Errors: INVALID, CONFLICT.
#pragma once

#include <string>

#include "host/channel/channel.hpp"
#include "host/error/error.hpp"
#include "host/service/service.hpp"

namespace host::registry {

[[nodiscard]] error::Result<void> check_settings(const channel::Settings& settings);
[[nodiscard]] error::Result<void> check_description(
    const service::Service::Description& description);

// `who` wants a channel of that name as `wanted`; `there` is what it is.
[[nodiscard]] error::Result<void> agree(const channel::Settings& there,
                                        const channel::Settings& wanted, const std::string& who);

}  // namespace host::registry
