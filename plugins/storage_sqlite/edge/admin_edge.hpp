// plugins/storage_sqlite/edge/admin_edge.hpp - the methods of bp.storage.admin/1.
//
// A resource of the instance. Thread: strand; what takes long is done on the blocking pool, what
// writes on the writer's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "backplane/cpp/plugin.hpp"

#include "access.hpp"
#include "edge/events.hpp"
#include "kv/clock.hpp"
#include "kv/counters.hpp"
#include "service/admin_service.hpp"
#include "service/fields.hpp"
#include "store/store.hpp"
#include "upkeep/backup.hpp"
#include "upkeep/wal.hpp"

namespace storage_sqlite::edge {

class AdminEdge {
  using Moves = std::vector<migration::Move>;

  template <typename Reply>
  using Answer = bp::task<bp::result<Reply>>;

 public:
  AdminEdge(bp::context& cx, Access& access, store::Store& store, Events& events,
            std::string backup_folder)
      : cx_(cx),
        access_(access),
        store_(store),
        events_(events),
        folder_(std::move(backup_folder)) {}

  Answer<service::admin_contract::MigrateReplyT> migrate_up(
      const service::admin_contract::MigrateUpRequest& request) {
    return migrate(service::read_up(request));
  }

  Answer<service::admin_contract::MigrateReplyT> migrate_down(
      const service::admin_contract::MigrateDownRequest& request) {
    auto wanted = service::read_down(request);
    BP_CO_TRY(wanted);
    co_return co_await migrate(std::move(*wanted));
  }

  Answer<service::admin_contract::StatusReplyT> migrate_status(
      const service::admin_contract::StatusRequest& /*request*/) {
    auto look = [this] { return components(); };
    auto found = co_await cx_.run_blocking(look);
    BP_CO_TRY(found);
    co_return service::status_reply(std::move(*found));
  }

  Answer<service::admin_contract::BackupReplyT> backup(
      const service::admin_contract::BackupRequest& request) {
    const std::uint64_t began_ns = cx_.now_ns();
    const std::string name = request.file() == nullptr || request.file()->size() == 0
                                 ? folder_.free_name("backup", kv::wall_clock_ms())
                                 : request.file()->str();
    const bool verify = !request.unverified();
    auto reply = co_await back_up(name, verify);
    BP_CO_TRY(reply);
    reply->took_ms = (cx_.now_ns() - began_ns) / ns_per_ms;
    events_.tell("backup", "a backup was made", "file", reply->file, "bytes", reply->bytes,
                 "verified", reply->verified);
    co_return std::move(*reply);
  }

  Answer<service::admin_contract::VerifyReplyT> verify(
      const service::admin_contract::VerifyRequest& request) {
    const auto path = folder_.path_of(service::text(request.file()));
    BP_CO_TRY(path);
    auto look = [this, &path] { return inspect(*path); };
    auto found = co_await cx_.run_blocking(look);
    BP_CO_TRY(found);
    co_return std::move(*found);
  }

  Answer<service::admin_contract::RestoreReplyT> restore(
      const service::admin_contract::RestoreRequest& request) {
    const std::string file = service::text(request.file());
    const auto path = folder_.path_of(file);
    BP_CO_TRY(path);
    auto look = [this, &path] { return inspect(*path); };
    const auto found = co_await cx_.run_blocking(look);
    BP_CO_TRY(found);
    if (!found->ok) {
      co_return bp::fail(BP_E_CORRUPT, "CORRUPT: the backup '" + file + "' is not sound: " +
                                           found->problems.front() + "; restore another one");
    }
    service::admin_contract::RestoreReplyT reply;
    reply.records = found->records;
    // What is damaged cannot be read page by page, and nobody wants it back.
    if (!store_.health().quarantined()) {
      reply.saved_as = folder_.free_name("before-restore", kv::wall_clock_ms());
      BP_CO_TRY(co_await back_up(reply.saved_as, false));
    }
    BP_CO_TRY(co_await put_back(*path));
    events_.warn("restored", "the database was replaced by a backup", "file", file, "records",
                 reply.records, "saved_as", reply.saved_as);
    co_return reply;
  }

  Answer<service::admin_contract::CheckpointReplyT> checkpoint(
      const service::admin_contract::CheckpointRequest& request) {
    const auto mode = service::read_mode(request);
    BP_CO_TRY(mode);
    // In the writer's turn it waits for readers only, and for them not at all.
    auto move = [mode = *mode](engine::Connection& connection) {
      return upkeep::checkpoint_now(connection, mode);
    };
    const auto done = co_await access_.write_alone(0, std::move(move));
    BP_CO_TRY(done);
    service::admin_contract::CheckpointReplyT reply;
    reply.busy = done->busy;
    reply.wal_pages = done->wal_pages;
    reply.moved_pages = done->moved_pages;
    reply.wal_bytes = upkeep::wal_bytes(store_.path());
    co_return reply;
  }

