// host/manifest/manifest_schema.cpp - both are printouts of the key tables.
#include "host/manifest/manifest_schema.hpp"

#include <utility>

#include "host/manifest/config_schema.hpp"
#include "host/manifest/key_tables.hpp"
#include "host/manifest/substitution.hpp"

namespace host::manifest {

std::string manifest_json_schema() {
  Node schema = json_object();
  schema.set("$schema", json_string("http://json-schema.org/draft-07/schema#"));
  schema.set("title", json_string("backplane plugins.json"));
  for (Node& member : object_schema(manifest_keys()).children) {
    const std::string name = member.key;
    schema.set(name, std::move(member));
  }
  return pretty(schema);
}

std::string print_effective(const Manifest& manifest, const ConfigSchemaOf& schema_of) {
  Node root = print_object(manifest_keys(), manifest);
  for (const Plugin& plugin : manifest.plugins) {
    const std::optional<std::string> schema = schema_of ? schema_of(plugin) : std::nullopt;
    if (schema) {
      Node redacted = redacted_config(*schema, plugin.config_source);
      root.find("plugins")->find(plugin.id)->set("config", std::move(redacted));
    }
  }
  escape_variables(root);
  return pretty(root);
}

}  // namespace host::manifest
