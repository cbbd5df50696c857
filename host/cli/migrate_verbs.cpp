// host/cli/migrate_verbs.cpp - migrations of the storage plugin, through the running host.
#include <cstdio>

#include <fmt/format.h>

#include "host/cli/ask.hpp"
#include "host/cli/migration_text.hpp"
#include "host/cli/verbs.hpp"

namespace host::cli {

namespace {

constexpr std::uint64_t migration_timeout_ms = 3'600'000;  // of large tables; the store goes on

error::Result<std::string> ask_admin(const Place& place, const std::string& method,
                                     const std::string& request) {
  auto answer = ask(
      place, "POST",
      fmt::format("/v1/services/bp.storage.admin/1/{}?timeout_ms={}", method, migration_timeout_ms),
      request);
  if (!answer && answer.error().code() == BP_E_NOT_FOUND &&
      answer.error().message().find("provides service") != std::string::npos) {
    return std::unexpected(std::move(answer).error().during(
        "asking the storage plugin (does it run? `backplane ctl status` tells)"));
  }
  return answer;
}

}  // namespace

int migrate_status(const Place& place, bool json) {
  const auto answer = ask_admin(place, "MigrateStatus", "{}");
  if (!answer) {
    return complain(answer.error());
  }
  const auto shown = status_text(*answer);
  if (!shown) {
    return complain(shown.error());
  }
  fmt::print("{}", json ? *answer : shown->text);
  return shown->pending ? exit_findings : 0;
}

int migrate(const Place& place, const Migration& wanted, bool json) {
  std::string request = "{\"component\":" + error::json_quoted(wanted.component) +
                        ",\"dry_run\":" + (wanted.dry_run ? "true" : "false");
  if (wanted.to) {
    request += ",\"to\":" + std::to_string(*wanted.to);
  }
  const auto answer = ask_admin(place, wanted.up ? "MigrateUp" : "MigrateDown", request + "}");
  if (!answer) {
    return complain(answer.error());
  }
  const auto shown = moves_text(*answer, wanted.dry_run);
  if (!shown) {
    return complain(shown.error());
  }
  fmt::print("{}", json ? *answer : *shown);
  return 0;
}

}  // namespace host::cli
