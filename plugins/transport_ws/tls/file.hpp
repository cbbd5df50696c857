// plugins/transport_ws/tls/file.hpp - small files with keys and certificates: read whole, checked
// by descriptor, watched by their facts.
//
// Errors: NOT_FOUND, PERMISSION, INVALID, TOO_LARGE, IO; each names the file and the fix. Thread:
// any.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "backplane/cpp/error.hpp"

namespace transport_ws::tls {

inline constexpr std::size_t file_bytes_max = 1U << 20U;

/// Who may read a file: anybody, or nobody but its owner (and root).
enum class Readers : std::uint8_t { Anybody, Owner };

[[nodiscard]] bp::result<std::string> read_file(const std::string& path, Readers readers);

/// What changes when a file is written or replaced. All zero: there is none.
using Facts = std::array<std::int64_t, 7>;

[[nodiscard]] Facts facts_of(const std::string& path) noexcept;

/// A relative path starts at `folder`; an empty one stays empty.
[[nodiscard]] std::string path_in(std::string_view folder, const std::string& path);

}  // namespace transport_ws::tls
