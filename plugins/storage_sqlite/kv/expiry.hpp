// plugins/storage_sqlite/kv/expiry.hpp - times to live: what is over, and its collection in small
// batches.
//
// An expired key is invisible from that moment on (every statement says so); collecting it only
// frees its room and tells the feed.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "kv/kv.hpp"

namespace storage_sqlite::kv {

struct Collected {
  std::uint32_t keys = 0;
  std::map<std::string, std::int64_t> newest;  // number of the last change, by namespace
};

/// 0: for ever.
[[nodiscard]] constexpr std::int64_t expiry_of(std::int64_t ttl_ms,
                                               std::int64_t clock_ms) noexcept {
  return ttl_ms == 0 ? 0 : clock_ms + ttl_ms;
}

[[nodiscard]] constexpr std::int64_t ttl_left(std::int64_t expires_ms,
                                              std::int64_t clock_ms) noexcept {
  return expires_ms == 0 ? 0 : expires_ms - clock_ms;
}

/// When the key that expires first does, 0: none ever. Reads one entry of the index.
[[nodiscard]] bp::result<std::int64_t> first_expiry(engine::Connection& connection);
/// Deletes up to `keys_max` expired keys, the longest expired ones first, and notes each change.
[[nodiscard]] bp::result<Collected> collect(engine::Connection& connection, std::uint32_t keys_max,
                                            const Turn& turn);

/// The mark that the clock of the next start begins at: never lowered, written at most once a
/// second.
[[nodiscard]] bp::result<void> note_clock(engine::Connection& connection, std::int64_t clock_ms);
[[nodiscard]] bp::result<std::int64_t> clock_mark(engine::Connection& connection);

}  // namespace storage_sqlite::kv
