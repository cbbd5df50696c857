// plugins/storage_sqlite/kv/changes.hpp - the numbered changes of each namespace, and the newest of
// them kept for whoever missed some.
//
// Numbers count from 1 without a gap within a namespace, and are also the etags of what was put.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "kv/kv.hpp"

namespace storage_sqlite::kv {

inline constexpr std::uint32_t changes_page_max = 1'000;

/// Stored as numbers: never renumber them.
enum class ChangeOp : std::uint8_t {
  Put = 1,
  Remove = 2,
  Expire = 3,  // version 2 of the tables had a 4, which was no change
};

[[nodiscard]] std::string_view word_of(ChangeOp op) noexcept;

struct Change {
  std::int64_t seq = 0;  // and the etag of what was put
  ChangeOp op = ChangeOp::Put;
  std::string key;
  std::int64_t time_ms = 0;
};

struct Changes {
  std::vector<Change> changes;
  std::int64_t latest = 0;  // the newest number given; 0: nothing was ever written
};

/// Gives a change its number, which is never given again, and keeps it (change_log.hpp): in a
/// Transaction others, and this connection, find it after the commit. From time to time forgets
/// those that are too old to be kept, but never the newest.
[[nodiscard]] bp::result<std::int64_t> note_change(engine::Connection& connection, const Key& key,
                                                   ChangeOp op, const Turn& turn);
/// The newest number that was given; 0: none.
[[nodiscard]] bp::result<std::int64_t> newest_seq(engine::Connection& connection,
                                                  const std::string& space);
/// In the order of their numbers, after `since`, at most `limit`.
/// Errors: RANGE (LIMIT; CHANGES_GONE when some of them are no longer kept, or `since` was never
/// given).
[[nodiscard]] bp::result<Changes> changes(engine::Connection& connection, const std::string& space,
                                          std::uint64_t since, std::uint32_t limit);

/// All changes after this number are kept, those after a smaller one are not.
[[nodiscard]] bp::result<std::int64_t> kept_since(engine::Connection& connection,
                                                  const std::string& space);

}  // namespace storage_sqlite::kv
