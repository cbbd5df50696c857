// plugins/storage_sqlite/edge/outbox_relay.hpp - brings messages of the outbox to
// storage.outbox.<channel>, at least once.
//
// A message leaves the database when the channel's consumers have acknowledged it, and it is sent
// only while there is one: until then it waits where a crash cannot reach it. A resource of the
// instance. Thread: strand.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "backplane/cpp/join_set.hpp"
#include "backplane/cpp/json.hpp"
#include "backplane/cpp/plugin.hpp"
#include "backplane/kit/backoff.hpp"

#include "access.hpp"
#include "kv/outbox.hpp"

namespace storage_sqlite::edge {

class OutboxRelay {
 public:
  /// Of one channel, sent and not yet acknowledged.
  static constexpr std::uint32_t under_way_max = 64;
  static constexpr std::size_t under_way_bytes_max = std::size_t{4} << 20U;
  static constexpr std::chrono::seconds pause_first{1};
  static constexpr std::chrono::seconds pause_max{60};

  /// Both outlive this object.
  OutboxRelay(bp::context& cx, Access& access, engine::Durability durability)
      : cx_(cx), access_(access), durability_(durability) {}

  /// The channel is there from now on, whether or not somebody listens.
  void open(const std::string& channel) { (void)line_of(channel); }

  /// A message for `channel` may be waiting in the database.
  void wake(const std::string& channel) {
    Line* line = line_of(channel);
    if (line != nullptr && !line->busy && line->to.listening()) {
      line->busy = true;
      cx_.spawn(
          [this, &channel = lines_.find(channel)->first, line] { return relay(channel, *line); });
    }
  }

 private:
  struct Line {
    bp::sender to;
    bool open = false;
    bool busy = false;
    bp::kit::backoff pause{pause_first, pause_max, 0};
  };

  Line* line_of(const std::string& channel) {
    const auto [place, is_new] = lines_.try_emplace(channel);
    Line& line = place->second;
    if (is_new) {
      auto opened = cx_.try_open("storage.outbox." + channel);
      if (opened) {
        line.to = *opened;
        line.open = true;
      } else {
        cx_.warn("messages of the outbox cannot be sent", "channel", channel, "why",
                 opened.error().text());
      }
    }
    return line.open ? &line : nullptr;
  }

  bp::task<bp::result<void>> relay(const std::string& channel, Line& line) {
    while (line.to.listening()) {
      auto read = [&channel](engine::Connection& connection) {
        return kv::waiting_messages(connection, channel, under_way_max, under_way_bytes_max);
      };
      const auto messages = co_await access_.read(std::move(read));
      if (messages && messages->empty()) {
        break;
      }
      bool all_taken = messages.has_value();
      if (messages) {
        all_taken = co_await send_all(channel, line, *messages);
      } else {
        cx_.warn("the outbox cannot be read", "channel", channel, "why", messages.error().text());
      }
      if (all_taken) {
        line.pause.reset();
      } else {
        co_await cx_.sleep(line.pause.next());
      }
    }
    line.busy = false;
    co_return bp::result<void>();
  }

  /// False: some were not taken, or could not be forgotten; they will be sent again.
  bp::task<bool> send_all(const std::string& channel, Line& line,
                          const std::vector<kv::Message>& messages) {
    bp::join_set<std::int64_t> under_way(cx_);
    for (const kv::Message& message : messages) {
      under_way.spawn([this, &line, &message] { return send(line, message); });
    }
    std::vector<std::int64_t> taken;
    std::string why;
    while (auto end = co_await under_way.next()) {
      if (*end) {
        taken.push_back(**end);
      } else {
        why = end->error().text();
      }
    }
    if (!why.empty()) {
      cx_.warn("messages of the outbox were not taken; they will be sent again", "channel", channel,
               "messages", messages.size() - taken.size(), "why", why);
    }
    const WriteOptions with{.durability = durability_,
                            .rows = static_cast<std::uint32_t>(taken.size()),
                            .repeatable = true};
    auto work = [channel, taken](engine::Connection& connection) -> bp::result<std::size_t> {
      BP_TRY(kv::forget_messages(connection, channel, taken));
      return taken.size();
    };
    const auto forgotten = co_await access_.write(with, std::move(work));
    if (!forgotten) {
      cx_.warn("messages of the outbox that were taken will be sent again", "channel", channel,
               "why", forgotten.error().text());
    }
    co_return why.empty() && forgotten.has_value();
  }

  bp::task<bp::result<std::int64_t>> send(Line& line, const kv::Message& message) {
    const std::string text = text_of(message);
    BP_CO_TRY(co_await line.to.send_confirmed(bp::as_bytes(text)));
    co_return message.id;
  }

  static std::string text_of(const kv::Message& message) {
    std::string text;
    bp::json::writer out(text);
    out.begin_object().member("id", std::to_string(message.id)).member("space", message.space);
    out.member("time_ms", message.time_ms).key("message").raw(message.json).end_object();
    return text;
  }

  bp::context& cx_;
  Access& access_;
  engine::Durability durability_;
  std::map<std::string, Line> lines_;
};

}  // namespace storage_sqlite::edge
