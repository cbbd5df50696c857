// plugins/storage_sqlite/sql/run.hpp - runs statements of strangers under a guard and collects what
// they give.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "engine/guard.hpp"
#include "sql/value.hpp"

namespace storage_sqlite::sql {

inline constexpr std::uint32_t rows_max = 10'000;
inline constexpr std::uint64_t bytes_max = 8ULL << 20U;
inline constexpr std::size_t statements_max = 1'000;
inline constexpr std::size_t parameters_max = 1'000;
inline constexpr Limits returned_max{1'000, bytes_max};

/// Of one call: what it may touch, and until when.
struct Bounds {
  const engine::Rules& rules;
  engine::Guard::Deadline deadline;
  std::stop_token stop{};
};

/// Of the time that a call has left, what its statement may take: the rest is for the way back of
/// the answer, which is to say DEADLINE before the caller gives up.
[[nodiscard]] std::chrono::nanoseconds time_to_run(std::chrono::nanoseconds left) noexcept;

/// One statement that only reads. It ends before the row that would pass a limit.
/// Errors: those of Guard::prepare; INVALID for parameters that do not fit; TIMEOUT (DEADLINE).
[[nodiscard]] bp::result<Rows> query(engine::Connection& connection, const Bounds& bounds,
                                     const Statement& statement, const Limits& limits);

/// All of them in one transaction of their own, committed when this returns. A failure names the
/// statement, and nothing of any of them is left. The connection belongs to the caller alone: a
/// statement that is interrupted undoes the whole transaction.
[[nodiscard]] bp::result<std::vector<Change>> execute(engine::Connection& connection,
                                                      const Bounds& bounds,
                                                      const std::vector<Statement>& statements);

}  // namespace storage_sqlite::sql
