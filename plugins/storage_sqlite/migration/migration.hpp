// plugins/storage_sqlite/migration/migration.hpp - versioned steps of a schema, up and down, each
// in a transaction.
//
// What was applied is written into the database with a checksum of its text. A database newer than
// the code, or a step that was edited after it was applied, is refused before anything runs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "engine/guard.hpp"

namespace storage_sqlite::migration {

/// One version. A value; the texts are literals.
struct Step {
  std::string_view name;
  std::string_view up;
  std::string_view down;
  /// Checksum of a text that made the same tables, before any release: its databases are accepted.
  std::string_view formerly{};
  /// What `down` loses for good, in words; empty: nothing, or nobody said.
  std::string_view loses{};
};

/// All versions of one component, from 1 on: version n is steps[n - 1].
struct Plan {
  std::string_view component;
  std::span<const Step> steps;
  std::string_view origin = "this build";  // whose steps they are
  const engine::Rules* rules = nullptr;    // what steps of strangers may touch; null: everything

  [[nodiscard]] std::int64_t newest() const noexcept {
    return static_cast<std::int64_t>(steps.size());
  }
};

/// What migrate() did, or with DryRun would do, in order.
struct Move {
  std::int64_t version = 0;
  bool up = true;
  std::string name;
  std::string component{};
  std::string loses{};
};

/// One version as it is in the code and in the database.
struct Version {
  std::int64_t number = 0;
  std::string name;
  std::string checksum;
  bool applied = false;
  std::int64_t applied_ms = 0;
};

enum class Mode : std::uint8_t {
  Apply,
  DryRun,  // runs every step for real in one transaction, then rolls it back
};

/// The version the database is at; 0 when nothing was applied.
/// Errors: TOO_NEW (SCHEMA_TOO_NEW), CONFLICT (MIGRATION_EDITED with both checksums), CORRUPT.
[[nodiscard]] bp::result<std::int64_t> verify(engine::Connection& connection, const Plan& plan);

/// Every version of the plan. Errors: as verify().
[[nodiscard]] bp::result<std::vector<Version>> status(engine::Connection& connection,
                                                      const Plan& plan);

/// Goes up or down to `target`, one transaction a step: a failed step leaves the version before it.
[[nodiscard]] bp::result<std::vector<Move>> migrate(engine::Connection& connection,
                                                    const Plan& plan, std::int64_t target,
                                                    Mode mode = Mode::Apply);

/// 16 hexadecimal digits (FNV-1a 64): against accidents, not against enemies.
[[nodiscard]] std::string checksum(const Step& step);

}  // namespace storage_sqlite::migration
