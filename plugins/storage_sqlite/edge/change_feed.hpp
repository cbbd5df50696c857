// plugins/storage_sqlite/edge/change_feed.hpp - tells storage.changes.<namespace> what was
// committed.
//
// What it tells it reads from the kept changes, in their order, and only while somebody listens.
// So a write is never held up by the feed, and a subscriber that misses something reads it with the
// method Changes. A resource of the instance. Thread: strand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "backplane/cpp/json.hpp"
#include "backplane/cpp/plugin.hpp"

#include "access.hpp"
#include "engine/text.hpp"
#include "kv/changes.hpp"

namespace storage_sqlite::edge {

class ChangeFeed {
 public:
  /// Changes that are read at once.
  static constexpr std::uint32_t page_changes = 256;
  /// Each namespace keeps an open end; what is beyond this is only read by the method Changes.
  static constexpr std::size_t channels_max = 1'024;

  /// Both outlive this object.
  ChangeFeed(bp::context& cx, Access& access) : cx_(cx), access_(access) {}

  /// Change `seq` of `space` was committed; 0: none was.
  void committed(const std::string& space, std::int64_t seq) {
    Line* line = seq != 0 ? line_of(space, seq) : nullptr;
    if (line == nullptr) {
      return;
    }
    if (!line->to.listening()) {
      line->told = line->wanted = std::max(line->wanted, seq);
      return;
    }
    line->wanted = std::max(line->wanted, seq);
    if (!telling_) {
      telling_ = true;
      cx_.spawn([this] { return tell_all(); });
    }
  }

  /// Namespaces that somebody listens to: whether they are behind, the database knows better when a
  /// writer gave up before its write was made.
  [[nodiscard]] std::vector<std::string> listened() const {
    std::vector<std::string> spaces;
    for (const auto& [space, line] : lines_) {
      if (line.open && line.to.listening()) {
        spaces.push_back(space);
      }
    }
    return spaces;
  }

 private:
  struct Line {
    bp::sender to;
    bool open = false;
    std::int64_t told = 0;
    std::int64_t wanted = 0;
  };

  Line* line_of(const std::string& space, std::int64_t seq) {
    if (const auto found = lines_.find(space); found != lines_.end()) {
      return found->second.open ? &found->second : nullptr;
    }
    if (lines_.size() >= channels_max || !engine::is_name(space, kv::space_bytes_max)) {
      return nullptr;
    }
    Line& line = lines_[space];
    auto opened = cx_.try_open("storage.changes." + space);
    if (opened) {
      line = {*opened, true, seq - 1, seq - 1};
    } else {
      cx_.warn("changes of a namespace cannot be told", "space", space, "why",
               opened.error().text());
    }
    return line.open ? &line : nullptr;
  }

  bp::task<bp::result<void>> tell_all() {
    bool more = true;
    while (more) {
      more = false;
      for (auto& [space, line] : lines_) {  // a map: what is added meanwhile moves nothing
        while (line.told < line.wanted) {
          more = true;
          co_await tell_page(space, line);
        }
      }
    }
    telling_ = false;
    co_return bp::result<void>();
  }

  bp::task<void> tell_page(const std::string& space, Line& line) {
    const std::int64_t since = line.told;
    auto work = [&space, since](engine::Connection& connection) {
      return page_after(connection, space, since);
    };
    const auto page = co_await access_.read(std::move(work));
    if (!page) {
      // Subscribers see the gap in the numbers.
      cx_.warn("changes of a namespace were not told", "space", space, "after", since, "why",
               page.error().text());
      line.told = line.wanted;
      co_return;
    }
    for (const kv::Change& change : page->changes) {
      const std::string text = text_of(space, change);
      const auto sent = co_await line.to.send_wait(bp::as_bytes(text));
      if (!sent) {
        cx_.warn("a change was not told", "space", space, "seq", change.seq, "why",
                 sent.error().text());
      }
      line.told = change.seq;
    }
    if (page->changes.empty()) {
      line.told = line.wanted;
    }
    line.wanted = std::max(line.wanted, line.told);
  }

  /// Where some are gone (a restored backup, a long pause), from the oldest that is kept:
  /// subscribers see the gap in the numbers.
  static bp::result<kv::Changes> page_after(engine::Connection& connection,
                                            const std::string& space, std::int64_t since) {
    auto page = kv::changes(connection, space, static_cast<std::uint64_t>(since), page_changes);
    if (page || page.error().code() != BP_E_RANGE) {
      return page;
    }
    const auto kept = kv::kept_since(connection, space);
    BP_TRY(kept);
    return kv::changes(connection, space, static_cast<std::uint64_t>(*kept), page_changes);
  }

  static std::string text_of(const std::string& space, const kv::Change& change) {
    std::string text;
    bp::json::writer out(text);
    out.begin_object().member("space", space).member("seq", change.seq);
    out.member("op", kv::word_of(change.op)).member("key", change.key);
    if (change.op == kv::ChangeOp::Put) {
      out.member("etag", kv::etag_text(change.seq));
    }
    out.member("time_ms", change.time_ms).end_object();
    return text;
  }

  bp::context& cx_;
  Access& access_;
  std::map<std::string, Line> lines_;
  bool telling_ = false;
};

}  // namespace storage_sqlite::edge
