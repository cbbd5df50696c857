// host/admin/query.hpp - the parameters after '?', checked against what their route takes.
//
// Owns: nothing. Thread: any. Errors: INVALID, naming the parameter, its value and what is
// accepted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "host/admin/http_server.hpp"
#include "host/error/error.hpp"

namespace host::admin {

struct Parameter {
  std::string_view name;
  std::string_view takes;  // for the reader of an error: "debug, info or warn"
};

// Every parameter is one of `known`, and none is given twice.
[[nodiscard]] error::Result<void> check_query(const Request& request,
                                              std::span<const Parameter> known);

struct Range {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

// A whole number; `absent` where the parameter is not given.
[[nodiscard]] error::Result<std::uint64_t> number_in(const Request& request, std::string_view name,
                                                     Range range, std::uint64_t absent);

// 0 or 1; absent is 0.
[[nodiscard]] error::Result<bool> flag_in(const Request& request, std::string_view name);

}  // namespace host::admin
