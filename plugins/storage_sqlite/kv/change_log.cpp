// plugins/storage_sqlite/kv/change_log.cpp - numbering, packing and unpacking changes.
#include "kv/change_log.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <system_error>

#include "backplane/cpp/json_reader.hpp"
#include "backplane/cpp/json_writer.hpp"

namespace storage_sqlite::kv {
namespace {

constexpr std::int64_t forget_every = pack_changes_max;  // changes of one namespace
constexpr std::int64_t forget_more = 512;  // than came: a lowered limit must not hold up a write

/// Rows all of whose changes are too old, about `changes_max` of these.
bp::result<void> forget_old(engine::Connection& connection, const std::string& space,
                            std::int64_t up_to, std::int64_t changes_max) {
  auto statement = connection.prepare(
      "DELETE FROM kv_change_packs WHERE space = ?1 AND last <= ?2 AND last <"
      " (SELECT min(last) FROM kv_change_packs WHERE space = ?1) + ?3");
  BP_TRY(statement);
  return statement->bind(1, std::string_view(space)).bind(2, up_to).bind(3, changes_max).run();
}

void append_number(std::string& to, std::int64_t number) {
  constexpr std::size_t digits_max = 20;
  char digits[digits_max];  // NOLINT(cppcoreguidelines-avoid-c-arrays): to_chars' buffer
  to.append(digits, std::to_chars(digits, digits + digits_max, number).ptr);
}

/// "<op><milliseconds>:<key>"
bool read_change(std::string_view text, std::int64_t time_ms, Change& into) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.front() < '1' || text.front() > '9') {
    return false;
  }
  std::int64_t later_ms = 0;
  const auto [end, code] = std::from_chars(text.data() + 1, text.data() + colon, later_ms);
  into.op = static_cast<ChangeOp>(text.front() - '0');
  into.key = text.substr(colon + 1);
  into.time_ms = time_ms + later_ms;
  return code == std::errc() && end == text.data() + colon;
}

}  // namespace

ChangeLog& ChangeLog::of(engine::Connection& connection) {
  if (connection.deferred() == nullptr) {
    connection.defer(std::make_unique<ChangeLog>());
  }
  return static_cast<ChangeLog&>(*connection.deferred());  // nobody else defers anything
}

bp::result<std::int64_t> ChangeLog::note(engine::Connection& connection, const Key& key,
                                         ChangeOp op, const Turn& turn) {
  const bool alone = !connection.may_defer();
  if (alone) {
    forget();
  }
  const auto space = space_of(connection, key.space);
  BP_TRY(space);
  Space& its = (*space)->second;
  if (its.last == none) {
    active_.push_back(*space);
  }
  noted_.push_back({.of = *space,
                    .before = its.last,
                    .key = keys_.size(),
                    .key_bytes = key.key.size(),
                    .time_ms = turn.wall_ms,
                    .op = op});
  keys_ += key.key;
  its.last = noted_.size() - 1;
  its.kept = turn.changes_kept;
  const std::int64_t seq = ++its.newest;
  if (alone) {
    const bp::result<void> written = write(connection);
    forget();
    BP_TRY(written);
  }
  return seq;
}

bp::result<ChangeLog::Spaces::value_type*> ChangeLog::space_of(engine::Connection& connection,
                                                               const std::string& name) {
  if (!looked_) {
    BP_TRY(look_whether_others_wrote(connection));
  }
  if (const auto found = spaces_.find(name); found != spaces_.end()) {
    return &*found;
  }
  // The counter of version 1 gave etags to all namespaces alike: each begins above it.
  auto statement = connection.prepare(
      "SELECT ifnull((SELECT max(last) FROM kv_change_packs WHERE space = ?1),"
      " (SELECT etag FROM kv_counter))");
  BP_TRY(statement);
  const auto row = statement->bind(1, std::string_view(name)).step();
  BP_TRY(row);
  const std::int64_t newest = *row ? statement->integer(0) : 0;
  return &*spaces_.emplace(name, Space{.newest = newest}).first;
}

/// Once a transaction: in it nobody else can.
bp::result<void> ChangeLog::look_whether_others_wrote(engine::Connection& connection) {
  const auto version = connection.number("PRAGMA data_version");
  BP_TRY(version);
  if (*version != data_version_ || spaces_.size() > spaces_max) {
    spaces_.clear();
  }
  data_version_ = *version;
  looked_ = true;
  return {};
}

