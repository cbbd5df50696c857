// plugins/storage_sqlite/kv/counters.hpp - the numbers that were given, carried over to a database
// that takes the place of another, so that none is given twice.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"

namespace storage_sqlite::kv {

/// How far above its own numbers a database goes on whose predecessor cannot be read.
inline constexpr std::int64_t unread_numbers = std::int64_t{1} << 32U;

struct Counters {
  std::int64_t etag = 0;                           // of version 1: every namespace is above it
  std::int64_t clock_ms = 0;                       // the latest time of the database's clock
  std::map<std::string, std::int64_t> changes{};   // the newest number of each namespace
  std::map<std::string, std::int64_t> channels{};  // the newest id of each channel of the outbox
  bool whole = true;                               // false: there may have been more
};

/// Of a database at any version; nothing of one that has no tables of this component.
[[nodiscard]] bp::result<Counters> read_counters(engine::Connection& connection);

/// Makes every number of the database, which is at the newest version, the larger of its own and
/// the given one, and forgets its changes: each namespace goes on behind a number of its own, which
/// no change has, so that whoever knows an older one is told CHANGES_GONE. One transaction.
[[nodiscard]] bp::result<void> carry_on(engine::Connection& connection, const Counters& from,
                                        std::int64_t wall_ms);

}  // namespace storage_sqlite::kv
