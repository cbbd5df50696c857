// host/cli/places.hpp - where this binary's plugins are, and where its host listens.
//
// Owns: nothing. Thread: main. Errors: the manifest's problems.
#pragma once

#include <filesystem>
#include <string>

#include "host/error/error.hpp"

namespace host::cli {

inline constexpr int exit_findings = 2;
inline constexpr int exit_usage = 64;
inline constexpr int exit_no_input = 66;
inline constexpr int exit_manifest = 78;

// Beside the build's or the installation's bin folder.
[[nodiscard]] std::filesystem::path default_plugin_path();

// The bench program, whose plugins lie beside it.
[[nodiscard]] std::filesystem::path bench_program();

struct Place {
  std::filesystem::path manifest = "plugins.json";  // -c
  std::string socket;                               // --socket; empty: the manifest's
};

[[nodiscard]] error::Result<std::string> socket_of(const Place& place);

// Writes `error` to stderr and answers its exit code.
int complain(const error::Error& error);

}  // namespace host::cli
