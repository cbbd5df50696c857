// plugins/storage_sqlite/upkeep/wal.cpp - checkpoints by hand.
#include "upkeep/wal.hpp"

#include <algorithm>
#include <filesystem>
#include <sqlite3.h>
#include <system_error>

#include "engine/failure.hpp"

namespace storage_sqlite::upkeep {
namespace {

int sqlite_mode(CheckpointMode mode) noexcept {
  switch (mode) {
    case CheckpointMode::Full:
      return SQLITE_CHECKPOINT_FULL;
    case CheckpointMode::Restart:
      return SQLITE_CHECKPOINT_RESTART;
    case CheckpointMode::Truncate:
      return SQLITE_CHECKPOINT_TRUNCATE;
    default:
      return SQLITE_CHECKPOINT_PASSIVE;
  }
}

}  // namespace

bp::result<Checkpoint> checkpoint(engine::Connection& connection, CheckpointMode mode) {
  int pages = 0;
  int moved = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(connection.handle(), "main", sqlite_mode(mode), &pages, &moved);
  constexpr int primary_code_mask = 0xFF;
  const bool busy = (code & primary_code_mask) == SQLITE_BUSY;
  if (code != SQLITE_OK && !busy) {
    return std::unexpected(
        engine::failure(connection.handle(), code, "moving the log into the database"));
  }
  return Checkpoint{busy || (pages > moved), std::max(pages, 0), std::max(moved, 0)};
}

bp::result<Checkpoint> checkpoint_now(engine::Connection& connection, CheckpointMode mode) {
  const engine::Unwaiting at_once(connection);
  return checkpoint(connection, mode);
}

std::uint64_t file_bytes(const std::string& path) noexcept {
  std::error_code code;
  const std::uintmax_t bytes = std::filesystem::file_size(path, code);
  return code ? 0 : bytes;
}

std::uint64_t wal_bytes(const std::string& database) noexcept {
  return file_bytes(database + "-wal");
}

}  // namespace storage_sqlite::upkeep
