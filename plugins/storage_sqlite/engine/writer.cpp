// plugins/storage_sqlite/engine/writer.cpp - group commit: one transaction for everyone who waits.
#include "engine/writer.hpp"

#include <string>
#include <utility>

#include "engine/failure.hpp"
#include "engine/guarded.hpp"

namespace storage_sqlite::engine {
namespace {

class JobWrite final : public QueuedWrite {
 public:
  explicit JobWrite(Job job)
      : QueuedWrite({job.durability, job.rows, job.bytes, job.repeatable}), job_(std::move(job)) {}

  bp::result<void> work(Connection& connection) override { return job_.work(connection); }

  void done(const bp::error* why) override {
    job_.done(why == nullptr ? bp::result<void>() : std::unexpected(*why));
  }

 private:
  Job job_;
};

/// Nothing may end the thread.
bp::result<void> guarded_work(QueuedWrite& write, Connection& connection) {
  return guarded<bp::result<void>>([&] { return write.work(connection); });
}

}  // namespace

Writer::Writer(Connection connection, const WriterOptions& options)
    : connection_(std::move(connection)), options_(options), thread_([this] { run(); }) {}

Writer::~Writer() {
  stop();
}

bp::result<void> Writer::submit(Job job) {
  return submit_write(std::make_unique<JobWrite>(std::move(job)));
}

bp::result<void> Writer::submit_write(std::unique_ptr<QueuedWrite> write) {
  const std::uint64_t bytes = write->with.bytes;
  BP_TRY(take_place(bytes));
  if (!inbox_.put(std::move(write))) {
    give_place(1, bytes);
    return bp::fail(BP_E_CLOSED, "the store is closing; write again after its restart");
  }
  return {};
}

/// Room in the queue. Two who meet at its limit may both be refused: each was one too many.
bp::result<void> Writer::take_place(std::uint64_t bytes) {
  const std::uint64_t jobs_before = queue_jobs_.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t bytes_before = queue_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  // One job over the bytes limit passes when it is alone, or it could never be written.
  if (jobs_before < options_.queue_jobs_max &&
      (jobs_before == 0 || bytes_before + bytes <= options_.queue_bytes_max)) {
    return {};
  }
  give_place(1, bytes);
  return bp::fail(BP_E_FULL, "BACKPRESSURE: " + std::to_string(jobs_before) + " writes (" +
                                 std::to_string(bytes_before) +
                                 " bytes) wait already; try again later, or raise "
                                 "queue_jobs_max or queue_bytes_max");
}

void Writer::give_place(std::uint64_t jobs, std::uint64_t bytes) noexcept {
  queue_jobs_.fetch_sub(jobs, std::memory_order_relaxed);
  queue_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

void Writer::stop() {
  inbox_.close();
  if (thread_.joinable()) {
    thread_.join();
  }
}

WriterStats Writer::stats() const {
  constexpr auto relaxed = std::memory_order_relaxed;
  return {.commits = commits_.load(relaxed),
          .jobs_committed = jobs_committed_.load(relaxed),
          .jobs_failed = jobs_failed_.load(relaxed),
          .queue_jobs = queue_jobs_.load(relaxed),
          .queue_bytes = queue_bytes_.load(relaxed)};
}

void Writer::run() {
  for (Group group = take_group(); !group.writes.empty(); group = take_group()) {
    const bp::result<void> committed = commit_group(group);
    count(group.writes, committed.has_value());
    tell(std::move(group.writes), committed);
  }
}

/// Waits for work; an empty group means that the writer is closing and all is written.
Writer::Group Writer::take_group() {
  if (pending_.empty()) {
    inbox_.wait(pending_);
  } else {
    inbox_.take(pending_);
  }
  Group group{.writes = {}, .disk = false, .repeatable = true};
  std::uint64_t rows = 0;
  while (!pending_.empty()) {
    const WriteOptions& with = pending_.front().with;
    rows += with.rows;
    if (!group.writes.empty() && rows > options_.group_rows_max) {
      break;
    }
    group.disk = group.disk || with.durability == Durability::Disk;
    group.repeatable = group.repeatable && with.repeatable;
    group.writes.push_back(pending_.pop_front());
  }
  return group;
}

bp::result<void> Writer::commit_group(Group& group) {
  BP_TRY(connection_.set_durability(group.disk ? Durability::Disk : Durability::Os));
  if (group.repeatable) {
    const auto committed = run_group(group.writes, /*savepoints=*/false);
    BP_TRY(committed);
    if (*committed) {
      return {};
    }
  }
  BP_TRY(run_group(group.writes, /*savepoints=*/true));
  return {};
}

/// False, only without savepoints: a job failed after it had written; nothing is committed. Jobs
/// for which the transaction had no time left lead the next group.
bp::result<bool> Writer::run_group(Chain<QueuedWrite>& writes, bool savepoints) {
  auto transaction = Transaction::begin(connection_);
  BP_TRY(transaction);
  const auto until = std::chrono::steady_clock::now() + options_.group_time_max;
  QueuedWrite* before = nullptr;
  for (QueuedWrite& write : writes) {
    if (before != nullptr && std::chrono::steady_clock::now() >= until) {
      pending_.prepend(writes.cut_after(*before));
      break;
    }
    before = &write;
    write.failure_.reset();
    const std::int64_t changes_before = connection_.total_changes();
    if (bp::result<void> outcome = run_one(write, savepoints); !outcome) {
      if (concerns_everyone(outcome.error()) || !connection_.in_transaction()) {
        return std::unexpected(std::move(outcome).error());
      }
      if (!savepoints && connection_.total_changes() != changes_before) {
        return false;
      }
      write.failure_ = std::make_unique<bp::error>(std::move(outcome).error());
    }
  }
  BP_TRY(transaction->commit());
  return true;
}

bp::result<void> Writer::run_one(QueuedWrite& write, bool savepoint) {
  const std::size_t mark = connection_.deferred_mark();
  if (savepoint) {
    BP_TRY(connection_.run("SAVEPOINT job"));
  }
  bp::result<void> outcome = guarded_work(write, connection_);
  if (!connection_.in_transaction()) {
    // SQLite rolled back by itself, or the job ended the transaction: either way it is gone.
    return outcome ? bp::fail(BP_E_STATE, "a write ended the transaction it shares") : outcome;
  }
  if (!outcome) {
    connection_.defer_no_more_than(mark);
  }
  if (savepoint) {
    if (!outcome) {
      BP_TRY(connection_.run("ROLLBACK TO job"));
    }
    BP_TRY(connection_.run("RELEASE job"));
  }
  return outcome;
}

void Writer::count(const Chain<QueuedWrite>& writes, bool committed) {
  std::uint64_t jobs = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;
  for (const QueuedWrite& write : writes) {
    ++jobs;
    failed += committed && write.failure_ == nullptr ? 0U : 1U;
    bytes += write.with.bytes;
  }
  commits_.fetch_add(committed ? 1U : 0U, std::memory_order_relaxed);
  jobs_committed_.fetch_add(jobs - failed, std::memory_order_relaxed);
  jobs_failed_.fetch_add(failed, std::memory_order_relaxed);
  give_place(jobs, bytes);  // before the answers: who is told may come back at once
}

void Writer::tell(Chain<QueuedWrite> writes, const bp::result<void>& committed) {
  Home* home = nullptr;
  Chain<QueuedWrite> together;
  const auto hand_over = [&] {
    if (!together.empty()) {
      home->welcome(std::exchange(together, {}));
    }
  };
  while (std::unique_ptr<QueuedWrite> write = writes.pop_front()) {
    if (write->home_ != home) {
      hand_over();  // before others' done(), which may take its time
      home = write->home_;
    }
    try {
      write->done(committed ? write->failure_.get() : &committed.error());
    } catch (...) {  // NOLINT(bugprone-empty-catch): the caller's failure is not the writer's
    }
    if (home != nullptr) {
      together.push_back(std::move(write));
    }
  }
  hand_over();
}

}  // namespace storage_sqlite::engine
