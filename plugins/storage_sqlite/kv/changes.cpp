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
  const bool given = since <= static_cast<std::uint64_t>(latest);
  return bp::fail(BP_E_RANGE,
                  "CHANGES_GONE: " +
                      (given ? "changes after " + std::to_string(since) + " are no longer kept"
                             : "number " + std::to_string(since) + " was never given to a change") +
                      "; list the keys, and go on from " + std::to_string(latest));
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
    case ChangeOp::Restored:
      return "restored";
  }
  return "unknown";
}

bp::result<std::int64_t> note_change(engine::Connection& connection, const Key& key, ChangeOp op,
                                     const Turn& turn) {
  // The counter of version 1 gave etags to all namespaces alike: each begins above it.
  auto statement = connection.prepare(
      "INSERT INTO kv_changes (space, seq, op, key, time_ms) VALUES (?1,"
      " 1 + ifnull((SELECT max(seq) FROM kv_changes WHERE space = ?1),"
      " (SELECT etag FROM kv_counter)), ?2, ?3, ?4) RETURNING seq");
  BP_TRY(statement);
  const auto row = statement->bind(1, std::string_view(key.space))
                       .bind(2, static_cast<std::int64_t>(op))
                       .bind(3, std::string_view(key.key))
                       .bind(4, turn.wall_ms)
                       .step();
  BP_TRY(row);
  const std::int64_t seq = *row ? statement->integer(0) : 0;
  BP_TRY(statement->run());  // to its end, or the insert would not count as done
  if (seq % forget_every == 0) {
    BP_TRY(forget(connection, key.space, seq - std::max(turn.changes_kept, 1U)));
  }
  return seq;
}

bp::result<std::int64_t> newest_seq(engine::Connection& connection, const std::string& space) {
  auto statement =
      connection.prepare("SELECT ifnull(max(seq), 0) FROM kv_changes WHERE space = ?1");
  BP_TRY(statement);
  const auto row = statement->bind(1, std::string_view(space)).step();
  BP_TRY(row);
  return *row ? statement->integer(0) : 0;
}

bp::result<std::int64_t> kept_since(engine::Connection& connection, const std::string& space) {
  auto statement = connection.prepare(
      "SELECT ifnull(min(seq - (op <> ?2)), 0) FROM kv_changes WHERE space = ?1");
  BP_TRY(statement);
  const auto row = statement->bind(1, std::string_view(space))
                       .bind(2, static_cast<std::int64_t>(ChangeOp::Restored))
                       .step();
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
  auto statement = connection.prepare(
      "SELECT seq, op, key, time_ms FROM kv_changes WHERE space = ?1 AND seq > ?2"
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
    found.changes.push_back({statement->integer(0), static_cast<ChangeOp>(statement->integer(1)),
                             std::string(statement->text(2)), statement->integer(3)});
  }
  found.latest = found.changes.empty() ? *latest : std::max(*latest, found.changes.back().seq);
  const bool whole = found.changes.empty() ? after == *latest
                                           : found.changes.front().seq == after + 1 &&
                                                 found.changes.front().op != ChangeOp::Restored;
  if (!whole) {
    return gone(since, found.latest);
  }
  return found;
}

}  // namespace storage_sqlite::kv
