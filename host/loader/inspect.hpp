// host/loader/inspect.hpp - decides from a plugin file's bytes whether the host may load it.
//
// Owns: values. Thread: any. Errors: refusals (refusal.def), every broken rule in one message.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "backplane/abi/version.h"

#include "host/error/error.hpp"
#include "host/loader/description.hpp"
#include "host/loader/object_file.hpp"
#include "host/loader/plugin_file.hpp"
#include "host/loader/refusal.hpp"

namespace host::loader {

struct InspectOptions {
  std::string sha256;  // what the manifest of the host demands; empty: any
  std::uint16_t abi_minor{BP_ABI_MINOR};
  Machine machine{host_machine()};
  std::string glibc{host_glibc()};
};

// What is known of a plugin before any of its code runs.
struct Facts {
  std::filesystem::path path;  // absolute
  FileIdentity identity;
  std::string sha256;
  ObjectFacts object;
  EntryFacts entry;
  std::string manifest;  // the embedded JSON text
  Description description;
  std::vector<Finding> warnings;  // not good, but no reason to refuse
};

[[nodiscard]] error::Result<Facts> inspect(const std::filesystem::path& path,
                                           const InspectOptions& options = {});

}  // namespace host::loader
