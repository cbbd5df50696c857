// plugins/storage_sqlite/migration/migration.cpp - verifying what was applied, and applying the
// rest.
#include "migration/migration.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace storage_sqlite::migration {
namespace {

constexpr std::string_view create_table =
    "CREATE TABLE IF NOT EXISTS backplane_migrations ("
    " component TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL,"
    " checksum TEXT NOT NULL, applied_ms INTEGER NOT NULL,"
    " PRIMARY KEY (component, version)) WITHOUT ROWID";

std::string label(const Plan& plan, std::int64_t version, std::string_view name) {
  return "'" + std::string(plan.component) + "' version " + std::to_string(version) + " (" +
         std::string(name) + ")";
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bp::result<void> check_row(const Plan& plan, std::int64_t expected_version,
                           const engine::Statement& row) {
  const std::int64_t version = row.integer(0);
  if (version > plan.newest()) {
    return bp::fail(BP_E_TOO_NEW, "SCHEMA_TOO_NEW: the database has " +
                                      label(plan, version, row.text(1)) + ", " +
                                      std::string(plan.origin) + " knows versions up to " +
                                      std::to_string(plan.newest()) +
                                      "; use the newer one, or migrate down with it first");
  }
  if (version != expected_version) {
    return bp::fail(BP_E_CORRUPT, "CORRUPT: " + label(plan, expected_version, "missing") +
                                      " is not in backplane_migrations though " +
                                      std::to_string(version) + " is; restore a backup");
  }
  const Step& step = plan.steps[static_cast<std::size_t>(version - 1)];
  const std::string expected = checksum(step);
  if (row.text(2) != expected && (step.formerly.empty() || row.text(2) != step.formerly)) {
    return bp::fail(BP_E_CONFLICT, "MIGRATION_EDITED: " + label(plan, version, step.name) +
                                       " was applied with checksum " + std::string(row.text(2)) +
                                       ", " + std::string(plan.origin) + " has " + expected +
                                       "; restore the step's text and add a new version instead");
  }
  return {};
}

bp::result<void> note(engine::Connection& connection, const Plan& plan, const Move& move) {
  if (!move.up) {
    auto remove = connection.prepare(
        "DELETE FROM backplane_migrations WHERE component = ?1 AND version = ?2");
    BP_TRY(remove);
    return remove->bind(1, plan.component).bind(2, move.version).run();
  }
  const std::string sum = checksum(plan.steps[static_cast<std::size_t>(move.version - 1)]);
  auto add = connection.prepare("INSERT INTO backplane_migrations VALUES (?1, ?2, ?3, ?4, ?5)");
  BP_TRY(add);
  return add->bind(1, plan.component)
      .bind(2, move.version)
      .bind(3, std::string_view(move.name))
      .bind(4, std::string_view(sum))
      .bind(5, now_ms())
      .run();
}

bp::result<void> run(engine::Connection& connection, const Plan& plan, const std::string& sql) {
  if (plan.rules == nullptr) {
    return connection.execute(sql);
  }
  engine::Guard guard(connection, *plan.rules, engine::Allowed::Write,
                      engine::Guard::Deadline::max());
  return guard.run_all(sql);
}

bp::result<void> make(engine::Connection& connection, const Plan& plan, const Move& move) {
  const Step& step = plan.steps[static_cast<std::size_t>(move.version - 1)];
  const auto intention = [&] {
    return std::string(move.up ? "migrating up to " : "migrating down from ") +
           label(plan, move.version, step.name);
  };
  if (auto ran = run(connection, plan, std::string(move.up ? step.up : step.down)); !ran) {
    return std::unexpected(std::move(ran).error().during(intention()));
  }
  if (auto noted = note(connection, plan, move); !noted) {
    return std::unexpected(std::move(noted).error().during(intention()));
  }
  return {};
}

std::vector<Move> way(const Plan& plan, std::int64_t from, std::int64_t target) {
  std::vector<Move> moves;
  const auto add = [&](std::int64_t version, bool up) {
    const Step& step = plan.steps[static_cast<std::size_t>(version - 1)];
    moves.push_back({.version = version,
                     .up = up,
                     .name = std::string(step.name),
                     .component = std::string(plan.component),
                     .loses = std::string(up ? std::string_view() : step.loses)});
  };
  for (std::int64_t version = from + 1; version <= target; ++version) {
    add(version, true);
  }
  for (std::int64_t version = from; version > target; --version) {
    add(version, false);
  }
  return moves;
}

}  // namespace

std::string checksum(const Step& step) {
  constexpr std::uint64_t offset_basis = 0xCBF29CE484222325U;
  constexpr std::uint64_t prime = 0x100000001B3U;
  constexpr int hexadecimal_digits = 16;
  std::uint64_t hash = offset_basis;
  const auto mix = [&](std::string_view text) {
    for (const char letter : text) {
      hash = (hash ^ static_cast<unsigned char>(letter)) * prime;
    }
    hash = (hash ^ 0U) * prime;  // a border, so that text cannot move from `up` to `down`
  };
  mix(step.up);
  mix(step.down);
  std::string text;
  for (int digit = hexadecimal_digits - 1; digit >= 0; --digit) {
    text += "0123456789abcdef"[(hash >> (static_cast<unsigned>(digit) * 4U)) & 0xFU];
  }
  return text;
}

bp::result<std::int64_t> verify(engine::Connection& connection, const Plan& plan) {
  const auto exists = connection.has_table("backplane_migrations");
  BP_TRY(exists);
  if (!*exists) {
    return 0;
  }
  auto rows = connection.prepare(
      "SELECT version, name, checksum FROM backplane_migrations WHERE component = ?1"
      " ORDER BY version");
  BP_TRY(rows);
  rows->bind(1, plan.component);
  std::int64_t version = 0;
  for (;;) {
    const auto row = rows->step();
    BP_TRY(row);
    if (!*row) {
      return version;
    }
    BP_TRY(check_row(plan, version + 1, *rows));
    ++version;
  }
}

bp::result<std::vector<Version>> status(engine::Connection& connection, const Plan& plan) {
  const auto at = verify(connection, plan);
  BP_TRY(at);
  std::vector<Version> versions;
  for (const Step& step : plan.steps) {
    const auto number = static_cast<std::int64_t>(versions.size()) + 1;
    versions.push_back({.number = number,
                        .name = std::string(step.name),
                        .checksum = checksum(step),
                        .applied = number <= *at});
  }
  if (*at == 0) {
    return versions;
  }
  auto rows = connection.prepare(
      "SELECT version, applied_ms FROM backplane_migrations WHERE component = ?1");
  BP_TRY(rows);
  rows->bind(1, plan.component);
  for (;;) {
    const auto row = rows->step();
    BP_TRY(row);
    if (!*row) {
      return versions;
    }
    versions.at(static_cast<std::size_t>(rows->integer(0) - 1)).applied_ms = rows->integer(1);
  }
}

bp::result<std::vector<Move>> migrate(engine::Connection& connection, const Plan& plan,
                                      std::int64_t target, Mode mode) {
  if (target < 0 || target > plan.newest()) {
    return bp::fail(BP_E_RANGE, "'" + std::string(plan.component) + "' has versions 0 to " +
                                    std::to_string(plan.newest()) + ", not " +
                                    std::to_string(target));
  }
  const auto from = verify(connection, plan);
  BP_TRY(from);
  std::vector<Move> moves = way(plan, *from, target);
  connection.forget_deferred();  // the tables that it knows may not be the same afterwards
  std::optional<engine::Transaction> transaction;
  for (const Move& move : moves) {
    if (!transaction) {
      auto begun = engine::Transaction::begin(connection);
      BP_TRY(begun);
      transaction.emplace(std::move(*begun));
      BP_TRY(connection.execute(std::string(create_table)));
    }
    BP_TRY(make(connection, plan, move));
    if (mode == Mode::Apply) {
      BP_TRY(transaction->commit());
      transaction.reset();
    }
  }
  return moves;
}

}  // namespace storage_sqlite::migration
