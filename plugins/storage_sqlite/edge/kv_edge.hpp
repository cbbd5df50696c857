// plugins/storage_sqlite/edge/kv_edge.hpp - the methods of bp.storage.kv/1, and what goes on by
// itself beside them: collecting expired keys, the change feed, the outbox.
//
// A resource of the instance. Thread: strand; what it hands to the writer owns what it needs.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backplane/contract/storage_kv_contract.hpp"
#include "backplane/cpp/plugin.hpp"

#include "access.hpp"
#include "edge/change_feed.hpp"
#include "edge/kv_get.hpp"
#include "edge/kv_put.hpp"
#include "edge/outbox_relay.hpp"
#include "edge/rounds.hpp"
#include "edge/shared_reads.hpp"
#include "kv/expiry.hpp"
#include "kv/tx.hpp"
#include "kv_settings.hpp"
#include "service/fields.hpp"
#include "service/kv_service.hpp"
#include "service/spaces.hpp"
#include "store/store.hpp"

namespace storage_sqlite::edge {

class KvEdge {
 public:
  KvEdge(bp::context& cx, Access& access, store::Store& store, const KvSettings& settings,
         engine::Durability configured, std::int64_t clock_mark_ms)
      : cx_(cx),
        access_(access),
        configured_(configured),
        spaces_(settings.namespaces),
        collect_keys_max_(settings.collect_keys_max),
        rules_(std::make_shared<const KvRules>(settings, clock_mark_ms)),
        reads_(cx, store.readers(), store.readers().readers_max()),
        feed_(cx, access),
        relay_(cx, access, configured),
        rounds_(cx, settings.collect_interval, [this] { return look_round(); }) {
    access_.on_use([this](bool writes) {
      if (writes) {
        rounds_.wake();
      }
    });
    rounds_.wake();
  }

  KvEdge(const KvEdge&) = delete;
  KvEdge& operator=(const KvEdge&) = delete;
  KvEdge(KvEdge&&) = delete;
  KvEdge& operator=(KvEdge&&) = delete;
  ~KvEdge() = default;

  /// Opens the channels that messages wait for, so that consumers find them from the start on.
  bp::task<void> open_channels() {
    if (!access_.health().may_write()) {
      co_return;  // its tables are still to come
    }
    auto look = [](engine::Connection& connection) { return kv::waiting_channels(connection); };
    const auto channels = co_await access_.read(std::move(look));
    if (!channels) {
      cx_.warn("the outbox cannot be read", "why", channels.error().text());
      co_return;
    }
    for (const std::string& channel : *channels) {
      relay_.open(channel);
    }
  }

  GetAnswer get(const service::kv_contract::GetRequest& request, const bp::call& on) {
    if (auto may = access_.health().may_read(); !may) {
      return {access_, reads_, std::move(may).error(), on};
    }
    auto space = space_of(request, on, service::Right::Read);
    if (!space) {
      return {access_, reads_, std::move(space).error(), on};
    }
    return {access_, reads_, *rules_, {std::move(*space), service::text(request.key())}, on};
  }

  bp::task<bp::result<service::kv_contract::GetManyReplyT>> get_many(
      const service::kv_contract::GetManyRequest& request, const bp::call& on) {
    const auto space = space_of(request, on, service::Right::Read);
    BP_CO_TRY(space);
    const auto keys = service::read_keys(request);
    BP_CO_TRY(keys);
    auto work = [this, &space, &keys](engine::Connection& connection) {
      return service::get_many(connection, *space, *keys, rules_->clock_ms());
    };
    co_return co_await access_.read(std::move(work));
  }

  bp::task<bp::result<service::kv_contract::ListReplyT>> list(
      const service::kv_contract::ListRequest& request, const bp::call& on) {
    const auto space = space_of(request, on, service::Right::Read);
    BP_CO_TRY(space);
    auto work = [this, &request, &space](engine::Connection& connection) {
      return service::list(connection, request, *space, rules_->clock_ms());
    };
    co_return co_await access_.read(std::move(work));
  }

  bp::task<bp::result<service::kv_contract::ChangesReplyT>> changes(
      const service::kv_contract::ChangesRequest& request, const bp::call& on) {
    const auto space = space_of(request, on, service::Right::Read);
    BP_CO_TRY(space);
    auto work = [&request, &space](engine::Connection& connection) {
      return service::changes(connection, request, *space);
    };
    co_return co_await access_.read(std::move(work));
  }

  auto put(const service::kv_contract::PutRequest& request, const bp::call& on) {
    return answer_put<service::kv_contract::PutReply>(request, on, &service::read_put);
  }

