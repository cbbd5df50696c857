// host/schema/describe.hpp - a contract in words, for `plugin info` and error texts.
//
// Owns: nothing. Thread: any. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "host/schema/model.hpp"

namespace host::schema {

// The table itself first, then every table it reaches, each once, in the order they are met.
[[nodiscard]] std::vector<const Table*> reachable(const Table& table);

// One block per reachable table: its fields, their types, defaults and documentation.
[[nodiscard]] std::string describe(const Table& table);

// A text that differs where two tables differ for a reader or writer: names, ids, types, defaults.
// Documentation and the order of declaration do not count.
[[nodiscard]] std::string canonical_text(const Table& table);

}  // namespace host::schema
