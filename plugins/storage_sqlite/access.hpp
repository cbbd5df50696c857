// plugins/storage_sqlite/access.hpp - from the strand to the store and back: reads on the blocking
// pool, writes through the writer.
//
// A resource of the instance. Thread: strand.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "backplane/cpp/plugin.hpp"

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

/// How a write wants to be made.
struct WriteOptions {
  engine::Durability durability = engine::Durability::Os;
  std::uint32_t rows = 1;
  std::uint64_t bytes = 0;
};

class Access {
 public:
  /// Both outlive this object.
  Access(bp::context& cx, store::Store& store) : cx_(cx), store_(store), meters_(cx) {}

  [[nodiscard]] const Meters& meters() const noexcept { return meters_; }

  /// `co_await`: what `work(engine::Connection&)`, a bp::result, gave on a reader.
  template <typename Work>
  std::invoke_result_t<Work&, engine::Connection&> read_now(Work& work) {
    auto lease = store_.readers().checkout();
    BP_TRY(lease);
    return work(**lease);
  }

  template <typename Work>
  bp::task<std::invoke_result_t<Work&, engine::Connection&>> read(Work work) {
    const std::uint64_t began_ns = cx_.now_ns();
    auto value = co_await cx_.run_blocking([this, &work] { return read_now(work); });
    note_read(began_ns, value.has_value());
    co_return value;
  }

  /// A read that began at `began_ns` (context::now_ns()) has ended.
  void note_read(std::uint64_t began_ns, bool well) const {
    meters_.read_time.observe(seconds_since(began_ns));
    meters_.reads_failed.add(well ? 0 : 1);
  }

  /// `co_await`: what `work(engine::Connection&)`, a bp::result, gave, once it is committed. The
  /// work owns what it needs: it runs even when the caller has gone.
  template <typename Work>
  bp::task<std::invoke_result_t<Work&, engine::Connection&>> write(WriteOptions with, Work work) {
    using Value = typename std::invoke_result_t<Work&, engine::Connection&>::value_type;
    const std::uint64_t began_ns = cx_.now_ns();
    bp::completion<Value> completion = cx_.completion<Value>();
    auto answer = completion.arrival();
    BP_CO_TRY(counted(store_.writer().submit(job(with, std::move(work), std::move(completion)))));
    auto value = co_await answer;
    meters_.write_time.observe(seconds_since(began_ns));
    meters_.writes_failed.add(value ? 0 : 1);
    note_stats();
    co_return value;
  }

 private:
  template <typename Value, typename Work>
  static engine::Job job(const WriteOptions& with, Work work, bp::completion<Value> completion) {
    auto made = std::make_shared<std::optional<Value>>();
    return {.durability = with.durability,
            .rows = with.rows,
            .bytes = with.bytes,
            .work = [made, work = std::move(work)](
                        engine::Connection& connection) mutable -> bp::result<void> {
              auto value = work(connection);
              BP_TRY(value);
              made->emplace(std::move(*value));
              return {};
            },
            .done =
                [made, completion = std::move(completion)](bp::result<void> outcome) mutable {
                  if (outcome) {
                    completion.set(std::move(**made));
                  } else {
                    completion.set(std::unexpected(std::move(outcome).error()));
                  }
                }};
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

  [[nodiscard]] double seconds_since(std::uint64_t began_ns) const {
    return std::chrono::duration<double>(std::chrono::nanoseconds(cx_.now_ns() - began_ns)).count();
  }

  bp::context& cx_;
  store::Store& store_;
  Meters meters_;
  std::uint64_t commits_seen_ = 0;
};

}  // namespace storage_sqlite
