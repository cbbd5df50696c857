// host/manifest/config_schema.hpp - a plugin's configuration against the plugin's own JSON Schema.
//
// Owns: nothing. Thread: any. Errors: SCHEMA when the schema itself is unusable; findings never
// repeat a value, because it may be a secret.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "host/error/error.hpp"
#include "host/manifest/json_tree.hpp"

namespace host::manifest {

// std::regex recurses over its input: longer texts are refused where a pattern may meet them.
inline constexpr std::size_t pattern_bytes_max = 512;
inline constexpr std::size_t pattern_input_bytes_max = 1'024;
inline constexpr std::size_t config_findings_max = 100;

inline constexpr std::string_view redacted_text = "***";

struct ConfigFinding {
  std::string pointer;  // from the configuration's root
  std::string message;

  friend bool operator==(const ConfigFinding&, const ConfigFinding&) = default;
};

// Draft-07; a $ref may only point into the same schema. A text with `"format": "host-port"` is a
// numeric address and a port.
[[nodiscard]] error::Result<std::vector<ConfigFinding>> validate_config(std::string_view schema,
                                                                        std::string_view config);

// The configuration with the schema's `default`s where it says nothing, at every depth.
[[nodiscard]] error::Result<std::string> with_defaults(std::string_view schema,
                                                       std::string_view config);

// The configuration with "***" for what the schema marks as `"sensitive": true`. References to
// secrets stay. With an unusable schema every value is replaced.
[[nodiscard]] Node redacted_config(std::string_view schema, const Node& config);

}  // namespace host::manifest
