// plugins/storage_sqlite/kv/kv.hpp - values by key, each with an etag that changes with every
// write, and a time to live where one was given.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"

namespace storage_sqlite::kv {

inline constexpr std::size_t space_bytes_max = 128;
inline constexpr std::size_t key_bytes_max = 1'024;
inline constexpr std::size_t value_bytes_max = std::size_t{4} << 20U;
inline constexpr std::size_t batch_bytes_max = std::size_t{8} << 20U;
inline constexpr std::size_t batch_items_max = 1'000;
inline constexpr std::uint32_t list_keys_max = 1'000;
inline constexpr std::uint32_t list_keys_default = 100;
inline constexpr std::size_t reply_bytes_max = std::size_t{8} << 20U;
inline constexpr std::int64_t ttl_ms_max = std::int64_t{100} * 365 * 24 * 3'600 * 1'000;

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
  std::int64_t ttl_left_ms = 0;  // 0: for ever
};

/// One that is looked at where it lies.
struct EntryView {
  std::string_view value;
  std::int64_t etag = 0;
  std::int64_t updated_ms = 0;
  std::int64_t ttl_left_ms = 0;  // 0: for ever
};

/// When a write may happen. `IfEtag` compares; `IfAbsent` only creates.
struct Condition {
  enum class Kind : std::uint8_t { Always, IfEtag, IfAbsent };

  Kind kind = Kind::Always;
  std::int64_t etag = 0;
};

/// What a write needs to know of its surroundings. `wall_ms` is for showing, `clock_ms` (see
/// clock.hpp) is what times to live are measured with.
struct Turn {
  std::int64_t wall_ms = 0;
  std::int64_t clock_ms = 0;
  std::uint32_t changes_kept = 10'000;          // of each namespace, at least 1
  std::uint32_t outbox_messages_max = 100'000;  // of each channel
};

/// What a put writes. `ttl_ms` 0: for ever.
struct Content {
  std::string_view value;
  std::int64_t ttl_ms = 0;
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
[[nodiscard]] bp::result<void> check_key(const std::string& key);
/// Errors: TOO_LARGE, INVALID (TTL_INVALID).
[[nodiscard]] bp::result<void> check(const Content& content);
[[nodiscard]] bp::result<void> check_ttl(std::int64_t ttl_ms);

/// Keys that expired are not there, whether they were collected or not. Errors: NOT_FOUND.
[[nodiscard]] bp::result<Entry> get(engine::Connection& connection, const Key& key,
                                    std::int64_t clock_ms);
/// The same without a copy: `see` is called with it. Errors: NOT_FOUND, then it is not.
[[nodiscard]] bp::result<void> look_at(engine::Connection& connection, const Key& key,
                                       std::int64_t clock_ms,
                                       const std::function<void(const EntryView&)>& see);
/// In the order of the keys; nullopt where there is none. Errors: TOO_LARGE.
[[nodiscard]] bp::result<std::vector<std::optional<Entry>>> get_many(
    engine::Connection& connection, const std::string& space, const std::vector<std::string>& keys,
    std::int64_t clock_ms);
/// In the order of the keys' bytes. Errors: RANGE (limit), INVALID.
[[nodiscard]] bp::result<List> list(engine::Connection& connection, const ListRequest& request,
                                    std::int64_t clock_ms);

// These write, and note the change (changes.hpp).

/// The new etag, which is also the number of the change.
/// Errors: CONFLICT (ETAG_MISMATCH with the present etag).
[[nodiscard]] bp::result<std::int64_t> put(engine::Connection& connection, const Key& key,
                                           const Content& content, const Condition& condition,
                                           const Turn& turn);
/// The number of the change; 0 when there was nothing to delete. Errors: CONFLICT (ETAG_MISMATCH).
[[nodiscard]] bp::result<std::int64_t> remove(engine::Connection& connection, const Key& key,
                                              const Condition& condition, const Turn& turn);
/// Another time to live from now on; the etag stays, and is answered.
/// Errors: NOT_FOUND, CONFLICT (ETAG_MISMATCH).
[[nodiscard]] bp::result<std::int64_t> touch(engine::Connection& connection, const Key& key,
                                             std::int64_t ttl_ms, const Condition& condition,
                                             const Turn& turn);

/// The present etag, nullopt when there is no such key.
[[nodiscard]] bp::result<std::optional<std::int64_t>> present_etag(engine::Connection& connection,
                                                                   const Key& key,
                                                                   std::int64_t clock_ms);
/// The same, if the condition holds. Errors: CONFLICT (ETAG_MISMATCH with the present etag).
[[nodiscard]] bp::result<std::optional<std::int64_t>> hold_to(engine::Connection& connection,
                                                              const Key& key,
                                                              const Condition& condition,
                                                              std::int64_t clock_ms);

/// Etags leave as opaque text, so that no JSON reader rounds them.
[[nodiscard]] std::string etag_text(std::int64_t etag);
[[nodiscard]] bp::result<std::int64_t> read_etag(const std::string& text);

}  // namespace storage_sqlite::kv
