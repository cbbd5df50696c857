// plugins/storage_sqlite/edge/keeper.hpp - looks after the store once a second while it is used:
// figures, damage, and a log that grows.
//
// A resource of the instance. Thread: strand.
#pragma once

#include <chrono>
#include <cstdint>

#include "backplane/cpp/plugin.hpp"

#include "access.hpp"
#include "edge/events.hpp"
#include "edge/rounds.hpp"
#include "settings.hpp"
#include "store/store.hpp"
#include "upkeep/wal.hpp"

namespace storage_sqlite::edge {

class Keeper {
 public:
  Keeper(bp::context& cx, Access& access, store::Store& store, Events& events,
         const WalSettings& wal)
      : cx_(cx),
        access_(access),
        store_(store),
        events_(events),
        wal_(wal),
        wal_bytes_(cx.gauge("storage_wal_bytes", "Size of the write-ahead log.")),
        database_bytes_(cx.gauge("storage_database_bytes", "Size of the database file.")),
        readers_in_use_(cx.gauge("storage_readers_in_use", "Readers that are at work.")),
        readers_waiting_(cx.gauge("storage_readers_waiting", "Reads that wait for a reader.")),
        readers_aborted_(cx.counter("storage_readers_aborted",
                                    "Readers that were interrupted because the log grew.")),
        busy_retries_(cx.counter("storage_busy_retries",
                                 "Times that a database which was locked was tried again.")),
        quarantined_(cx.gauge("storage_quarantined", "1: damage was found, nothing is written.")) {}

  void start() {
    access_.on_use([this](bool /*writes*/) { rounds_.wake(); });
    rounds_.wake();
  }

 private:
  static constexpr std::chrono::seconds period{1};

  bp::task<Rounds::Pause> look() {
    const std::uint64_t bytes = upkeep::wal_bytes(store_.path());
    note_figures(bytes);
    note_damage();
    note_obstacle();
    bool more = store_.readers().in_use() > 0 || store_.readers().waiting() > 0;
    if (bytes <= wal_.size_max) {
      over_ = false;
    } else if (!store_.health().quarantined()) {
      more = true;
      co_await shrink(bytes);
    }
    co_return more ? Rounds::Pause(period) : std::nullopt;
  }

  void note_figures(std::uint64_t bytes) {
    wal_bytes_.set(static_cast<double>(bytes));
    database_bytes_.set(static_cast<double>(upkeep::file_bytes(store_.path())));
    readers_in_use_.set(static_cast<double>(store_.readers().in_use()));
    readers_waiting_.set(static_cast<double>(store_.readers().waiting()));
    const std::uint64_t retries = store_.busy_retries();
    busy_retries_.add(retries - retries_seen_);
    retries_seen_ = retries;
  }

  void note_damage() {
    const bool damaged = store_.health().quarantined();
    quarantined_.set(damaged ? 1 : 0);
    if (damaged && !damage_told_) {
      events_.warn("corrupt", "the database is damaged: nothing is written any more", "reason",
                   store_.health().damage());
    }
    damage_told_ = damaged;
  }

  /// Told once, and again when a write was made after it.
  void note_obstacle() {
    const std::uint64_t committed = store_.writer().stats().jobs_committed;
    if (obstacle_told_ && committed > committed_before_) {
      obstacle_told_ = false;
      store_.health().clear_obstacle();
      events_.tell("writable", "writes are made again");
    }
    const std::string obstacle = store_.health().obstacle();
    if (!obstacle.empty() && !obstacle_told_) {
      obstacle_told_ = true;
      committed_before_ = committed;
      events_.warn(obstacle.starts_with("DISK_FULL") ? "disk_full" : "read_only",
                   "nothing can be written", "reason", obstacle);
    }
  }

  /// First what disturbs nobody, then the file in the writer's turn, then those who are in the way.
  bp::task<void> shrink(std::uint64_t before) {
    auto move = [this]() -> bp::result<upkeep::Checkpoint> {
      auto connection = store_.connect(engine::Access::ReadWrite);
      BP_TRY(connection);
      return upkeep::checkpoint_now(*connection, upkeep::CheckpointMode::Passive);
    };
    const auto moved = co_await cx_.run_blocking(move);
    auto cut = [](engine::Connection& connection) {
      return upkeep::checkpoint_now(connection, upkeep::CheckpointMode::Truncate);
    };
    const auto done = co_await access_.write_alone(0, cut);
    if (done && !done->busy) {
      events_.tell("wal_truncated", "the write-ahead log was moved into the database", "bytes",
                   before);
      over_ = false;
      co_return;
    }
    if (!over_) {
      over_ = true;
      events_.warn("wal_large", "the write-ahead log is over its limit and somebody still reads it",
                   "bytes", before, "limit", wal_.size_max.bytes, "reason",
                   !moved  ? moved.error().text()
                   : !done ? done.error().text()
                           : "a reader of long ago, perhaps of another program");
    }
    const std::size_t aborted = store_.readers().abort_older_than(wal_.reader_age_max);
    if (aborted > 0) {
      readers_aborted_.add(aborted);
      events_.warn("readers_aborted", "long reads were interrupted for the write-ahead log",
                   "readers", aborted);
    }
  }

  bp::context& cx_;
  Access& access_;
  store::Store& store_;
  Events& events_;
  WalSettings wal_;
  bp::gauge wal_bytes_;
  bp::gauge database_bytes_;
  bp::gauge readers_in_use_;
  bp::gauge readers_waiting_;
  bp::counter readers_aborted_;
  bp::counter busy_retries_;
  bp::gauge quarantined_;
  std::uint64_t retries_seen_ = 0;
  bool over_ = false;
  bool damage_told_ = false;
  bool obstacle_told_ = false;
  std::uint64_t committed_before_ = 0;  // when it was told
  Rounds rounds_{cx_, period, [this] { return look(); }};
};

}  // namespace storage_sqlite::edge
