// host/schema/base64.hpp - base64 (RFC 4648 section 4, padded): how bytes look in JSON.
//
// Owns: nothing. Thread: any. Errors: decoding answers nullopt or false.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace host::schema {

void append_base64(std::string& out, std::span<const std::uint8_t> bytes);

// The number of bytes `text` stands for; nullopt where its length or padding is wrong.
[[nodiscard]] std::optional<std::size_t> base64_decoded_bytes(std::string_view text) noexcept;

// Fills `out`, which has exactly base64_decoded_bytes(text) bytes; false at a foreign character and
// at stray bits in the last one, so that every byte string has one spelling only.
[[nodiscard]] bool decode_base64(std::string_view text, std::span<std::uint8_t> out) noexcept;

}  // namespace host::schema
