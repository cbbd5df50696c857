// plugins/storage_sqlite/kv/kv.cpp - the statements behind the key-value store.
#include "kv/kv.hpp"

#include <charconv>
#include <system_error>

#include "engine/text.hpp"
#include "kv/changes.hpp"
#include "kv/expiry.hpp"

namespace storage_sqlite::kv {
namespace {

constexpr int hexadecimal = 16;

/// The smallest text above every text with this prefix; empty when there is none. UTF-8 never has
/// the byte 0xFF, so the last byte can always be raised.
std::string after_prefix(std::string prefix) {
  if (!prefix.empty()) {
    prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1U);
  }
  return prefix;
}

std::string word(const std::optional<std::int64_t>& etag) {
  return etag ? "'" + etag_text(*etag) + "'" : std::string("none");
}

bp::error not_found(const Key& key) {
  return {BP_E_NOT_FOUND,
          "NOT_FOUND: there is no key '" + key.key + "' in space '" + key.space + "'"};
}

/// Columns: value, etag, updated_ms, expires_ms (0 for ever). False: there is none.
bp::result<bool> find(engine::Statement& statement, const Key& key, std::int64_t clock_ms) {
  return statement.bind(1, std::string_view(key.space))
      .bind(2, std::string_view(key.key))
      .bind(3, clock_ms)
      .step();
}

/// What find() found, until the next step.
EntryView seen(const engine::Statement& statement, std::int64_t clock_ms) {
  return {statement.bytes(0), statement.integer(1), statement.integer(2),
          ttl_left(statement.integer(3), clock_ms)};
}

Entry copy_of(const std::string& key, const EntryView& view) {
  return {key, std::string(view.value), view.etag, view.updated_ms, view.ttl_left_ms};
}

constexpr std::string_view find_sql =
    "SELECT value, etag, updated_ms, ifnull(expires_ms, 0) FROM kv"
    " WHERE space = ?1 AND key = ?2 AND (expires_ms IS NULL OR expires_ms > ?3)";

bp::result<void> check_page(const ListRequest& request) {
  using engine::check_text;
  using engine::Emptiness;
  BP_TRY(check_text("space", request.space, space_bytes_max, Emptiness::Refused));
  BP_TRY(check_text("prefix", request.prefix, key_bytes_max, Emptiness::Allowed));
  BP_TRY(check_text("cursor", request.cursor, key_bytes_max, Emptiness::Allowed));
  if (request.limit == 0 || request.limit > list_keys_max) {
    return bp::fail(BP_E_RANGE, "LIMIT: `limit` is " + std::to_string(request.limit) +
                                    ", it must be 1 to " + std::to_string(list_keys_max));
  }
  return {};
}

}  // namespace

bp::result<void> check(const Key& key) {
  BP_TRY(engine::check_text("space", key.space, space_bytes_max, engine::Emptiness::Refused));
  return check_key(key.key);
}

bp::result<void> check_key(const std::string& key) {
  if (auto checked = engine::check_text("key", key, key_bytes_max, engine::Emptiness::Refused);
      !checked) {
    const std::string told = checked.error().message();  // with a name of its own
    return bp::fail(checked.error().code(), "KEY_INVALID" + told.substr(told.find(':')));
  }
  return {};
}

bp::result<void> check(const Content& content) {
  if (content.value.size() > value_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "TOO_LARGE: `value` has " +
                                        std::to_string(content.value.size()) +
                                        " bytes, the limit is " + std::to_string(value_bytes_max));
  }
  return check_ttl(content.ttl_ms);
}

bp::result<void> check_ttl(std::int64_t ttl_ms) {
  if (ttl_ms < 0 || ttl_ms > ttl_ms_max) {
    return bp::fail(BP_E_INVALID, "TTL_INVALID: `ttl_ms` is " + std::to_string(ttl_ms) +
                                      "; it may be 1 to " + std::to_string(ttl_ms_max) +
                                      ", or 0 for ever");
  }
  return {};
}

