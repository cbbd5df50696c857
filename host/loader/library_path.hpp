// host/loader/library_path.hpp - from the name in the manifest to a file on disk.
//
// Owns: nothing. Thread: any. Errors: NOT_FOUND with the nearest name
// there is and every place that was tried, INVALID.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "host/error/error.hpp"

namespace host::loader {

// A name with a '/' is a path and taken as it is. A bare name is looked for in each directory as
// `<dir>/<name>.so` and `<dir>/<name>/<name>.so`, in this order, and nowhere else: the system's own
// library path is never searched.
[[nodiscard]] error::Result<std::filesystem::path> find_library(
    std::string_view name, std::span<const std::filesystem::path> plugin_path);

}  // namespace host::loader
