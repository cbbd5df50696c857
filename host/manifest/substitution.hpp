// host/manifest/substitution.hpp - ${NAME} in texts, after parsing and only for allowed names.
//
// Owns: nothing. Thread: any. Errors: problems, each at the text that holds the mistake.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "host/manifest/binder.hpp"
#include "host/manifest/json_tree.hpp"
#include "host/manifest/manifest.hpp"

namespace host::manifest {

// What all substitutions of one file may add.
inline constexpr std::size_t substituted_bytes_max = std::size_t{1} << 20U;

[[nodiscard]] bool is_variable_name(std::string_view text) noexcept;

// Replaces ${NAME} in every string value below `root`. "$${" stands for a literal "${".
void substitute(Node& root, const std::vector<std::string>& allowed, const Environment& environment,
                std::vector<Problem>& problems);

// The reverse for texts that shall be read again: "${" becomes "$${".
void escape_variables(Node& root);

}  // namespace host::manifest
