// plugins/storage_sqlite/kv/kv.cpp - the statements behind the key-value store.
#include "kv/kv.hpp"

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include "engine/text.hpp"

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

bp::result<std::optional<std::int64_t>> present_etag(engine::Connection& connection,
                                                     const Key& key) {
  auto statement = connection.prepare("SELECT etag FROM kv WHERE space = ?1 AND key = ?2");
  BP_TRY(statement);
  const auto row =
      statement->bind(1, std::string_view(key.space)).bind(2, std::string_view(key.key)).step();
  BP_TRY(row);
  return *row ? std::optional(statement->integer(0)) : std::nullopt;
}

bp::result<void> hold_to(const Condition& condition, engine::Connection& connection,
                         const Key& key) {
  if (condition.kind == Condition::Kind::Always) {
    return {};
  }
  const auto present = present_etag(connection, key);
  BP_TRY(present);
  const std::optional<std::int64_t> wanted =
      condition.kind == Condition::Kind::IfEtag ? std::optional(condition.etag) : std::nullopt;
  if (*present == wanted) {
    return {};
  }
  const auto word = [](const std::optional<std::int64_t>& etag) {
    return etag ? "'" + etag_text(*etag) + "'" : std::string("none");
  };
  return bp::fail(BP_E_CONFLICT, "ETAG_MISMATCH: key '" + key.key + "' has etag " + word(*present) +
                                     ", expected " + word(wanted) +
                                     "; read it again and decide anew");
}

bp::result<std::int64_t> next_etag(engine::Connection& connection) {
  auto statement =
      connection.prepare("UPDATE kv_counter SET etag = etag + 1 WHERE one = 1 RETURNING etag");
  BP_TRY(statement);
  const auto row = statement->step();
  BP_TRY(row);
  if (!*row) {
    return bp::fail(BP_E_CORRUPT, "CORRUPT: the table kv_counter is empty; restore a backup");
  }
  const std::int64_t etag = statement->integer(0);
  BP_TRY(statement->run());  // to its end, or the update would not count as done
  return etag;
}

}  // namespace

bp::result<void> check(const Key& key) {
  BP_TRY(engine::check_text("space", key.space, space_bytes_max, engine::Emptiness::Refused));
  if (auto checked = engine::check_text("key", key.key, key_bytes_max, engine::Emptiness::Refused);
      !checked) {
    return bp::fail(checked.error().code(), "KEY_INVALID: " + checked.error().message());
  }
  return {};
}

bp::result<void> check_value(const std::string& value) {
  if (value.size() > value_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "TOO_LARGE: `value` has " + std::to_string(value.size()) +
                                        " bytes, the limit is " + std::to_string(value_bytes_max));
  }
  return {};
}

bp::result<Entry> get(engine::Connection& connection, const Key& key) {
  BP_TRY(check(key));
  auto statement =
      connection.prepare("SELECT value, etag, updated_ms FROM kv WHERE space = ?1 AND key = ?2");
  BP_TRY(statement);
  const auto row =
      statement->bind(1, std::string_view(key.space)).bind(2, std::string_view(key.key)).step();
  BP_TRY(row);
  if (!*row) {
    return bp::fail(BP_E_NOT_FOUND,
                    "NOT_FOUND: there is no key '" + key.key + "' in space '" + key.space + "'");
  }
  return Entry{key.key, std::string(statement->bytes(0)), statement->integer(1),
               statement->integer(2)};
}

bp::result<std::int64_t> put(engine::Connection& connection, const Key& key,
                             const std::string& value, const Condition& condition,
                             std::int64_t now_ms) {
  BP_TRY(check(key));
  BP_TRY(check_value(value));
  BP_TRY(hold_to(condition, connection, key));
  const auto etag = next_etag(connection);
  BP_TRY(etag);
  auto statement = connection.prepare(
      "INSERT INTO kv (space, key, value, etag, updated_ms) VALUES (?1, ?2, ?3, ?4, ?5)"
      " ON CONFLICT (space, key) DO UPDATE SET"
      " value = excluded.value, etag = excluded.etag, updated_ms = excluded.updated_ms");
  BP_TRY(statement);
  BP_TRY(statement->bind(1, std::string_view(key.space))
             .bind(2, std::string_view(key.key))
             .bind_bytes(3, value)
             .bind(4, *etag)
             .bind(5, now_ms)
             .run());
  return *etag;
}

bp::result<bool> remove(engine::Connection& connection, const Key& key,
                        const Condition& condition) {
  BP_TRY(check(key));
  BP_TRY(hold_to(condition, connection, key));
  auto statement = connection.prepare("DELETE FROM kv WHERE space = ?1 AND key = ?2");
  BP_TRY(statement);
  BP_TRY(statement->bind(1, std::string_view(key.space)).bind(2, std::string_view(key.key)).run());
  return connection.changes() > 0;
}

bp::result<List> list(engine::Connection& connection, const ListRequest& request) {
  using engine::check_text;
  using engine::Emptiness;
  BP_TRY(check_text("space", request.space, space_bytes_max, Emptiness::Refused));
  BP_TRY(check_text("prefix", request.prefix, key_bytes_max, Emptiness::Allowed));
  BP_TRY(check_text("cursor", request.cursor, key_bytes_max, Emptiness::Allowed));
  if (request.limit == 0 || request.limit > list_keys_max) {
    return bp::fail(BP_E_RANGE, "LIMIT: `limit` is " + std::to_string(request.limit) +
                                    ", it must be 1 to " + std::to_string(list_keys_max));
  }
  const std::string end = after_prefix(request.prefix);
  std::string sql = std::string("SELECT key, etag, updated_ms, ") +
                    (request.with_values ? "value" : "x''") +
                    " FROM kv WHERE space = ?1 AND key >= ?2";
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
  statement->bind(5, std::int64_t{request.limit} + 1);
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
    found.entries.push_back({std::string(statement->text(0)), std::string(statement->bytes(3)),
                             statement->integer(1), statement->integer(2)});
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