bp::result<std::optional<std::int64_t>> present_etag(engine::Connection& connection, const Key& key,
                                                     std::int64_t clock_ms) {
  auto statement = connection.prepare(
      "SELECT etag FROM kv"
      " WHERE space = ?1 AND key = ?2 AND (expires_ms IS NULL OR expires_ms > ?3)");
  BP_TRY(statement);
  const auto row = statement->bind(1, std::string_view(key.space))
                       .bind(2, std::string_view(key.key))
                       .bind(3, clock_ms)
                       .step();
  BP_TRY(row);
  return *row ? std::optional(statement->integer(0)) : std::nullopt;
}

bp::result<std::optional<std::int64_t>> hold_to(engine::Connection& connection, const Key& key,
                                                const Condition& condition, std::int64_t clock_ms) {
  const auto present = present_etag(connection, key, clock_ms);
  BP_TRY(present);
  const std::optional<std::int64_t> wanted =
      condition.kind == Condition::Kind::IfEtag ? std::optional(condition.etag) : std::nullopt;
  if (condition.kind == Condition::Kind::Always || *present == wanted) {
    return present;
  }
  return bp::fail(BP_E_CONFLICT, "ETAG_MISMATCH: key '" + key.key + "' has etag " + word(*present) +
                                     ", expected " + word(wanted) +
                                     "; read it again and decide anew");
}

bp::result<void> look_at(engine::Connection& connection, const Key& key, std::int64_t clock_ms,
                         const std::function<void(const EntryView&)>& see) {
  BP_TRY(check(key));
  auto statement = connection.prepare(find_sql);
  BP_TRY(statement);
  const auto found = find(*statement, key, clock_ms);
  BP_TRY(found);
  if (!*found) {
    return std::unexpected(not_found(key));
  }
  see(seen(*statement, clock_ms));
  return {};
}

bp::result<Entry> get(engine::Connection& connection, const Key& key, std::int64_t clock_ms) {
  Entry entry;
  BP_TRY(look_at(connection, key, clock_ms,
                 [&](const EntryView& view) { entry = copy_of(key.key, view); }));
  return entry;
}

bp::result<std::vector<std::optional<Entry>>> get_many(engine::Connection& connection,
                                                       const std::string& space,
                                                       const std::vector<std::string>& keys,
                                                       std::int64_t clock_ms) {
  std::vector<std::optional<Entry>> all;
  std::size_t bytes = 0;
  for (const std::string& key : keys) {
    BP_TRY(check({space, key}));
    auto statement = connection.prepare(find_sql);
    BP_TRY(statement);
    const auto found = find(*statement, {space, key}, clock_ms);
    BP_TRY(found);
    std::optional<Entry>& entry = all.emplace_back();
    if (*found) {
      entry = copy_of(key, seen(*statement, clock_ms));
      bytes += entry->value.size();
    }
    if (bytes > reply_bytes_max) {
      return bp::fail(BP_E_TOO_LARGE, "TOO_LARGE: the values have more than " +
                                          std::to_string(reply_bytes_max) +
                                          " bytes together; ask for fewer keys at once");
    }
  }
  return all;
}

bp::result<std::int64_t> put(engine::Connection& connection, const Key& key, const Content& content,
                             const Condition& condition, const Turn& turn) {
  BP_TRY(check(key));
  BP_TRY(check(content));
  if (condition.kind != Condition::Kind::Always) {
    BP_TRY(hold_to(connection, key, condition, turn.clock_ms));
  }
  const auto seq = note_change(connection, key, ChangeOp::Put, turn);
  BP_TRY(seq);
  auto statement = connection.prepare(
      "INSERT INTO kv (space, key, value, etag, updated_ms, expires_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0))"
      " ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, etag = excluded.etag,"
      " updated_ms = excluded.updated_ms, expires_ms = excluded.expires_ms");
  BP_TRY(statement);
  BP_TRY(statement->bind(1, std::string_view(key.space))
             .bind(2, std::string_view(key.key))
             .bind_bytes(3, content.value)
             .bind(4, *seq)
             .bind(5, turn.wall_ms)
             .bind(6, expiry_of(content.ttl_ms, turn.clock_ms))
             .run());
  if (content.ttl_ms != 0) {
    BP_TRY(note_clock(connection, turn.clock_ms));
  }
  return *seq;
}

