// plugins/crypto_sodium/record_file.hpp - small private files of plain lines that hold no secret:
// read whole or absent, replaced whole.
//
// Thread: any. Blocks: on the disk, except parse_number().
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "backplane/cpp/error.hpp"

namespace crypto_sodium {

/// Nothing: there is no such file. Errors: those of read_private_file() but NOT_FOUND.
[[nodiscard]] bp::result<std::optional<std::string>> read_record(const std::string& path,
                                                                 std::size_t bytes_max);

/// As replace_private_file().
[[nodiscard]] bp::result<void> replace_record(const std::string& path, std::string_view text);

/// A decimal number and nothing around it.
template <typename Number>
[[nodiscard]] bool parse_number(std::string_view text, Number& number) noexcept {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

}  // namespace crypto_sodium