  auto cas(const service::kv_contract::CasRequest& request, const bp::call& on) {
    return answer_put<service::kv_contract::CasReply>(request, on, &service::read_cas);
  }

  bp::task<bp::result<service::kv_contract::DeleteReplyT>> delete_(
      const service::kv_contract::DeleteRequest& request, const bp::call& on) {
    auto space = space_of(request, on, service::Right::Write);
    BP_CO_TRY(space);
    auto asked = service::read_delete(request, std::move(*space), configured_);
    BP_CO_TRY(asked);
    const WriteOptions with = row_of(asked->durability, asked->key.key.size());
    const std::string name = asked->key.space;
    auto work = [rules = rules_, remove = std::move(*asked)](engine::Connection& connection) {
      return kv::remove(connection, remove.key, remove.condition, rules->turn());
    };
    const auto seq = co_await access_.write(with, std::move(work));
    BP_CO_TRY(seq);
    feed_.committed(name, *seq);
    service::kv_contract::DeleteReplyT reply;
    reply.deleted = *seq != 0;
    reply.seq = static_cast<std::uint64_t>(*seq);
    co_return reply;
  }

  bp::task<bp::result<service::kv_contract::TouchReplyT>> touch(
      const service::kv_contract::TouchRequest& request, const bp::call& on) {
    auto space = space_of(request, on, service::Right::Write);
    BP_CO_TRY(space);
    auto asked = service::read_touch(request, std::move(*space), configured_);
    BP_CO_TRY(asked);
    const WriteOptions with = row_of(asked->durability, asked->key.key.size());
    auto work = [rules = rules_, touch = std::move(*asked)](engine::Connection& connection) {
      return kv::touch(connection, touch.key, touch.ttl_ms, touch.condition, rules->turn());
    };
    const auto etag = co_await access_.write(with, std::move(work));
    BP_CO_TRY(etag);
    service::kv_contract::TouchReplyT reply;
    reply.etag = kv::etag_text(*etag);
    co_return reply;
  }

  bp::task<bp::result<service::kv_contract::PutManyReplyT>> put_many(
      const service::kv_contract::PutManyRequest& request, const bp::call& on) {
    auto space = space_of(request, on, service::Right::Write);
    BP_CO_TRY(space);
    auto asked = service::read_put_many(request, std::move(*space), configured_);
    BP_CO_TRY(asked);
    const std::string name = asked->space;
    const WriteOptions with = options_of(*asked);
    auto work = [rules = rules_, batch = std::move(*asked)](engine::Connection& connection) {
      return kv::put_many(connection, batch.space, batch.items, rules->turn());
    };
    auto done = co_await access_.write(with, std::move(work));
    BP_CO_TRY(done);
    feed_.committed(name, newest(*done));
    co_return service::put_many_reply(std::move(*done));
  }

  bp::task<bp::result<service::kv_contract::TxReplyT>> tx(
      const service::kv_contract::TxRequest& request, const bp::call& on) {
    auto space = space_of(request, on, service::Right::Write);
    BP_CO_TRY(space);
    auto asked = service::read_tx(request, std::move(*space), configured_);
    BP_CO_TRY(asked);
    const WriteOptions with = options_of(*asked);
    const auto batch = std::make_shared<const service::Batch<kv::Op>>(std::move(*asked));
    auto work = [rules = rules_, batch](engine::Connection& connection) {
      return kv::apply(connection, batch->space, batch->items, rules->turn());
    };
    const auto done = co_await access_.write(with, std::move(work));
    BP_CO_TRY(done);
    note(*batch, *done);
    co_return service::tx_reply(*done);
  }

 private:
  /// The namespace that a request means, if its caller may.
  template <typename Request>
  bp::result<std::string> space_of(const Request& request, const bp::call& on,
                                   service::Right right) const {
    const auto caller = on.caller();
    BP_TRY(caller);
    return spaces_.resolve(
        *caller, request.space() == nullptr ? std::string_view() : request.space()->string_view(),
        right);
  }

  static WriteOptions row_of(engine::Durability durability, std::uint64_t bytes) {
    return {.durability = durability, .bytes = bytes, .repeatable = true};
  }

  template <typename Item>
  static WriteOptions options_of(const service::Batch<Item>& batch) {
    return {.durability = batch.durability,
            .rows = static_cast<std::uint32_t>(batch.items.size()),
            .bytes = batch.bytes,
            .repeatable = true};
  }

  static std::int64_t newest(const std::vector<kv::PutDone>& done) {
    std::int64_t seq = 0;
    for (const kv::PutDone& one : done) {
      seq = std::max(seq, one.seq);
    }
    return seq;
  }

