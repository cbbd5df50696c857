// host/manifest/glob.hpp - patterns with * and ?, for names and for file names.
//
// Owns: nothing. Thread: any. Errors: a folder that cannot be read matches nothing.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace host::manifest {

// `*` stands for any run of characters, `?` for one; everything else for itself. Linear memory, at
// most pattern times text steps.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

[[nodiscard]] bool is_glob(std::string_view text) noexcept;

// Regular files whose name matches the last part of `pattern`, sorted by name. Only the last part
// may hold * or ?. Hidden files match only a pattern that starts with a dot.
[[nodiscard]] std::vector<std::filesystem::path> glob_files(const std::filesystem::path& pattern);

}  // namespace host::manifest
