// host/daemon/preparation.cpp - reads, plans, and puts every finding in its place.
#include "host/daemon/preparation.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "host/daemon/problems.hpp"

namespace host::daemon {

namespace {

constexpr int exit_ok = 0;
constexpr int exit_findings = 2;
constexpr int exit_no_input = 66;
constexpr int exit_unavailable = 69;
constexpr int exit_busy = 73;
constexpr int exit_abi = 76;
constexpr int exit_permission = 77;
constexpr int exit_manifest = 78;

int exit_code_of(const manifest::Problem& problem) {
  return error::status_row(problem.code).exit_code;
}

std::string json_list(const std::vector<manifest::Problem>& problems) {
  std::string list;
  for (const manifest::Problem& problem : problems) {
    list += (list.empty() ? "" : ",") + problem.json();
  }
  return list;
}

}  // namespace

int start_exit_code(bp_status code) noexcept {
  constexpr int exit_usage = 64;
  const int own = error::status_row(code).exit_code;
  switch (own) {
    case exit_usage:  // an argument of the plugin's, not one of the command line
      return exit_manifest;
    case exit_no_input:
    case exit_busy:
    case exit_abi:
    case exit_permission:
    case exit_manifest:
      return own;
    default:
      return exit_unavailable;
  }
}

int Preparation::check_exit_code() const {
  if (missing) {
    return exit_no_input;
  }
  if (!problems.empty()) {
    return exit_manifest;
  }
  if (refusals.empty()) {
    return exit_ok;
  }
  const int code = exit_code_of(refusals.front());
  return code == exit_no_input || code == exit_abi || code == exit_permission ? code
                                                                              : exit_findings;
}

int Preparation::serve_exit_code() const {
  if (missing) {
    return exit_no_input;
  }
  if (!problems.empty()) {
    return exit_manifest;
  }
  if (fatal.empty()) {
    return exit_ok;
  }
  return start_exit_code(fatal.front().code);
}

std::string Preparation::text() const {
  std::string text;
  for (const manifest::Problem& problem : findings) {
    text += problem.text() + '\n';
  }
  for (manifest::Problem warning : warnings) {
    warning.message.insert(0, "warning: ");
    text += warning.text() + '\n';
  }
  if (!findings.empty()) {
    text += fmt::format("{} problem{}\n", findings.size(), findings.size() == 1 ? "" : "s");
  }
  return text;
}

std::string Preparation::json() const {
  return fmt::format("{{\"problems\":[{}],\"warnings\":[{}]}}\n", json_list(findings),
                     json_list(warnings));
}

Preparation prepare(const std::filesystem::path& file, const manifest::Environment& environment) {
  Preparation prepared;
  manifest::Reading reading = manifest::read_file(file, environment);
  prepared.missing = reading.missing;
  const std::optional<manifest::Manifest>& known =
      reading.manifest ? reading.manifest : reading.draft;
  if (known) {
    prepared.plan = supervisor::make_plan(*known, file.string());
  }
  const supervisor::Plan& plan = prepared.plan;
  prepared.problems = all_problems(reading, plan.problems);
  prepared.refusals = placed(reading, plan.refusals(file.string(), false));
  prepared.fatal = placed(reading, plan.refusals(file.string(), true));
  prepared.warnings = placed(reading, plan.warnings);
  prepared.findings = prepared.problems;
  std::ranges::copy(prepared.refusals, std::back_inserter(prepared.findings));
  manifest::sort_problems(prepared.findings, reading.files);
  if (prepared.problems.empty()) {
    prepared.manifest = std::move(reading.manifest);
  }
  return prepared;
}

}  // namespace host::daemon
