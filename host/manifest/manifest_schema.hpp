// host/manifest/manifest_schema.hpp - the manifest's form as JSON Schema, and a manifest as JSON.
//
// Owns: nothing. Thread: any. Errors: none.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "host/manifest/manifest.hpp"

namespace host::manifest {

// JSON Schema (draft-07) of plugins.json, made from the tables that read it.
[[nodiscard]] std::string manifest_json_schema();

// A plugin's config schema, if it is known.
using ConfigSchemaOf = std::function<std::optional<std::string>(const Plugin&)>;

// The manifest with every default, as JSON that reads back to the same values. Secrets stay
// references; with `schema_of`, values that a schema marks as sensitive become "***".
[[nodiscard]] std::string print_effective(const Manifest& manifest,
                                          const ConfigSchemaOf& schema_of = {});

}  // namespace host::manifest
