// host/schema/decode.hpp - a verified FlatBuffers message as JSON text.
//
// Owns: nothing. Thread: any. Errors: E_SCHEMA (hostile bytes), E_TOO_LARGE.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "host/schema/model.hpp"

namespace host::schema {

// A message may name one long string many times; its JSON may not grow without end.
inline constexpr std::size_t json_output_bytes_max = std::size_t{64} << 20U;

// Appends one compact JSON object to `out`; on failure `out` is as it was.
[[nodiscard]] error::Result<void> append_json(const Table& table, std::span<const std::byte> bytes,
                                              std::string& out);

}  // namespace host::schema