bp::result<std::int64_t> remove(engine::Connection& connection, const Key& key,
                                const Condition& condition, const Turn& turn) {
  BP_TRY(check(key));
  const auto present = hold_to(connection, key, condition, turn.clock_ms);
  BP_TRY(present);
  if (!*present) {
    return 0;
  }
  auto statement = connection.prepare("DELETE FROM kv WHERE space = ?1 AND key = ?2");
  BP_TRY(statement);
  BP_TRY(statement->bind(1, std::string_view(key.space)).bind(2, std::string_view(key.key)).run());
  return note_change(connection, key, ChangeOp::Remove, turn);
}

bp::result<std::int64_t> touch(engine::Connection& connection, const Key& key, std::int64_t ttl_ms,
                               const Condition& condition, const Turn& turn) {
  BP_TRY(check(key));
  BP_TRY(check_ttl(ttl_ms));
  const auto present = hold_to(connection, key, condition, turn.clock_ms);
  BP_TRY(present);
  if (!*present) {
    return std::unexpected(not_found(key));
  }
  auto statement =
      connection.prepare("UPDATE kv SET expires_ms = nullif(?3, 0) WHERE space = ?1 AND key = ?2");
  BP_TRY(statement);
  BP_TRY(statement->bind(1, std::string_view(key.space))
             .bind(2, std::string_view(key.key))
             .bind(3, expiry_of(ttl_ms, turn.clock_ms))
             .run());
  if (ttl_ms != 0) {
    BP_TRY(note_clock(connection, turn.clock_ms));
  }
  return **present;
}

bp::result<List> list(engine::Connection& connection, const ListRequest& request,
                      std::int64_t clock_ms) {
  BP_TRY(check_page(request));
  const std::string end = after_prefix(request.prefix);
  std::string sql = std::string("SELECT key, etag, updated_ms, ifnull(expires_ms, 0), ") +
                    (request.with_values ? "value" : "x''") +
                    " FROM kv WHERE space = ?1 AND key >= ?2"
                    " AND (expires_ms IS NULL OR expires_ms > ?6)";
  sql += end.empty() ? "" : " AND key < ?3";
  sql += request.cursor.empty() ? "" : " AND key > ?4";
  auto statement = connection.prepare(sql + " ORDER BY key LIMIT ?5");
  BP_TRY(statement);
  statement->bind(1, std::string_view(request.space)).bind(2, std::string_view(request.prefix));
  if (!end.empty()) {
    statement->bind(3, std::string_view(end));
  }
  if (!request.cursor.empty()) {
    statement->bind(4, std::string_view(request.cursor));
  }
  statement->bind(5, std::int64_t{request.limit} + 1).bind(6, clock_ms);
  List found;
  std::size_t bytes = 0;
  for (;;) {
    const auto row = statement->step();
    BP_TRY(row);
    if (!*row) {
      return found;
    }
    if (found.entries.size() == request.limit || bytes >= reply_bytes_max) {
      found.cursor = found.entries.back().key;
      return found;
    }
    found.entries.push_back({std::string(statement->text(0)), std::string(statement->bytes(4)),
                             statement->integer(1), statement->integer(2),
                             ttl_left(statement->integer(3), clock_ms)});
    bytes += found.entries.back().key.size() + found.entries.back().value.size();
  }
}

std::string etag_text(std::int64_t etag) {
  constexpr std::size_t digits_max = 16;
  char digits[digits_max];  // NOLINT(cppcoreguidelines-avoid-c-arrays): to_chars' buffer
  const auto written = std::to_chars(digits, digits + digits_max, etag, hexadecimal);
  return {digits, written.ptr};
}

bp::result<std::int64_t> read_etag(const std::string& text) {
  std::int64_t etag = 0;
  const char* last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, etag, hexadecimal);
  if (code != std::errc() || end != last || etag <= 0) {
    return bp::fail(BP_E_INVALID,
                    "INVALID: '" + text + "' is no etag; send one back as a reply gave it");
  }
  return etag;
}

}  // namespace storage_sqlite::kv
