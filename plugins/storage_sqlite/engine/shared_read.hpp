// plugins/storage_sqlite/engine/shared_read.hpp - several small reads on one reader, in one
// transaction.
//
// Opening and closing a read transaction takes locks of the file, which are two fifths of a small
// read: those who wait together pay them once, and see one moment of the database. Nobody may join
// once it began: his write may be newer than that moment.
#pragma once

#include <cstddef>
#include <span>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "engine/pool.hpp"

namespace storage_sqlite::engine {

/// One of those who share. It keeps its own outcome.
class SharedRead {
 public:
  SharedRead() = default;
  SharedRead(const SharedRead&) = delete;
  SharedRead& operator=(const SharedRead&) = delete;
  SharedRead(SharedRead&&) = delete;
  SharedRead& operator=(SharedRead&&) = delete;
  virtual ~SharedRead() = default;

  /// How many bytes it holds from now on.
  virtual std::size_t read(Connection& connection) = 0;
  virtual void fail(const bp::error& why) = 0;
};

/// Runs them in order until they hold `bytes_max`, and answers how many were run: each of these is
/// either read or failed, and what one of them throws fails only it.
/// Blocks: in line for a reader (then all fail with POOL_TIMEOUT), and on the disk.
[[nodiscard]] std::size_t read_together(Pool& pool, std::span<SharedRead* const> reads,
                                        std::size_t bytes_max);

}  // namespace storage_sqlite::engine
