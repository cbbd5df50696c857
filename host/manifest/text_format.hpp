// host/manifest/text_format.hpp - the `format`s of a config schema that this host knows by itself.
//
// Owns: nothing. Thread: any. Errors: findings, which never repeat a value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/manifest/config_schema.hpp"

namespace host::manifest {

// A numeric address and a port: "127.0.0.1:9400", "[::1]:0".
inline constexpr std::string_view host_port_format = "host-port";

// What is wrong with a "host-port", or nothing.
[[nodiscard]] std::string host_port_fault(std::string_view text);

// Looks at every text of `config` for which `schema` asks for such a format unconditionally (not
// only in a branch of anyOf, oneOf or if). An empty text has no format: `minLength` refuses it.
void check_formats(const Node& schema, const Node& config, std::vector<ConfigFinding>& findings);

}  // namespace host::manifest
