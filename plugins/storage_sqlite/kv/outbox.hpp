// plugins/storage_sqlite/kv/outbox.hpp - messages that were committed together with data and wait
// to be sent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "kv/kv.hpp"

namespace storage_sqlite::kv {

inline constexpr std::size_t channel_bytes_max = 128;
inline constexpr std::size_t message_bytes_max = std::size_t{1} << 20U;
inline constexpr std::int64_t outbox_channels_max = 256;  // for good: each keeps an open end

struct Message {
  std::int64_t id = 0;  // 1, 2, 3 ... of its channel; never given again
  std::string space;    // who sent it
  std::string json;
  std::int64_t time_ms = 0;
};

/// Errors: INVALID, TOO_LARGE.
[[nodiscard]] bp::result<void> check_message(std::string_view channel, std::string_view json);

/// The id of the message. Errors: FULL (OUTBOX_FULL), RANGE (LIMIT: too many channels).
[[nodiscard]] bp::result<std::int64_t> publish(engine::Connection& connection,
                                               const std::string& space, const std::string& channel,
                                               std::string_view json, const Turn& turn);
/// Channels for which messages wait.
[[nodiscard]] bp::result<std::vector<std::string>> waiting_channels(engine::Connection& connection);
/// The oldest ones of a channel, at most `messages_max` and about `bytes_max`, but one at least.
[[nodiscard]] bp::result<std::vector<Message>> waiting_messages(engine::Connection& connection,
                                                                const std::string& channel,
                                                                std::uint32_t messages_max,
                                                                std::size_t bytes_max);
/// These were taken by their channel: they are gone.
[[nodiscard]] bp::result<void> forget_messages(engine::Connection& connection,
                                               const std::string& channel,
                                               const std::vector<std::int64_t>& ids);

}  // namespace storage_sqlite::kv
