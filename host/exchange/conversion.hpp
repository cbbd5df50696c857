// host/exchange/conversion.hpp - payloads to JSON text and back, by their declared type.
//
// "json": the text itself. "bytes": a base64 string. A table: through its schema.
// Owns: nothing. Thread: any. Errors: SCHEMA with the place, INVALID for text that is not JSON,
// NO_MEMORY.
#pragma once

#include <string>
#include <string_view>

#include "host/error/error.hpp"
#include "host/message/pool.hpp"
#include "host/schema/schema.hpp"

namespace host::exchange {

// What a payload is: the declared type, and the schema that has it where it is a table.
struct PayloadType {
  std::string_view name;
  const schema::Schema* schema = nullptr;
};

[[nodiscard]] error::Result<message::Message> from_json(message::Pool& pool,
                                                        const PayloadType& type,
                                                        std::string_view json);
[[nodiscard]] error::Result<std::string> to_json(const PayloadType& type,
                                                 std::span<const std::byte> payload);

// Well-formed JSON (RFC 8259), UTF-8, nesting at most BP_JSON_DEPTH_MAX, no key twice in one
// object.
[[nodiscard]] error::Result<void> check_json(std::string_view text);

}  // namespace host::exchange