bp::result<void> ChangeLog::write(engine::Connection& connection) {
  for (Spaces::value_type* space : active_) {
    BP_TRY(write_space(connection, *space));
  }
  return {};
}

bp::result<void> ChangeLog::write_space(engine::Connection& connection, Spaces::value_type& space) {
  std::vector<const Noted*> all;
  for (std::size_t at = space.second.last; at != none; at = noted_[at].before) {
    all.push_back(&noted_[at]);
  }
  std::ranges::reverse(all);
  space.second.last = none;  // it may be named twice, if all it had was undone meanwhile
  const std::int64_t newest = space.second.newest;
  const std::int64_t first = newest - static_cast<std::int64_t>(all.size()) + 1;
  std::int64_t next = first;
  std::size_t bytes = 0;
  for (const Noted* one : all) {
    if (static_cast<std::int64_t>(row_.size()) == pack_changes_max || bytes > pack_keys_bytes_max) {
      BP_TRY(write_pack(connection, space.first, next));
      next += static_cast<std::int64_t>(row_.size());
      row_.clear();
      bytes = 0;
    }
    row_.push_back(one);
    bytes += one->key_bytes;
  }
  if (!row_.empty()) {
    BP_TRY(write_pack(connection, space.first, next));
    row_.clear();
  }
  if (newest / forget_every != (first - 1) / forget_every) {
    BP_TRY(forget_old(connection, space.first, newest - std::max(space.second.kept, 1U),
                      newest - first + forget_more));
  }
  return {};
}

bp::result<void> ChangeLog::write_pack(engine::Connection& connection, const std::string& space,
                                       std::int64_t first) {
  const std::int64_t time_ms = row_.front()->time_ms;
  pack_ = '[';
  std::string text;
  for (const Noted* one : row_) {
    text = static_cast<char>('0' + static_cast<int>(one->op));
    append_number(text, one->time_ms - time_ms);
    text += ':';
    text += key_of(*one);
    pack_ += pack_.size() > 1 ? "," : "";
    bp::json::writer(pack_).quote(text);
  }
  pack_ += ']';
  auto statement = connection.prepare(
      "INSERT INTO kv_change_packs (space, last, first, time_ms, pack) VALUES (?1, ?2, ?3, ?4, "
      "?5)");
  BP_TRY(statement);
  return statement->bind(1, std::string_view(space))
      .bind(2, first + static_cast<std::int64_t>(row_.size()) - 1)
      .bind(3, first)
      .bind(4, time_ms)
      .bind(5, std::string_view(pack_))
      .run();
}

std::string_view ChangeLog::key_of(const Noted& one) const noexcept {
  return std::string_view(keys_).substr(one.key, one.key_bytes);
}

void ChangeLog::committed() noexcept {
  noted_.clear();
  keys_.clear();
  active_.clear();
  looked_ = false;
}

void ChangeLog::forget() noexcept {
  committed();
  row_.clear();
  spaces_.clear();
}

void ChangeLog::back_to(std::size_t mark) noexcept {
  while (noted_.size() > mark) {
    const Noted& gone = noted_.back();
    gone.of->second.last = gone.before;
    --gone.of->second.newest;
    keys_.resize(gone.key);
    noted_.pop_back();
  }
}

bp::result<std::vector<Change>> read_pack(std::int64_t first, std::int64_t time_ms,
                                          std::string_view pack) {
  std::vector<Change> changes;
  bp::json::text_store texts;
  bp::json::reader in(pack, texts);
  bool sound = in.begin_array();
  while (sound && in.next_element()) {
    std::string_view text;
    Change& one = changes.emplace_back();
    one.seq = first + static_cast<std::int64_t>(changes.size()) - 1;
    sound = in.read_string(text) && !text.empty() && read_change(text, time_ms, one);
  }
  if (!sound || !in.finish()) {
    return bp::fail(BP_E_CORRUPT, "CORRUPT: the changes after " + std::to_string(first - 1) +
                                      " cannot be read; restore a backup");
  }
  return changes;
}

}  // namespace storage_sqlite::kv
