// host/schema/encode.hpp - JSON text as a FlatBuffers message.
//
// Owns: nothing. Thread: any. Errors: E_INVALID (not JSON), E_SCHEMA (JSON that is not the type;
// the message holds an RFC 6901 pointer to the place), E_TOO_LARGE.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "host/schema/model.hpp"

namespace host::schema {

// Replaces the contents of `out`, keeping its capacity; on failure `out` is as it was.
[[nodiscard]] error::Result<void> encode_json(const Table& table, std::string_view json,
                                              std::vector<std::byte>& out);

}  // namespace host::schema
