// plugins/storage_sqlite/access.hpp - from the strand to the store and back: reads on the blocking
// pool, writes through the writer.
//
// A resource of the instance. Thread: strand.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "backplane/cpp/plugin.hpp"

#include "edge/pending_write.hpp"
#include "engine/guarded.hpp"
#include "engine/writer.hpp"
#include "store/store.hpp"

namespace storage_sqlite {

/// What the metrics page shows of the store.
struct Meters {
  explicit Meters(const bp::context& cx)
      : records_inserted(
            cx.counter("storage_records_inserted", "Records stored for the first time.")),
        records_duplicate(
            cx.counter("storage_records_duplicate", "Records whose id was stored before.")),
        writes_failed(cx.counter("storage_writes_failed", "Writes answered with an error.")),
        reads_failed(cx.counter("storage_reads_failed", "Reads answered with an error.")),
        keys_expired(
            cx.counter("storage_keys_expired", "Keys collected after their time to live.")),
        commits(cx.counter("storage_commits", "Transactions that were committed.")),
        queue_jobs(cx.gauge("storage_queue_jobs", "Writes that wait or are under way.")),
        write_time(cx.histogram("storage_write_seconds", "From a write's arrival to its commit.")),
        read_time(cx.histogram("storage_read_seconds", "From a read's arrival to its result.")) {}

  bp::counter records_inserted;
  bp::counter records_duplicate;
  bp::counter writes_failed;
  bp::counter reads_failed;
  bp::counter keys_expired;
  bp::counter commits;
  bp::gauge queue_jobs;
  bp::histogram write_time;
  bp::histogram read_time;
};

using engine::WriteOptions;

class Access {
  template <typename Work>
  using ResultOf = std::invoke_result_t<Work&, engine::Connection&>;

 public:
  /// The waiting of write(): it begins when it is awaited. Thread: strand.
  template <typename Work>
  class Writing : public bp::suspension, edge::WriteWaiter<ResultOf<Work>> {
   public:
    Writing(Access& access, const WriteOptions& with, Work work)
        : access_(access),
          write_(std::make_unique<edge::PendingWrite<Work>>(with, std::move(work), access.home_)) {}

    /// Not even begun.
    Writing(Access& access, bp::error why) : access_(access) {
      result_.emplace(std::unexpected(std::move(why)));
    }

    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;
    Writing(Writing&&) = delete;
    Writing& operator=(Writing&&) = delete;

    ~Writing() override { leave(); }

    [[nodiscard]] bool await_ready() const noexcept { return result_.has_value(); }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) {
      if (!this->wait(awaiting)) {
        return false;
      }
      began_ns_ = access_.cx_.now_ns();
      under_way_ = write_.get();
      under_way_->set_waiter(this);
      if (bp::result<void> taken = access_.submit(std::move(write_)); !taken) {
        result_.emplace(std::unexpected(std::move(taken).error()));
        return false;
      }
      taken_ = true;
      return true;
    }

    ResultOf<Work> await_resume() {
      this->check();
      if (taken_) {
        access_.note_written(began_ns_, access_.home_.latest_ns(), result_->has_value());
      }
      return access_.health().seen(std::move(*result_));
    }

   private:
    void take(ResultOf<Work> result) override {
      under_way_ = nullptr;
      result_.emplace(std::move(result));
      this->finish();
    }

    void forget() noexcept override { under_way_ = nullptr; }

    void leave() noexcept {
      if (under_way_ != nullptr) {
        std::exchange(under_way_, nullptr)->set_waiter(nullptr);
      }
    }

    bool give_up() noexcept override {
      leave();
      return true;
    }

    Access& access_;
    std::unique_ptr<edge::PendingWrite<Work>> write_;  // until it is submitted
    edge::PendingWrite<Work>* under_way_ = nullptr;    // the writer's, then the letter's
    std::optional<ResultOf<Work>> result_;
    std::uint64_t began_ns_ = 0;
    bool taken_ = false;
  };

  /// Both outlive this object, which outlives what the store does (Store::close()).
  Access(bp::context& cx, store::Store& store) : cx_(cx), store_(store), home_(cx), meters_(cx) {}

  [[nodiscard]] const Meters& meters() const noexcept { return meters_; }

  [[nodiscard]] std::uint64_t now_ns() const noexcept { return cx_.now_ns(); }

  /// Whether the database may be used at all.
  [[nodiscard]] store::Health& health() const noexcept { return store_.health(); }

