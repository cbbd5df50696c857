// host/manifest/glob.hpp - the files that a pattern with * and ? stands for.
//
// Owns: nothing. Thread: any. Errors: a folder that cannot be read matches nothing.
#pragma once

#include <filesystem>
#include <vector>

namespace host::manifest {

// Regular files whose name matches the last part of `pattern`, sorted by name. Only the last part
// may hold * or ?. Hidden files match only a pattern that starts with a dot.
[[nodiscard]] std::vector<std::filesystem::path> glob_files(const std::filesystem::path& pattern);

}  // namespace host::manifest
