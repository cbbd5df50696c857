// plugins/storage_sqlite/edge/events.hpp - what an operator wants to know, as a log line and on
// `storage.events`.
//
// A resource of the instance. Thread: strand.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/plugin.hpp"
#include "backplane/cpp/quantity.hpp"

#include "migration/migration.hpp"

namespace storage_sqlite::edge {

class Events {
 public:
  explicit Events(bp::context& cx) : cx_(cx), out_(cx.open("storage.events")) {}

  /// `{"event":"backup","time":"...","text":"...","file":"a.db"}`; the pairs are names and values.
  template <typename... Pairs>
  void tell(std::string_view event, std::string_view text, const Pairs&... pairs) {
    cx_.info(text, pairs...);
    send(event, text, pairs...);
  }

  /// Of what should not be so.
  template <typename... Pairs>
  void warn(std::string_view event, std::string_view text, const Pairs&... pairs) {
    cx_.warn(text, pairs...);
    send(event, text, pairs...);
  }

  void tell_moves(const std::vector<migration::Move>& moves) {
    for (const migration::Move& move : moves) {
      tell("migrated", "a migration was made", "component", move.component, "version", move.version,
           "up", move.up, "name", move.name);
    }
  }

 private:
  template <typename... Pairs>
  void send(std::string_view event, std::string_view text, const Pairs&... pairs) {
    std::string json;
    bp::json::writer to(json);
    const auto now =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    to.begin_object();
    to.member("event", event).member("time", bp::quantity::text_of(now)).member("text", text);
    add(to, pairs...);
    to.end_object();
    // Nobody has to listen, and who is too slow misses some: the log has it all.
    (void)out_.send(json);
  }

  static void add(bp::json::writer& /*to*/) {}

  template <typename Value, typename... Rest>
  static void add(bp::json::writer& to, std::string_view name, const Value& value,
                  const Rest&... rest) {
    to.member(name, value);
    add(to, rest...);
  }

  bp::context& cx_;
  bp::sender out_;
};

}  // namespace storage_sqlite::edge
