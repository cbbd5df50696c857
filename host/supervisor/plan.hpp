// host/supervisor/plan.hpp - a manifest and the files it names, checked against each other; no
// plugin code runs.
//
// Owns: facts and schemas of every plugin. Thread: a value. Errors: all problems at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/channel/channel.hpp"
#include "host/error/error.hpp"
#include "host/loader/inspect.hpp"
#include "host/manifest/manifest.hpp"
#include "host/schema/schema.hpp"
#include "host/slot/permissions.hpp"

namespace host::supervisor {

struct Planned {
  manifest::Plugin entry;
  std::optional<loader::Facts> facts;
  std::string config;  // with the schema's defaults; never print it
  slot::Permissions permissions;
  std::vector<std::shared_ptr<const schema::Schema>> schemas;
  std::optional<error::Error> refusal;  // why this plugin cannot start
  std::string refused_at;               // then: the manifest's value that this is about, a pointer
};

// A channel that a wire listens to, as the plugins declare it.
struct WirePlan {
  manifest::Wire wire;
  channel::Settings from;
  std::shared_ptr<const schema::Schema> from_schema;
  std::vector<std::shared_ptr<const schema::Schema>> step_schemas;
};

struct Plan {
  std::vector<Planned> plugins;  // in start order
  std::vector<WirePlan> wires;
  std::vector<manifest::Problem> problems;  // of the manifest: nothing may start
  std::vector<manifest::Problem> warnings;

  // Every refusal as a problem of the manifest, with the refusal's own code. `fatal_only`: those of
  // required plugins without which the host is to end.
  [[nodiscard]] std::vector<manifest::Problem> refusals(const std::string& manifest_file,
                                                        bool fatal_only) const;
};

[[nodiscard]] Plan make_plan(const manifest::Manifest& manifest, const std::string& manifest_file);

}  // namespace host::supervisor
