// plugins/storage_sqlite/upkeep/backup.hpp - copies of a database in use, checked, and put back.
//
// A copy is one file without a log beside it. It gets its name only when it is whole.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "migration/migration.hpp"

namespace storage_sqlite::upkeep {

inline constexpr std::size_t backup_name_bytes_max = 128;
inline constexpr int problems_max = 100;

/// Where backups lie. A value.
class BackupFolder {
 public:
  explicit BackupFolder(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Errors: INVALID for a name with folders, or with letters other than a-z, A-Z, 0-9, `.`, `_`,
  /// `-`.
  [[nodiscard]] bp::result<std::string> path_of(std::string_view name) const;
  /// A name that says the time and is not taken.
  [[nodiscard]] std::string free_name(std::string_view prefix, std::int64_t now_ms) const;

 private:
  std::string path_;
};

struct Copy {
  std::uint64_t bytes = 0;
  std::uint64_t pages = 0;
};

/// What a look into a database file found.
struct Inspection {
  std::vector<std::string> problems;  // none: it is sound
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;
};

/// Copies the state of this moment to a new file, while others write. `from` is used by nobody
/// else. Blocks. Errors: EXISTS, IO (DISK_FULL, CANTOPEN), CLOSED when `stop` was requested; no
/// file is left then.
[[nodiscard]] bp::result<Copy> copy(engine::Connection& from, const std::string& to,
                                    const std::stop_token& stop);

/// What PRAGMA integrity_check (or quick_check) finds; at most problems_max.
/// Errors: CLOSED when `stop` was requested.
[[nodiscard]] bp::result<std::vector<std::string>> integrity(engine::Connection& connection,
                                                             bool quick,
                                                             const std::stop_token& stop);

/// Opens the file read-only: pages, indexes, and the migrations in it. Damage is a problem and no
/// error. Errors: NOT_FOUND, CLOSED.
[[nodiscard]] bp::result<Inspection> inspect(const std::string& path,
                                             const std::vector<migration::Plan>& plans,
                                             const std::stop_token& stop);

/// A copy of a backup that is made ready to take the place of a database, and removed afterwards.
/// A resource.
class Replacement {
 public:
  /// Blocks. `path` is the copy's; one that a killed host left there goes.
  [[nodiscard]] static bp::result<std::unique_ptr<Replacement>> make(const std::string& backup,
                                                                     const std::string& path);

  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  Replacement(Replacement&&) = delete;
  Replacement& operator=(Replacement&&) = delete;
  ~Replacement();

  [[nodiscard]] engine::Connection& connection() noexcept { return *connection_; }

 private:
  Replacement(std::string path, engine::Connection connection);

  std::string path_;
  std::optional<engine::Connection> connection_;
};

/// Replaces all that `into` holds by what `from` holds, in one transaction.
[[nodiscard]] bp::result<void> restore(engine::Connection& into, engine::Connection& from);
/// The same of a file.
[[nodiscard]] bp::result<void> restore(engine::Connection& into, const std::string& from);

/// 0 when there is no such table.
[[nodiscard]] bp::result<std::uint64_t> count_records(engine::Connection& connection);

}  // namespace storage_sqlite::upkeep
