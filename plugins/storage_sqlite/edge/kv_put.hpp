// plugins/storage_sqlite/edge/kv_put.hpp - one put, from its request to its packed reply, in as few
// pieces as there can be: the write, and the awaiter in the frame of the call.
//
// Thread: strand; the work runs on the writer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <flatbuffers/flatbuffers.h>

#include "backplane/cpp/plugin.hpp"

#include "access.hpp"
#include "edge/change_feed.hpp"
#include "kv/clock.hpp"
#include "kv/kv.hpp"
#include "kv_settings.hpp"
#include "service/kv_service.hpp"

namespace storage_sqlite::edge {

/// Time, and how much is kept: what every write asks for when its turn comes.
class KvRules {
 public:
  KvRules(const KvSettings& settings, std::int64_t clock_mark_ms)
      : clock_(clock_mark_ms),
        changes_kept_(settings.changes_kept),
        outbox_messages_max_(settings.outbox_messages_max) {}

  [[nodiscard]] std::int64_t clock_ms() const noexcept { return clock_.now_ms(); }

  [[nodiscard]] kv::Turn turn() const noexcept {
    return {kv::wall_clock_ms(), clock_ms(), changes_kept_, outbox_messages_max_};
  }

  /// For what neither looks at a time to live nor gives one: one look at a clock.
  [[nodiscard]] kv::Turn timeless_turn() const noexcept {
    return {kv::wall_clock_ms(), 0, changes_kept_, outbox_messages_max_};
  }

 private:
  kv::Clock clock_;
  std::uint32_t changes_kept_;
  std::uint32_t outbox_messages_max_;
};

/// A put on its way to the writer. Rules and feed outlive what the store does.
struct PutWork {
  bp::result<std::int64_t> operator()(engine::Connection& connection) const {
    const bool timeless = put.ttl_ms == 0 && put.condition.kind == kv::Condition::Kind::Always;
    return kv::put(connection, put.key, {put.value, put.ttl_ms}, put.condition,
                   timeless ? rules->timeless_turn() : rules->turn());
  }

  /// Back on the strand, even when nobody waits any more.
  void came_home(const std::int64_t& seq) const { feed->committed(put.key.space, seq); }

  const KvRules* rules;
  ChangeFeed* feed;
  service::Put put;
};

/// `co_await`: the packed reply of a put or a cas. `on` lives until then.
template <typename Reply>
class PutAnswer final : private Access::Writing<PutWork> {
  using Writing = Access::Writing<PutWork>;

 public:
  PutAnswer(Access& access, const WriteOptions& with, PutWork work, const bp::call& on)
      : Writing(access, with, std::move(work)), on_(on) {}

  PutAnswer(Access& access, bp::error why, const bp::call& on)
      : Writing(access, std::move(why)), on_(on) {}

  using Writing::await_ready;
  using Writing::await_suspend;

  bp::result<bp::buffer> await_resume() {
    const bp::result<std::int64_t> seq = Writing::await_resume();
    if (!seq) {
      return std::unexpected(seq.error());
    }
    flatbuffers::FlatBufferBuilder builder(reply_bytes);
    const auto etag = builder.CreateString(kv::etag_text(*seq));
    builder.Finish(Reply::Traits::Create(builder, etag, static_cast<std::uint64_t>(*seq)));
    return on_.reply(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
  }

 private:
  static constexpr std::size_t reply_bytes = 96;

  const bp::call& on_;
};

}  // namespace storage_sqlite::edge