  /// `watcher` is called whenever something is asked of the store, `writes`: a write was taken.
  void on_use(std::function<void(bool writes)> watcher) { watchers_.push_back(std::move(watcher)); }

  void note_use(bool writes) const {
    for (const auto& watcher : watchers_) {
      watcher(writes);
    }
  }

  /// Some writes wait or are under way.
  [[nodiscard]] bool writing() const { return store_.writer().stats().queue_jobs > 0; }

  /// For writes that go by write_alone(), which migrations and restores do too.
  [[nodiscard]] bp::result<void> may_write() const { return counted(store_.health().may_write()); }

  /// `co_await`: what `work(engine::Connection&)`, a bp::result, gave on a reader.
  template <typename Work>
  ResultOf<Work> read_now(Work& work) {
    BP_TRY(store_.health().may_read());
    auto lease = store_.readers().checkout();
    BP_TRY(lease);
    auto value = store_.health().seen(work(**lease));
    if (!value && value.error().code() == BP_E_TIMEOUT && lease->aborted()) {
      return bp::fail(BP_E_TIMEOUT,
                      "READER_ABORTED: this read was in the way of the log's checkpoint for too "
                      "long (`wal.reader_age_max`); ask for less at once");
    }
    return value;
  }

  template <typename Work>
  bp::task<ResultOf<Work>> read(Work work) {
    const std::uint64_t began_ns = cx_.now_ns();
    note_use(false);
    auto value = co_await cx_.run_blocking([this, &work] { return read_now(work); });
    note_read(began_ns, value.has_value());
    co_return value;
  }

  /// A read that began at `began_ns` (context::now_ns()) has ended.
  void note_read(std::uint64_t began_ns, bool well) const {
    meters_.read_time.observe(seconds(cx_.now_ns() - began_ns));
    meters_.reads_failed.add(well ? 0 : 1);
    note_use(false);
  }

  /// `co_await`: what `work(engine::Connection&)`, a bp::result, gave, once it is committed. The
  /// work owns what it needs: it runs even when the caller has gone.
  template <typename Work>
  [[nodiscard]] Writing<Work> write(const WriteOptions& with, Work work) {
    return Writing<Work>(*this, with, std::move(work));
  }

  /// `co_await`: as write(), but between two groups and with a connection of its own, outside of
  /// any transaction (Store::submit_alone). The work begins and commits by itself.
  template <typename Work>
  bp::task<ResultOf<Work>> write_alone(std::uint64_t bytes, Work work) {
    using Result = ResultOf<Work>;
    using Value = typename Result::value_type;
    const std::uint64_t began_ns = cx_.now_ns();
    bp::completion<Value> completion = cx_.completion<Value>();
    auto answer = completion.arrival();
    auto run = [work = std::move(work), completion = std::move(completion)](
                   bp::result<engine::Connection*> connection) mutable {
      completion.set(connection ? engine::guarded<Result>([&] { return work(**connection); })
                                : Result(std::unexpected(std::move(connection).error())));
    };
    BP_CO_TRY(counted(store_.submit_alone(bytes, std::move(run))));
    note_use(true);
    auto value = store_.health().seen(co_await answer);
    note_written(began_ns, cx_.now_ns(), value.has_value());
    co_return value;
  }

 private:
  bp::result<void> submit(std::unique_ptr<engine::QueuedWrite> write) {
    BP_TRY(counted(store_.health().may_write()));
    BP_TRY(counted(store_.writer().submit_write(std::move(write))));
    note_use(true);
    return {};
  }

  void note_written(std::uint64_t began_ns, std::uint64_t ended_ns, bool well) {
    meters_.write_time.observe(seconds(ended_ns - began_ns));
    meters_.writes_failed.add(well ? 0 : 1);
    note_stats();
  }

  bp::result<void> counted(bp::result<void> submitted) const {
    meters_.writes_failed.add(submitted ? 0 : 1);
    return submitted;
  }

  void note_stats() {
    const engine::WriterStats stats = store_.writer().stats();
    meters_.commits.add(stats.commits - commits_seen_);
    commits_seen_ = stats.commits;
    meters_.queue_jobs.set(static_cast<double>(stats.queue_jobs));
  }

  [[nodiscard]] static double seconds(std::uint64_t ns) {
    return std::chrono::duration<double>(std::chrono::nanoseconds(ns)).count();
  }

  bp::context& cx_;
  store::Store& store_;
  edge::Homecoming home_;
  Meters meters_;
  std::vector<std::function<void(bool writes)>> watchers_;
  std::uint64_t commits_seen_ = 0;
};

}  // namespace storage_sqlite
