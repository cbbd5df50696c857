// plugins/storage_sqlite/kv/changes.cpp - numbering, keeping and reading changes.
#include "kv/changes.hpp"

#include <algorithm>
#include <limits>

#include "engine/text.hpp"

namespace storage_sqlite::kv {
namespace {

constexpr std::int64_t forget_every = 256;  // changes of one namespace
constexpr std::int64_t forget_max = 512;    // at once: a lowered limit must not hold up a write

bp::result<void> forget(engine::Connection& connection, const std::string& space,
                        std::int64_t up_to) {
  auto statement = connection.prepare(
      "DELETE FROM kv_changes WHERE space = ?1 AND seq <= ?2 AND seq <"
      " (SELECT min(seq) FROM kv_changes WHERE space = ?1) + ?3");
  BP_TRY(statement);
  return statement->bind(1, std::string_view(space)).bind(2, up_to).bind(3, forget_max).run();
}

std::unexpected<bp::error> gone(std::uint64_t since, std::int64_t latest) {
  return bp::fail(BP_E_RANGE, "CHANGES_GONE: changes after " + std::to_string(since) +
                                  " are no longer kept; list the keys, and go on from " +
                                  std::to_string(latest));
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

bp::result<std::int64_t> next_seq(engine::Connection& connection, const std::string& space) {
  // The counter of version 1 gave etags to all namespaces alike: a new one begins above it.
  auto statement = connection.prepare(
      "INSERT INTO kv_spaces (space, seq) VALUES (?1, (SELECT etag + 1 FROM kv_counter))"
      " ON CONFLICT (space) DO UPDATE SET seq = seq + 1 RETURNING seq");
  BP_TRY(statement);
  const auto row = statement->bind(1, std::string_view(space)).step();
  BP_TRY(row);
  const std::int64_t seq = *row ? statement->integer(0) : 0;
  if (seq <= 0) {
    return bp::fail(BP_E_CORRUPT, "CORRUPT: the table kv_counter is empty; restore a backup");
  }
  BP_TRY(statement->run());  // to its end, or the update would not count as done
  return seq;
}

bp::result<std::int64_t> newest_seq(engine::Connection& connection, const std::string& space) {
  auto statement = connection.prepare("SELECT seq FROM kv_spaces WHERE space = ?1");
  BP_TRY(statement);
  const auto row = statement->bind(1, std::string_view(space)).step();
  BP_TRY(row);
  return *row ? statement->integer(0) : 0;
}

bp::result<void> note_change(engine::Connection& connection, const Key& key, const Stamp& stamp,
                             const Turn& turn) {
  if (turn.changes_kept == 0) {
    return {};
  }
  auto statement = connection.prepare(
      "INSERT INTO kv_changes (space, seq, op, key, etag, time_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  BP_TRY(statement);
  BP_TRY(statement->bind(1, std::string_view(key.space))
             .bind(2, stamp.seq)
             .bind(3, static_cast<std::int64_t>(stamp.op))
             .bind(4, std::string_view(key.key))
             .bind(5, stamp.etag)
             .bind(6, turn.wall_ms)
             .run());
  return stamp.seq % forget_every == 0
             ? forget(connection, key.space, stamp.seq - std::int64_t{turn.changes_kept})
             : bp::result<void>();
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
  auto statement = connection.prepare(
      "SELECT seq, op, key, etag, time_ms FROM kv_changes WHERE space = ?1 AND seq > ?2"
      " ORDER BY seq LIMIT ?3");
  BP_TRY(statement);
  statement->bind(1, std::string_view(space)).bind(2, after).bind(3, std::int64_t{limit});
  Changes found;
  for (;;) {
    const auto row = statement->step();
    BP_TRY(row);
    if (!*row) {
      break;
    }
    found.changes.push_back({{statement->integer(0), static_cast<ChangeOp>(statement->integer(1)),
                              statement->integer(3)},
                             std::string(statement->text(2)),
                             statement->integer(4)});
  }
  found.latest =
      found.changes.empty() ? *latest : std::max(*latest, found.changes.back().stamp.seq);
  const bool whole =
      found.changes.empty() ? after >= *latest : found.changes.front().stamp.seq == after + 1;
  if (!whole) {
    return gone(since, found.latest);
  }
  return found;
}

}  // namespace storage_sqlite::kv
