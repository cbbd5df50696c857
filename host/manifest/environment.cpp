// host/manifest/environment.cpp - what the process around us says.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <thread>
#include <utility>

#ifndef _WIN32
#include <unistd.h>
#endif

#include "host/manifest/manifest.hpp"

namespace host::manifest {

namespace {

std::optional<std::string> variable(const std::string& name) {
  // Nothing in the host writes to the environment, so reading it is safe from any thread.
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string machine_name() {
#ifdef _WIN32
  return variable("COMPUTERNAME").value_or("localhost");
#else
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') {
    return "localhost";
  }
  return name.data();
#endif
}

}  // namespace

Environment process_environment(std::filesystem::path plugin_path) {
  return {
      .variable = variable,
      .host_name = machine_name(),
      .plugin_path = std::move(plugin_path),
      .cores = std::max(1U, std::thread::hardware_concurrency()),
  };
}

}  // namespace host::manifest
