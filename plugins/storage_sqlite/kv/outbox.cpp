// plugins/storage_sqlite/kv/outbox.cpp - the statements of the outbox.
#include "kv/outbox.hpp"

#include "backplane/cpp/json.hpp"

#include "engine/text.hpp"

namespace storage_sqlite::kv {
namespace {

/// The first message of a channel makes its row. The counter is above the ids of channels that a
/// damaged database may have had, whose place this one took.
bp::result<void> make_channel(engine::Connection& connection, const std::string& channel) {
  auto known = connection.prepare("SELECT 1 FROM kv_outbox_channels WHERE channel = ?1");
  BP_TRY(known);
  const auto row = known->bind(1, std::string_view(channel)).step();
  BP_TRY(row);
  if (*row) {
    return {};
  }
  const auto count = connection.number("SELECT count(*) FROM kv_outbox_channels");
  BP_TRY(count);
  if (*count >= outbox_channels_max) {
    return bp::fail(BP_E_RANGE, "LIMIT: the outbox has sent to " + std::to_string(*count) +
                                    " channels, which is its limit; use one of them");
  }
  auto first = connection.prepare(
      "INSERT INTO kv_outbox_channels (channel, newest_id, waiting)"
      " VALUES (?1, (SELECT etag FROM kv_counter), 0)");
  BP_TRY(first);
  return first->bind(1, std::string_view(channel)).run();
}

/// The number of one more message of the channel; 0: it has as many as it may have.
bp::result<std::int64_t> take_number(engine::Connection& connection, const std::string& channel,
                                     std::int64_t messages_max) {
  auto statement = connection.prepare(
      "UPDATE kv_outbox_channels SET newest_id = newest_id + 1, waiting = waiting + 1"
      " WHERE channel = ?1 AND waiting < ?2 RETURNING newest_id");
  BP_TRY(statement);
  const auto row = statement->bind(1, std::string_view(channel)).bind(2, messages_max).step();
  BP_TRY(row);
  const std::int64_t id = *row ? statement->integer(0) : 0;
  BP_TRY(statement->run());
  return id;
}

}  // namespace

bp::result<void> check_message(std::string_view channel, std::string_view json) {
  if (!engine::is_name(channel, channel_bytes_max)) {
    return bp::fail(BP_E_INVALID, "INVALID: `channel` is not 1 to " +
                                      std::to_string(channel_bytes_max) +
                                      " of A-Z a-z 0-9 . _ -; give it such a name");
  }
  if (json.size() > message_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "TOO_LARGE: `message` has " + std::to_string(json.size()) +
                                        " bytes, the limit is " +
                                        std::to_string(message_bytes_max));
  }
  if (const auto checked = bp::json::check(json); !checked) {
    return bp::fail(BP_E_INVALID, "INVALID: `message` is no JSON: " + checked.error().message());
  }
  return {};
}

bp::result<std::int64_t> publish(engine::Connection& connection, const std::string& space,
                                 const std::string& channel, std::string_view json,
                                 const Turn& turn) {
  BP_TRY(check_message(channel, json));
  BP_TRY(make_channel(connection, channel));
  const auto id = take_number(connection, channel, turn.outbox_messages_max);
  BP_TRY(id);
  if (*id == 0) {
    return bp::fail(BP_E_FULL, "OUTBOX_FULL: " + std::to_string(turn.outbox_messages_max) +
                                   " messages wait for somebody who takes them from channel "
                                   "'storage.outbox." +
                                   channel + "'; start a consumer, or raise outbox_messages_max");
  }
  auto statement = connection.prepare(
      "INSERT INTO kv_outbox (channel, id, space, message, time_ms) VALUES (?1, ?2, ?3, ?4, ?5)");
  BP_TRY(statement);
  BP_TRY(statement->bind(1, std::string_view(channel))
             .bind(2, *id)
             .bind(3, std::string_view(space))
             .bind(4, json)
             .bind(5, turn.wall_ms)
             .run());
  return *id;
}

bp::result<std::vector<std::string>> waiting_channels(engine::Connection& connection) {
  auto statement = connection.prepare("SELECT channel FROM kv_outbox_channels WHERE waiting > 0");
  BP_TRY(statement);
  std::vector<std::string> channels;
  for (;;) {
    const auto row = statement->step();
    BP_TRY(row);
    if (!*row) {
      return channels;
    }
    channels.emplace_back(statement->text(0));
  }
}

bp::result<std::vector<Message>> waiting_messages(engine::Connection& connection,
                                                  const std::string& channel,
                                                  std::uint32_t messages_max,
                                                  std::size_t bytes_max) {
  auto statement = connection.prepare(
      "SELECT id, space, message, time_ms FROM kv_outbox WHERE channel = ?1 ORDER BY id LIMIT ?2");
  BP_TRY(statement);
  statement->bind(1, std::string_view(channel)).bind(2, std::int64_t{messages_max});
  std::vector<Message> messages;
  for (std::size_t bytes = 0; messages.empty() || bytes < bytes_max;
       bytes += messages.back().json.size()) {
    const auto row = statement->step();
    BP_TRY(row);
    if (!*row) {
      break;
    }
    messages.push_back({statement->integer(0), std::string(statement->text(1)),
                        std::string(statement->text(2)), statement->integer(3)});
  }
  return messages;
}

bp::result<void> forget_messages(engine::Connection& connection, const std::string& channel,
                                 const std::vector<std::int64_t>& ids) {
  std::int64_t forgotten = 0;
  for (const std::int64_t id : ids) {
    auto statement = connection.prepare("DELETE FROM kv_outbox WHERE channel = ?2 AND id = ?1");
    BP_TRY(statement);
    BP_TRY(statement->bind(1, id).bind(2, std::string_view(channel)).run());
    forgotten += connection.changes();
  }
  auto statement =
      connection.prepare("UPDATE kv_outbox_channels SET waiting = waiting - ?2 WHERE channel = ?1");
  BP_TRY(statement);
  return statement->bind(1, std::string_view(channel)).bind(2, forgotten).run();
}

}  // namespace storage_sqlite::kv