  template <typename Reply, typename Request, typename Read>
  PutAnswer<Reply> answer_put(const Request& request, const bp::call& on, Read read) {
    auto space = space_of(request, on, service::Right::Write);
    if (!space) {
      return {access_, std::move(space).error(), on};
    }
    auto asked = read(request, std::move(*space), configured_);
    if (!asked) {
      return {access_, std::move(asked).error(), on};
    }
    const WriteOptions with =
        row_of(asked->durability, asked->key.key.size() + asked->value.size());
    return {access_, with, PutWork{rules_.get(), &feed_, std::move(*asked)}, on};
  }

  /// Tells the feed and the relay of a transaction that was committed.
  void note(const service::Batch<kv::Op>& batch, const std::vector<kv::OpDone>& done) {
    std::int64_t seq = 0;
    for (std::size_t index = 0; index < done.size(); ++index) {
      const kv::Op& op = batch.items[index];
      if (op.kind == kv::Op::Kind::Publish) {
        relay_.wake(op.channel);
      } else {
        seq = std::max(seq, done[index].seq);
      }
    }
    feed_.committed(batch.space, seq);
  }

  /// What the database says has to be done.
  struct Due {
    std::int64_t expiry_ms = 0;  // of the key that expires first; 0: none does
    std::vector<std::string> channels;
    std::vector<std::pair<std::string, std::int64_t>> newest;
  };

  static bp::result<Due> due_in(engine::Connection& connection,
                                const std::vector<std::string>& listened) {
    const auto expiry_ms = kv::first_expiry(connection);
    BP_TRY(expiry_ms);
    auto channels = kv::waiting_channels(connection);
    BP_TRY(channels);
    Due due{*expiry_ms, std::move(*channels), {}};
    for (const std::string& space : listened) {
      const auto seq = kv::newest_seq(connection, space);
      BP_TRY(seq);
      due.newest.emplace_back(space, *seq);
    }
    return due;
  }

  /// Now and then: what expired goes, and whoever was not told (a crash, a writer that gave up, a
  /// consumer that came) is told now.
  bp::task<Rounds::Pause> look_round() {
    using std::chrono::milliseconds;
    if (!access_.health().may_write()) {
      co_return std::nullopt;  // whoever calls is told why
    }
    const bool writing = access_.writing();  // before the look, which may not see it
    const std::vector<std::string> listened = feed_.listened();
    auto look = [&listened](engine::Connection& connection) {
      return due_in(connection, listened);
    };
    const auto due = co_await access_.read(std::move(look));
    if (!due) {
      cx_.warn("the database cannot be looked through for expired keys", "why", due.error().text());
      co_return milliseconds(0);
    }
    for (const auto& [space, seq] : due->newest) {
      feed_.committed(space, seq);
    }
    for (const std::string& channel : due->channels) {
      relay_.wake(channel);
    }
    const std::int64_t clock_ms = rules_->clock_ms();
    if (due->expiry_ms != 0 && due->expiry_ms <= clock_ms) {
      co_await collect();
    }
    if (writing || !due->channels.empty()) {
      co_return milliseconds(0);
    }
    co_return due->expiry_ms == 0
        ? Rounds::Pause()
        : milliseconds(std::clamp<std::int64_t>(due->expiry_ms - clock_ms, 0, pause_ms_max));
  }

  bp::task<void> collect() {
    const std::uint32_t keys_max = collect_keys_max_;
    for (std::uint32_t keys = keys_max; keys == keys_max;) {
      auto work = [rules = rules_, keys_max](engine::Connection& connection) {
        return kv::collect(connection, keys_max, rules->turn());
      };
      const auto collected =
          co_await access_.write({.rows = keys_max, .repeatable = true}, std::move(work));
      if (!collected) {
        cx_.warn("expired keys were not collected", "why", collected.error().text());
        co_return;
      }
      keys = collected->keys;
      access_.meters().keys_expired.add(keys);
      for (const auto& [space, seq] : collected->newest) {
        feed_.committed(space, seq);
      }
    }
  }

  static constexpr std::int64_t pause_ms_max = 3'600'000;

  bp::context& cx_;
  Access& access_;
  engine::Durability configured_;
  service::Spaces spaces_;
  std::uint32_t collect_keys_max_;
  std::shared_ptr<const KvRules> rules_;
  SharedReads reads_;
  ChangeFeed feed_;
  OutboxRelay relay_;
  Rounds rounds_;
};

}  // namespace storage_sqlite::edge
