// host/cli/config_verbs.cpp - `config schema` and `config print`.
#include <cstdio>

#include <fmt/format.h>

#include "host/cli/verbs.hpp"
#include "host/loader/inspect.hpp"
#include "host/loader/library_path.hpp"
#include "host/manifest/manifest_schema.hpp"

namespace host::cli {

int config_schema() {
  fmt::print("{}\n", manifest::manifest_json_schema());
  return 0;
}

int config_print(const Place& place) {
  const manifest::Reading reading =
      manifest::read_file(place.manifest, manifest::process_environment(default_plugin_path()));
  if (!reading.manifest) {
    for (const manifest::Problem& problem : reading.problems) {
      fmt::print(stderr, "{}\n", problem.text());
    }
    return reading.missing ? exit_no_input : exit_manifest;
  }
  const manifest::Manifest& manifest = *reading.manifest;
  // Which values are sensitive is known to the plugins' own schemas.
  const auto schema_of = [&](const manifest::Plugin& plugin) -> std::optional<std::string> {
    const std::vector<std::filesystem::path> folders{manifest.host.plugin_path};
    const auto path = loader::find_library(plugin.library, folders);
    const auto facts = path ? loader::inspect(*path) : std::unexpected(path.error());
    if (!facts) {
      fmt::print(stderr, "backplane: the configuration of plugin '{}' is hidden: {}\n", plugin.id,
                 facts.error().text());
    }
    // No schema knows what is sensitive there: an unusable one hides everything.
    return std::optional(facts ? facts->description.config_schema : std::string());
  };
  fmt::print("{}\n", manifest::print_effective(manifest, schema_of));
  return 0;
}

}  // namespace host::cli
