// plugins/storage_sqlite/upkeep/wal.hpp - the write-ahead log: how large it is, and how it becomes
// small again.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"

namespace storage_sqlite::upkeep {

enum class CheckpointMode : std::uint8_t { Passive, Full, Restart, Truncate };

struct Checkpoint {
  bool busy = false;  // somebody reads or writes: not everything was moved
  std::int64_t wal_pages = 0;
  std::int64_t moved_pages = 0;
};

/// Waits for readers and writers as long as the connection's busy_timeout, but never with Passive.
[[nodiscard]] bp::result<Checkpoint> checkpoint(engine::Connection& connection,
                                                CheckpointMode mode);
/// The same without waiting for anybody: what can be moved is moved.
[[nodiscard]] bp::result<Checkpoint> checkpoint_now(engine::Connection& connection,
                                                    CheckpointMode mode);

/// 0 when there is no such file.
[[nodiscard]] std::uint64_t file_bytes(const std::string& path) noexcept;
[[nodiscard]] std::uint64_t wal_bytes(const std::string& database) noexcept;

}  // namespace storage_sqlite::upkeep
