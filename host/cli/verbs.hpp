// host/cli/verbs.hpp - what each verb does, without the parsing of its words.
//
// Owns: nothing. Thread: main. Errors: exit codes; text on stderr, results on stdout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/places.hpp"

namespace host::cli {

// plugin_verbs.cpp
int plugin_list(const Place& place, bool json);
// `file`: a path, or a name that is looked for as the manifest's `library` is.
int plugin_info(const Place& place, const std::string& file, bool json);

// remote_verbs.cpp: ask the running host
int publish(const Place& place, const std::string& channel, const std::string& json);
int subscribe(const Place& place, const std::string& channel, std::uint64_t count, bool consume);
int call(const Place& place, const std::string& method, const std::string& json,
         std::uint64_t timeout_ms);
int control_events(const Place& place, const std::string& match, std::uint64_t count, bool existing,
                   bool json);
int control_status(const Place& place, bool json);
int control_plugin(const Place& place, const std::string& verb, const std::string& id);
int control_log_level(const Place& place, const std::string& level, const std::string& name);
int control_shutdown(const Place& place);

// migrate_verbs.cpp: ask bp.storage.admin/1 of the running host
struct Migration {
  bool up = true;
  std::string component{};           // empty: all of them, up
  std::optional<std::int64_t> to{};  // nothing: the newest, or one down
  bool dry_run = false;
};

int migrate(const Place& place, const Migration& wanted, bool json);
int migrate_status(const Place& place, bool json);

// bench_verb.cpp: becomes the bench program of this installation
int bench(const std::vector<std::string>& arguments);

// config_verbs.cpp
int config_schema();
int config_print(const Place& place);

}  // namespace host::cli
