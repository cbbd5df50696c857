// plugins/storage_sqlite/kv/kv.hpp - values by key, each with an etag that changes with every
// write.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"

namespace storage_sqlite::kv {

inline constexpr std::size_t space_bytes_max = 128;
inline constexpr std::size_t key_bytes_max = 1'024;
inline constexpr std::size_t value_bytes_max = std::size_t{4} << 20U;
inline constexpr std::uint32_t list_keys_max = 1'000;
inline constexpr std::uint32_t list_keys_default = 100;
inline constexpr std::size_t reply_bytes_max = std::size_t{8} << 20U;

/// A namespace and a key within it.
struct Key {
  std::string space;
  std::string key;
};

struct Entry {
  std::string key;
  std::string value;
  std::int64_t etag = 0;
  std::int64_t updated_ms = 0;
};

/// When a write may happen. `IfEtag` compares; `IfAbsent` only creates.
struct Condition {
  enum class Kind : std::uint8_t { Always, IfEtag, IfAbsent };

  Kind kind = Kind::Always;
  std::int64_t etag = 0;
};

struct ListRequest {
  std::string space{};
  std::string prefix{};
  std::uint32_t limit = list_keys_default;
  std::string cursor{};  // the last key of the page before
  bool with_values = false;
};

struct List {
  std::vector<Entry> entries;
  std::string cursor;  // empty on the last page
};

/// Errors: INVALID (KEY_INVALID) or TOO_LARGE.
[[nodiscard]] bp::result<void> check(const Key& key);
[[nodiscard]] bp::result<void> check_value(const std::string& value);

/// Errors: NOT_FOUND.
[[nodiscard]] bp::result<Entry> get(engine::Connection& connection, const Key& key);
/// The new etag. Errors: CONFLICT (ETAG_MISMATCH with the present etag).
[[nodiscard]] bp::result<std::int64_t> put(engine::Connection& connection, const Key& key,
                                           const std::string& value, const Condition& condition,
                                           std::int64_t now_ms);
/// False when there was nothing to delete. Errors: CONFLICT (ETAG_MISMATCH).
[[nodiscard]] bp::result<bool> remove(engine::Connection& connection, const Key& key,
                                      const Condition& condition);
/// In the order of the keys' bytes. Errors: RANGE (limit), INVALID.
[[nodiscard]] bp::result<List> list(engine::Connection& connection, const ListRequest& request);

/// Etags leave as opaque text, so that no JSON reader rounds them.
[[nodiscard]] std::string etag_text(std::int64_t etag);
[[nodiscard]] bp::result<std::int64_t> read_etag(const std::string& text);

}  // namespace storage_sqlite::kv
