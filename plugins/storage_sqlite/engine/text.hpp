// plugins/storage_sqlite/engine/text.hpp - what text must look like before it becomes a key or a
// column.
#pragma once

#include <cstdint>
#include <string_view>

#include "backplane/cpp/error.hpp"

namespace storage_sqlite::engine {

/// 1 to `bytes_max` of A-Z a-z 0-9 . _ -: a name that is safe in channels, files and lines.
[[nodiscard]] bool is_name(std::string_view text, std::size_t bytes_max) noexcept;

enum class Emptiness : std::uint8_t { Refused, Allowed };

/// Errors: INVALID (empty, not UTF-8, a NUL inside), TOO_LARGE; each names the field.
[[nodiscard]] bp::result<void> check_text(std::string_view field, std::string_view text,
                                          std::size_t bytes_max, Emptiness emptiness);

}  // namespace storage_sqlite::engine
