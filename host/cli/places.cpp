// host/cli/places.cpp - relative to the binary itself, so that a moved installation still works.
#include "host/cli/places.hpp"

#include <cstdio>
#include <system_error>

#include <fmt/format.h>

#include "host/manifest/manifest.hpp"

namespace host::cli {

namespace {

// What holds this binary's bin folder.
std::filesystem::path prefix() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().parent_path();
}

}  // namespace

std::filesystem::path default_plugin_path() {
  std::error_code ignored;
  std::filesystem::path built = prefix() / "plugins";
  if (std::filesystem::is_directory(built, ignored)) {
    return built;
  }
  return prefix() / BACKPLANE_LIBDIR / "backplane" / "plugins";
}

std::filesystem::path bench_program() {
  return prefix() / BACKPLANE_LIBEXECDIR / "backplane" / "bench" / "backplane-bench";
}

error::Result<std::string> socket_of(const Place& place) {
  if (!place.socket.empty()) {
    return place.socket;
  }
  const manifest::Reading reading =
      manifest::read_file(place.manifest, manifest::process_environment(default_plugin_path()));
  if (!reading.manifest) {
    const std::string first =
        reading.problems.empty() ? "it could not be read" : reading.problems.front().text();
    return error::fail(
        reading.missing ? BP_E_NOT_FOUND : BP_E_CONFIG,
        first +
            "; fix: name the manifest of the running host with -c, or its socket with --socket");
  }
  return reading.manifest->admin.socket.path.string();
}

int complain(const error::Error& error) {
  fmt::print(stderr, "backplane: {}\n", error.text());
  return error.exit_code();
}

}  // namespace host::cli
