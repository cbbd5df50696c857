// plugins/storage_sqlite/kv/changes.cpp - reading changes.
#include "kv/changes.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/text.hpp"
#include "kv/change_log.hpp"

namespace storage_sqlite::kv {
namespace {

std::unexpected<bp::error> gone(std::uint64_t since, std::int64_t latest) {
  const bool given = since <= static_cast<std::uint64_t>(latest);
  return bp::fail(BP_E_RANGE,
                  "CHANGES_GONE: " +
                      (given ? "changes after " + std::to_string(since) + " are no longer kept"
                             : "number " + std::to_string(since) + " was never given to a change") +
                      "; list the keys, and go on from " + std::to_string(latest));
}

/// At most `limit`.
bp::result<std::vector<Change>> changes_after(engine::Connection& connection,
                                              const std::string& space, std::int64_t after,
                                              std::uint32_t limit) {
  auto statement = connection.prepare(
      "SELECT first, time_ms, pack FROM kv_change_packs WHERE space = ?1 AND last > ?2"
      " ORDER BY last");
  BP_TRY(statement);
  statement->bind(1, std::string_view(space)).bind(2, after);
  std::vector<Change> found;
  for (;;) {
    const auto row = statement->step();
    BP_TRY(row);
    if (!*row) {
      return found;
    }
    auto pack = read_pack(statement->integer(0), statement->integer(1), statement->text(2));
    BP_TRY(pack);
    for (Change& change : *pack) {
      if (found.size() == limit) {
        return found;
      }
      if (change.seq > after) {
        found.push_back(std::move(change));
      }
    }
  }
}

}  // namespace

std::string_view word_of(ChangeOp op) noexcept {
  switch (op) {
    case ChangeOp::Put:
      return "put";
    case ChangeOp::Remove:
      return "remove";
    case ChangeOp::Expire:
      return "expire";
  }
  return "unknown";
}

bp::result<std::int64_t> note_change(engine::Connection& connection, const Key& key, ChangeOp op,
                                     const Turn& turn) {
  return ChangeLog::of(connection).note(connection, key, op, turn);
}

bp::result<std::int64_t> newest_seq(engine::Connection& connection, const std::string& space) {
  auto statement =
      connection.prepare("SELECT ifnull(max(last), 0) FROM kv_change_packs WHERE space = ?1");
  BP_TRY(statement);
  const auto row = statement->bind(1, std::string_view(space)).step();
  BP_TRY(row);
  return *row ? statement->integer(0) : 0;
}

bp::result<std::int64_t> kept_since(engine::Connection& connection, const std::string& space) {
  auto statement = connection.prepare(
      "SELECT first - 1 FROM kv_change_packs WHERE space = ?1 ORDER BY last LIMIT 1");
  BP_TRY(statement);
  const auto row = statement->bind(1, std::string_view(space)).step();
  BP_TRY(row);
  return *row ? statement->integer(0) : 0;
}

bp::result<Changes> changes(engine::Connection& connection, const std::string& space,
                            std::uint64_t since, std::uint32_t limit) {
  BP_TRY(engine::check_text("space", space, space_bytes_max, engine::Emptiness::Refused));
  if (limit == 0 || limit > changes_page_max) {
    return bp::fail(BP_E_RANGE, "LIMIT: `limit` is " + std::to_string(limit) +
                                    ", it must be 1 to " + std::to_string(changes_page_max));
  }
  const auto after = static_cast<std::int64_t>(
      std::min<std::uint64_t>(since, std::numeric_limits<std::int64_t>::max()));
  // The newest number first: what is written between the two statements is no gap then.
  const auto latest = newest_seq(connection, space);
  BP_TRY(latest);
  auto found = changes_after(connection, space, after, limit);
  BP_TRY(found);
  const bool none = found->empty();
  const bool whole = none ? after == *latest : found->front().seq == after + 1;
  const std::int64_t newest = none ? *latest : std::max(*latest, found->back().seq);
  if (!whole) {
    return gone(since, newest);
  }
  return Changes{std::move(*found), newest};
}

}  // namespace storage_sqlite::kv
