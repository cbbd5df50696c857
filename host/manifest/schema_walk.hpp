// host/manifest/schema_walk.hpp - moving through a JSON Schema alongside the value it describes.
//
// Owns: nothing. Thread: any. Errors: SCHEMA for a schema that cannot be followed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "host/error/error.hpp"
#include "host/manifest/json_tree.hpp"

namespace host::manifest {

using Schemas = std::vector<const Node*>;

// Parses a schema and makes sure that every $ref stays inside it, leads somewhere, and that none
// leads back to itself without going one value deeper: whoever follows it comes to an end.
[[nodiscard]] error::Result<Node> read_schema(std::string_view text);

// `schema` and all that apply to the same value through $ref, allOf, anyOf, oneOf, then, else.
[[nodiscard]] Schemas alternatives(const Node& root, const Node& schema);

// The schemas that may apply to one member or item of a value described by `schemas`.
[[nodiscard]] Schemas member_schemas(const Node& root, const Schemas& schemas,
                                     std::string_view name);
[[nodiscard]] Schemas item_schemas(const Node& root, const Schemas& schemas, std::size_t index);

// The schemas that may apply to the value at `pointer` of `value`.
[[nodiscard]] Schemas schemas_at(const Node& root, const Node& value, std::string_view pointer);

}  // namespace host::manifest
