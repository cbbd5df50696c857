// backplane/cpp/config.hpp - a plugin's configuration as a struct: cx.config<Config>().
//
// Since: 1.0. Thread: values. How a struct describes itself: fields.hpp. What JSON gives which
// type:
//   bool, integers (range checked), floats, std::string     themselves
//   std::chrono durations                                   "250ms", "5s", "1h30m"
//   std::chrono::sys_time<D>                                RFC 3339, or an integer counting D
//   since 1970 bp::byte_size                                           65536 or "64KiB"
//   enumerations with json_names()                          their names
//   std::optional, std::vector, std::map<std::string, T>, structs with fields
#pragma once

#include <string_view>
#include <utility>

#include "backplane/cpp/bind.hpp"
#include "backplane/cpp/error.hpp"

namespace bp {

template <typename Config>
[[nodiscard]] result<Config> config_from_json(std::string_view text) {
  static_assert(!json::detail::borrows<Config>(),
                "a configuration outlives its text: use std::string, not std::string_view or raw");
  auto read = json::read<Config>(text.empty() ? std::string_view("{}") : text);
  if (!read) {
    return std::unexpected(
        error(BP_E_CONFIG, read.error().text()).during("reading the configuration"));
  }
  return std::move(**read);
}

}  // namespace bp