  Answer<service::admin_contract::IntegrityReplyT> integrity(
      const service::admin_contract::IntegrityRequest& request) {
    const bool quick = request.quick();
    auto look = [this, quick]() -> bp::result<std::vector<std::string>> {
      auto connection = store_.connect(engine::Access::ReadOnly);
      BP_TRY(connection);
      return upkeep::integrity(*connection, quick, cx_.stop_token());
    };
    auto problems = co_await cx_.run_blocking(look);
    BP_CO_TRY(problems);
    service::admin_contract::IntegrityReplyT reply;
    reply.ok = problems->empty();
    reply.problems = std::move(*problems);
    if (!reply.ok) {
      store_.health().quarantine({BP_E_CORRUPT, reply.problems.front()});
      access_.note_use(false);
    }
    co_return reply;
  }

  Answer<service::admin_contract::StatsReplyT> stats(
      const service::admin_contract::StatsRequest& /*request*/) {
    auto look = [this]() -> bp::result<service::admin_contract::StatsReplyT> {
      auto lease = store_.readers().checkout();
      BP_TRY(lease);
      return service::stats(store_, **lease);
    };
    auto found = co_await cx_.run_blocking(look);
    BP_CO_TRY(found);
    co_return std::move(*found);
  }

 private:
  static constexpr std::uint64_t ns_per_ms = 1'000'000;

  bp::result<service::Components> components() {
    auto connection = store_.connect(engine::Access::ReadOnly);
    BP_TRY(connection);
    return service::components(*connection, store_.plans());
  }

  Answer<service::admin_contract::MigrateReplyT> migrate(service::Migrate wanted) {
    const bool dry_run = wanted.dry_run;
    auto work = [this,
                 wanted = std::move(wanted)](engine::Connection& connection) -> bp::result<Moves> {
      auto moves = service::migrate(connection, store_.plans(), wanted);
      // Even when it failed: some steps may be made.
      if (const auto behind = store::is_behind(connection); behind) {
        store_.health().set_behind(*behind);
      }
      return moves;
    };
    auto moves = co_await access_.write_alone(0, std::move(work));
    BP_CO_TRY(moves);
    if (!dry_run) {
      events_.tell_moves(*moves);
    }
    auto look = [this] { return components(); };
    auto found = co_await cx_.run_blocking(look);
    BP_CO_TRY(found);
    co_return service::migrate_reply(*moves, std::move(*found));
  }

  bp::result<service::admin_contract::VerifyReplyT> inspect(const std::string& path) {
    auto found = upkeep::inspect(path, store_.plans(), cx_.stop_token());
    BP_TRY(found);
    service::admin_contract::VerifyReplyT reply;
    reply.ok = found->problems.empty();
    reply.problems = std::move(found->problems);
    reply.bytes = found->bytes;
    reply.records = found->records;
    return reply;
  }

  Answer<service::admin_contract::BackupReplyT> back_up(const std::string& name, bool verify) {
    const auto path = folder_.path_of(name);
    BP_CO_TRY(path);
    auto make = [this, &path, &name,
                 verify]() -> bp::result<service::admin_contract::BackupReplyT> {
      auto from = store_.connect(engine::Access::ReadOnly);
      BP_TRY(from);
      const auto copied = upkeep::copy(*from, *path, cx_.stop_token());
      BP_TRY(copied);
      service::admin_contract::BackupReplyT reply;
      reply.file = name;
      reply.bytes = copied->bytes;
      reply.pages = copied->pages;
      if (verify) {
        const auto found = inspect(*path);
        BP_TRY(found);
        if (!found->ok) {
          return bp::fail(BP_E_CORRUPT,
                          "CORRUPT: the backup '" + name +
                              "' was written and is not sound: " + found->problems.front());
        }
        reply.verified = true;
      }
      return reply;
    };
    auto made = co_await cx_.run_blocking(make);
    co_return made;
  }

  /// The numbers that the database has given, or as many as can be read of a damaged one.
  kv::Counters counters_of(engine::Connection& connection) {
    auto counters = kv::read_counters(connection);
    const bool whole = counters.has_value() && !store_.health().quarantined();
    kv::Counters found = counters ? std::move(*counters) : kv::Counters();
    found.whole = whole;
    return found;
  }

  /// The backup may be older than this build: a copy of it is migrated like a database at the start
  /// and goes on with the numbers of the present one, before it takes its place in one transaction.
  bp::task<bp::result<void>> put_back(std::string path) {
    auto work = [this, path = std::move(path)](
                    engine::Connection& connection) -> bp::result<std::monostate> {
      auto replacement = upkeep::Replacement::make(path, store_.path() + ".restoring");
      BP_TRY(replacement);
      for (const migration::Plan& plan : store_.plans()) {
        BP_TRY(migration::migrate((*replacement)->connection(), plan, plan.newest()));
      }
      BP_TRY(
          kv::carry_on((*replacement)->connection(), counters_of(connection), kv::wall_clock_ms()));
      BP_TRY(upkeep::restore(connection, (*replacement)->connection()));
      store_.health().clear();
      store_.health().set_behind(false);
      return std::monostate();
    };
    BP_CO_TRY(co_await access_.write_alone(0, std::move(work)));
    co_return bp::result<void>();
  }

  bp::context& cx_;
  Access& access_;
  store::Store& store_;
  Events& events_;
  upkeep::BackupFolder folder_;
};

}  // namespace storage_sqlite::edge
