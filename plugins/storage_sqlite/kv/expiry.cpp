// plugins/storage_sqlite/kv/expiry.cpp - finding and collecting expired keys; the clock's mark.
#include "kv/expiry.hpp"

#include <vector>

#include "kv/changes.hpp"

namespace storage_sqlite::kv {
namespace {

constexpr std::int64_t mark_step_ms = 1'000;

bp::result<std::vector<Key>> expired(engine::Connection& connection, std::uint32_t keys_max,
                                     std::int64_t clock_ms) {
  auto statement = connection.prepare(
      "SELECT space, key FROM kv INDEXED BY kv_expiry"
      " WHERE expires_ms IS NOT NULL AND expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2");
  BP_TRY(statement);
  statement->bind(1, clock_ms).bind(2, std::int64_t{keys_max});
  std::vector<Key> keys;
  for (;;) {
    const auto row = statement->step();
    BP_TRY(row);
    if (!*row) {
      return keys;
    }
    keys.push_back({std::string(statement->text(0)), std::string(statement->text(1))});
  }
}

}  // namespace

bp::result<std::int64_t> first_expiry(engine::Connection& connection) {
  return connection.number(
      "SELECT ifnull(min(expires_ms), 0) FROM kv INDEXED BY kv_expiry"
      " WHERE expires_ms IS NOT NULL");
}

bp::result<Collected> collect(engine::Connection& connection, std::uint32_t keys_max,
                              const Turn& turn) {
  const auto keys = expired(connection, keys_max, turn.clock_ms);
  BP_TRY(keys);
  Collected done;
  for (const Key& key : *keys) {
    auto statement = connection.prepare("DELETE FROM kv WHERE space = ?1 AND key = ?2");
    BP_TRY(statement);
    BP_TRY(
        statement->bind(1, std::string_view(key.space)).bind(2, std::string_view(key.key)).run());
    const auto seq = note_change(connection, key, ChangeOp::Expire, turn);
    BP_TRY(seq);
    done.newest[key.space] = *seq;
    ++done.keys;
  }
  BP_TRY(note_clock(connection, turn.clock_ms));
  return done;
}

bp::result<void> note_clock(engine::Connection& connection, std::int64_t clock_ms) {
  auto statement = connection.prepare("UPDATE kv_clock SET at_ms = ?1 WHERE at_ms <= ?2");
  BP_TRY(statement);
  return statement->bind(1, clock_ms).bind(2, clock_ms - mark_step_ms).run();
}

bp::result<std::int64_t> clock_mark(engine::Connection& connection) {
  return connection.number("SELECT at_ms FROM kv_clock");
}

}  // namespace storage_sqlite::kv
