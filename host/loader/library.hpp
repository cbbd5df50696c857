// host/loader/library.hpp - a loaded plugin library.
//
// Owns: the mapping, for the life of the process. Thread: open() one at a time per file; then any.
// Errors: refusals law.*, file.unchanged, system.loads.
#pragma once

#include <memory>
#include <utility>

#include "backplane/abi/plugin.h"

#include "host/error/error.hpp"
#include "host/loader/inspect.hpp"

namespace host::loader {

// A library that was once loaded stays mapped until the process ends (RTLD_NODELETE): a thread, a
// thread-local destructor or a function pointer that the plugin left somewhere would otherwise
// crash the host long after the plugin is gone. A file that is replaced is therefore not loaded
// again under its old path; open() notices that and says so.
class Library {
 public:
  // Loads what inspect() found in order. The library's constructors run here, its plugin code does
  // not.
  [[nodiscard]] static error::Result<Library> open(const Facts& facts);

  [[nodiscard]] const Facts& facts() const noexcept { return *facts_; }

  [[nodiscard]] const bp_entry& entry() const noexcept { return *entry_; }

  [[nodiscard]] const bp_plugin& plugin() const noexcept { return **entry_->plugins; }

 private:
  Library(std::shared_ptr<const void> handle, std::shared_ptr<const Facts> facts,
          const bp_entry& entry)
      : handle_(std::move(handle)), facts_(std::move(facts)), entry_(&entry) {}

  std::shared_ptr<const void> handle_;
  std::shared_ptr<const Facts> facts_;
  const bp_entry* entry_;
};

}  // namespace host::loader
