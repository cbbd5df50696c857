// host/daemon/daemon.hpp - the composition root: the only place where all rooms meet.
//
// Owns: everything that runs. Thread: main. Errors: a process exit code; what is wrong is written
// to stderr.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/log/level.hpp"

namespace host::daemon {

struct ServeOptions {
  std::filesystem::path manifest = "plugins.json";
  std::filesystem::path plugin_path;  // default of host.plugin_path
  std::optional<log::Level> level;    // -v
};

// Runs until SIGTERM, SIGINT or a shutdown by the control socket. Answers the exit code.
[[nodiscard]] int serve(const ServeOptions& options);

// Everything `serve` would find wrong before it starts, with no side effects. Answers the exit
// code.
[[nodiscard]] int check(const std::filesystem::path& manifest,
                        const std::filesystem::path& plugin_path, bool json);

[[nodiscard]] std::string version();

}  // namespace host::daemon
