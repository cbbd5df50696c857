// plugins/storage_sqlite/plugin.cpp - the edge: provides the four services of bp.storage
// on one database.
#include "backplane/cpp/plugin.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "backplane/contract/storage_admin_contract.hpp"
#include "backplane/contract/storage_records_contract.hpp"
#include "backplane/contract/storage_sql_contract.hpp"

#include "access.hpp"
#include "edge/admin_edge.hpp"
#include "edge/events.hpp"
#include "edge/keeper.hpp"
#include "edge/kv_edge.hpp"
#include "edge/sql_edge.hpp"
#include "kv/clock.hpp"
#include "kv/expiry.hpp"
#include "service/records_service.hpp"
#include "settings.hpp"
#include "store/store.hpp"

// Not in an unnamed namespace: g++ warns about coroutines in headers that carry such types. The
// version script keeps all of it out of the library's symbols. And no lambda that owns something is
// a temporary of a co_await: g++ 12 destroys such a one twice.
namespace storage_sqlite {

/// The methods of bp.storage.records/1.
class RecordsEdge {
 public:
  RecordsEdge(Access& access, engine::Durability configured)
      : access_(access), configured_(configured) {}

  bp::task<bp::result<service::records_contract::InsertReplyT>> insert(
      const service::records_contract::InsertRequest& request) {
    auto asked = service::read_insert(request, configured_);
    BP_CO_TRY(asked);
    const WriteOptions with{asked->durability, static_cast<std::uint32_t>(asked->batch.size()),
                            asked->bytes};
    auto batch = std::make_shared<const std::vector<records::Record>>(std::move(asked->batch));
    auto work = [batch](engine::Connection& connection) {
      return records::insert(connection, *batch, kv::wall_clock_ms());
    };
    const auto outcomes = co_await access_.write(with, std::move(work));
    BP_CO_TRY(outcomes);
    auto reply = service::insert_reply(*batch, *outcomes);
    access_.meters().records_inserted.add(reply.inserted);
    access_.meters().records_duplicate.add(reply.duplicates);
    co_return reply;
  }

  /// A message of `storage.write` is acknowledged by returning; a failure hands it back.
  bp::task<bp::result<void>> take(bp::message message) {
    const auto request =
        bp::contract::read<service::records_contract::InsertRequest>(message.bytes());
    BP_CO_TRY(request);
    BP_CO_TRY(co_await insert(**request));
    co_return bp::result<void>();
  }

  auto get(const service::records_contract::GetRequest& request) {
    return access_.read(
        [&request](engine::Connection& connection) { return service::get(connection, request); });
  }

  auto page(const service::records_contract::PageRequest& request) {
    return access_.read(
        [&request](engine::Connection& connection) { return service::page(connection, request); });
  }

  auto search(const service::records_contract::SearchRequest& request) {
    return access_.read([&request](engine::Connection& connection) {
      return service::search(connection, request);
    });
  }

 private:
  Access& access_;
  engine::Durability configured_;
};

class Storage {
 public:
  bp::task<bp::result<void>> start(bp::context& cx) {
    const auto settings = cx.config<Settings>();
    BP_CO_TRY(settings);
    const auto wanted = store_settings(*settings, cx.data_dir());
    BP_CO_TRY(wanted);
    auto opened = co_await cx.run_blocking([&] { return store::Store::open(*wanted); });
    BP_CO_TRY(opened);
    store_ = std::move(*opened);
    const auto mark = co_await cx.run_blocking([&] { return clock_mark(); });
    BP_CO_TRY(mark);
    access_.emplace(cx, *store_);
    records_.emplace(*access_, settings->durability);
    kv_.emplace(cx, *access_, *store_, settings->kv, settings->durability, *mark);
    sql_.emplace(cx, *access_, *store_, *settings);
    events_.emplace(cx);
    admin_.emplace(cx, *access_, *store_, *events_, backup_folder(*settings, cx.data_dir()));
    keeper_.emplace(cx, *access_, *store_, *events_, settings->wal);
    cx.provide(bp::contract::storage_records::serve(*records_));
    cx.provide(bp::contract::storage_kv::serve(*kv_));
    cx.provide(bp::contract::storage_sql::serve(*sql_));
    cx.provide(bp::contract::storage_admin::serve(*admin_));
    cx.subscribe("storage.write", [this](bp::message message) { return records_->take(message); },
                 {.concurrency = BP_CHAN_CONCURRENCY_MAX});
    co_await kv_->open_channels();
    keeper_->start();
    if (!store_->fresh()) {  // a new database is no news
      events_->tell_moves(store_->moves());
    }
    cx.info("the database is open", "path", wanted->path, "durability",
            settings->durability == engine::Durability::Disk ? "disk" : "os");
    co_return bp::result<void>();
  }

  /// All tasks have ended. At most writes whose callers gave up are left: they are made first, and
  /// then the database is free for the next instance.
  void stop(bp::context& /*cx*/) {
    if (store_ != nullptr) {
      store_->close();
    }
    keeper_.reset();
    admin_.reset();
    events_.reset();
    sql_.reset();
    kv_.reset();
    records_.reset();
    access_.reset();
    store_.reset();
  }

 private:
  bp::result<std::int64_t> clock_mark() {
    if (store_->health().behind()) {
      return 0;  // its table is still to come
    }
    auto reader = store_->readers().checkout();
    BP_TRY(reader);
    return kv::clock_mark(**reader);
  }

  std::unique_ptr<store::Store> store_;
  std::optional<Access> access_;
  std::optional<RecordsEdge> records_;
  std::optional<edge::KvEdge> kv_;
  std::optional<edge::SqlEdge> sql_;
  std::optional<edge::Events> events_;
  std::optional<edge::AdminEdge> admin_;
  std::optional<edge::Keeper> keeper_;
};

}  // namespace storage_sqlite

BACKPLANE_PLUGIN(storage_sqlite::Storage);
