// host/daemon/preparation.hpp - a manifest and its plugins' files, looked at before anything
// starts: what `check` tells and `serve` begins with.
//
// Owns: values. Thread: main. Errors: all of them are its content.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/manifest/manifest.hpp"
#include "host/supervisor/plan.hpp"

namespace host::daemon {

// `serve`'s exit code when a plugin that must start does not, for `code`. What only an operator can
// mend has a code of its own, on which a service manager need not start again: 66 a file that is
// not there, 73 a folder, 76 the law, 77 a permission, 78 a configuration. Else 69.
[[nodiscard]] int start_exit_code(bp_status code) noexcept;

struct Preparation {
  std::optional<manifest::Manifest> manifest;  // absent after a problem
  supervisor::Plan plan;
  std::vector<manifest::Problem> problems;  // of the manifest: nothing may start
  std::vector<manifest::Problem> refusals;  // plugins that cannot start
  std::vector<manifest::Problem> fatal;     // those of them that end the host
  std::vector<manifest::Problem> warnings;
  std::vector<manifest::Problem> findings;  // problems and refusals, in reading order
  bool missing = false;                     // there is no manifest

  // `check`'s: 0, or the first that holds of 66 no manifest, 78 a problem of the manifest, the
  // first refusal's own 66, 76 or 77, and 2.
  [[nodiscard]] int check_exit_code() const;
  // `serve`'s when it cannot start: 0, 66 and 78 as above, else start_exit_code() of a fatal
  // refusal.
  [[nodiscard]] int serve_exit_code() const;

  // A line for each finding, their number, and a line for each warning.
  [[nodiscard]] std::string text() const;
  // {"problems":[...],"warnings":[...]} with the same content.
  [[nodiscard]] std::string json() const;
};

[[nodiscard]] Preparation prepare(const std::filesystem::path& file,
                                  const manifest::Environment& environment);

}  // namespace host::daemon
