// plugins/storage_sqlite/kv/counters.cpp - reading and raising the numbers of kv/schema.cpp.
#include "kv/counters.hpp"

#include <algorithm>
#include <string_view>

namespace storage_sqlite::kv {
namespace {

using Numbers = std::map<std::string, std::int64_t>;

bp::result<void> read_into(engine::Connection& connection, std::string_view sql, Numbers& into) {
  auto statement = connection.prepare(sql);
  BP_TRY(statement);
  for (;;) {
    const auto row = statement->step();
    BP_TRY(row);
    if (!*row) {
      return {};
    }
    into.emplace(statement->text(0), statement->integer(1));
  }
}

/// The larger of each, and what only `from` has.
void raise(Numbers& numbers, const Numbers& from) {
  for (const auto& [name, number] : from) {
    std::int64_t& own = numbers[name];
    own = std::max(own, number);
  }
}

std::int64_t largest(const Counters& counters) {
  std::int64_t number = counters.etag;
  for (const Numbers* numbers : {&counters.changes, &counters.channels}) {
    for (const auto& [name, one] : *numbers) {
      number = std::max(number, one);
    }
  }
  return number;
}

bp::result<void> write_changes(engine::Connection& connection, const Counters& counters,
                               std::int64_t wall_ms) {
  connection.forget_deferred();  // numbers are given here without it
  BP_TRY(connection.execute("DELETE FROM kv_change_packs"));
  for (const auto& [space, newest] : counters.changes) {
    auto statement = connection.prepare(
        "INSERT INTO kv_change_packs (space, last, first, time_ms, pack)"
        " VALUES (?1, ?2, ?2 + 1, ?3, '[]')");
    BP_TRY(statement);
    BP_TRY(statement->bind(1, std::string_view(space))
               .bind(2, std::max(newest, counters.etag) + 1)
               .bind(3, wall_ms)
               .run());
  }
  return {};
}

bp::result<void> write_channels(engine::Connection& connection, const Numbers& channels) {
  for (const auto& [channel, newest] : channels) {
    auto statement = connection.prepare(
        "INSERT INTO kv_outbox_channels (channel, newest_id, waiting) VALUES (?1, ?2, 0)"
        " ON CONFLICT (channel) DO UPDATE SET newest_id = excluded.newest_id");
    BP_TRY(statement);
    BP_TRY(statement->bind(1, std::string_view(channel)).bind(2, newest).run());
  }
  return {};
}

}  // namespace

bp::result<Counters> read_counters(engine::Connection& connection) {
  Counters found;
  const auto first = connection.has_table("kv_counter");
  BP_TRY(first);
  if (*first) {
    const auto etag = connection.number("SELECT etag FROM kv_counter");
    BP_TRY(etag);
    found.etag = *etag;
  }
  const auto second = connection.has_table("kv_clock");
  BP_TRY(second);
  if (!*second) {
    return found;
  }
  const auto clock_ms = connection.number("SELECT at_ms FROM kv_clock");
  BP_TRY(clock_ms);
  found.clock_ms = *clock_ms;
  const auto third = connection.has_table("kv_change_packs");
  BP_TRY(third);
  BP_TRY(read_into(connection,
                   *third ? "SELECT space, max(last) FROM kv_change_packs GROUP BY space"
                          : "SELECT space, max(seq) FROM kv_changes GROUP BY space",
                   found.changes));
  BP_TRY(
      read_into(connection, "SELECT channel, newest_id FROM kv_outbox_channels", found.channels));
  return found;
}

bp::result<void> carry_on(engine::Connection& connection, const Counters& from,
                          std::int64_t wall_ms) {
  auto transaction = engine::Transaction::begin(connection);
  BP_TRY(transaction);
  auto counters = read_counters(connection);
  BP_TRY(counters);
  counters->etag = std::max(counters->etag, from.etag);
  raise(counters->changes, from.changes);
  raise(counters->channels, from.channels);
  if (!from.whole) {
    counters->etag = largest(*counters) + unread_numbers;
    for (auto& [channel, newest] : counters->channels) {
      newest = counters->etag;
    }
  }
  auto raise_one = connection.prepare("UPDATE kv_counter SET etag = ?1");
  BP_TRY(raise_one);
  BP_TRY(raise_one->bind(1, counters->etag).run());
  auto wind = connection.prepare("UPDATE kv_clock SET at_ms = max(at_ms, ?1)");
  BP_TRY(wind);
  BP_TRY(wind->bind(1, from.clock_ms).run());
  BP_TRY(write_changes(connection, *counters, wall_ms));
  BP_TRY(write_channels(connection, counters->channels));
  return transaction->commit();
}

}  // namespace storage_sqlite::kv
