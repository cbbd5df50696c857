// host/cli/ask.hpp - one request to the running host.
//
// Owns: nothing. Thread: main. Errors: UNAVAILABLE when no host answers; else what the host said.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "host/cli/places.hpp"
#include "host/error/error.hpp"

namespace host::cli {

// The body of the answer. `on_line` is called for each line of a streamed one until it answers
// false.
[[nodiscard]] error::Result<std::string> ask(
    const Place& place, const std::string& method, const std::string& target,
    const std::string& body, const std::function<bool(std::string_view)>& on_line = {});

}  // namespace host::cli
