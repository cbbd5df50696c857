// plugins/storage_sqlite/engine/writer.cpp - group commit: one transaction for everyone who waits.
#include "engine/writer.hpp"

#include <algorithm>
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

  void done(std::unique_ptr<QueuedWrite> /*self*/, bp::result<void> outcome) override {
    job_.done(std::move(outcome));
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
  for (Group group = take_group(); !group.empty(); group = take_group()) {
    Outcomes outcomes;
    const bp::result<void> committed = commit_group(group, outcomes);
    tell(group, outcomes, committed);
  }
}

/// Waits for work; an empty group means that the writer is closing and all is written.
Writer::Group Writer::take_group() {
  if (pending_.empty()) {
    inbox_.wait(pending_);
  } else {
    inbox_.take(pending_);
  }
  Group group;
  std::uint64_t rows = 0;
  while (!pending_.empty()) {
    rows += pending_.front()->with.rows;
    if (!group.empty() && rows > options_.group_rows_max) {
      break;
    }
    group.push_back(std::move(pending_.front()));
    pending_.pop_front();
  }
  return group;
}

/// Jobs for which the transaction had no time left lead the next group.
void Writer::put_back(Group& group, std::size_t first) {
  for (std::size_t last = group.size(); last > first; --last) {
    pending_.push_front(std::move(group[last - 1]));
  }
  group.erase(group.begin() + static_cast<std::ptrdiff_t>(first), group.end());
}

bp::result<void> Writer::commit_group(Group& group, Outcomes& outcomes) {
  const bool disk = std::ranges::any_of(
      group, [](const auto& one) { return one->with.durability == Durability::Disk; });
  BP_TRY(connection_.set_durability(disk ? Durability::Disk : Durability::Os));
  const bool light =
      std::ranges::all_of(group, [](const auto& one) { return one->with.repeatable; });
  if (light) {
    const auto committed = run_group(group, outcomes, /*savepoints=*/false);
    BP_TRY(committed);
    if (*committed) {
      return {};
    }
    outcomes.clear();
  }
  BP_TRY(run_group(group, outcomes, /*savepoints=*/true));
  return {};
}

/// False, only without savepoints: a job failed after it had written; nothing is committed.
bp::result<bool> Writer::run_group(Group& group, Outcomes& outcomes, bool savepoints) {
  auto transaction = Transaction::begin(connection_);
  BP_TRY(transaction);
  const auto until = std::chrono::steady_clock::now() + options_.group_time_max;
  for (std::size_t index = 0; index < group.size(); ++index) {
    if (index > 0 && std::chrono::steady_clock::now() >= until) {
      put_back(group, index);
      break;
    }
    QueuedWrite& write = *group[index];
    const std::int64_t changes_before = connection_.total_changes();
    outcomes.push_back(savepoints ? run_one(write) : guarded_work(write, connection_));
    const bp::result<void>& outcome = outcomes.back();
    if (!outcome && (concerns_everyone(outcome.error()) || !connection_.in_transaction())) {
      return std::unexpected(outcome.error());
    }
    if (!outcome && !savepoints && connection_.total_changes() != changes_before) {
      return false;
    }
  }
  BP_TRY(transaction->commit());
  return true;
}

bp::result<void> Writer::run_one(QueuedWrite& write) {
  BP_TRY(connection_.run("SAVEPOINT job"));
  bp::result<void> outcome = guarded_work(write, connection_);
  if (!connection_.in_transaction()) {
    // SQLite rolled back by itself, or the job ended the transaction: either way it is gone.
    return outcome ? bp::fail(BP_E_STATE, "a write ended the transaction it shares") : outcome;
  }
  if (!outcome) {
    BP_TRY(connection_.run("ROLLBACK TO job"));
  }
  BP_TRY(connection_.run("RELEASE job"));
  return outcome;
}

void Writer::tell(Group& group, const Outcomes& outcomes, const bp::result<void>& committed) {
  const auto outcome_of = [&](std::size_t index) -> const bp::result<void>& {
    const bool failed_alone = index < outcomes.size() && !outcomes[index];
    return committed || failed_alone ? outcomes[index] : committed;
  };
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;
  for (std::size_t index = 0; index < group.size(); ++index) {
    failed += outcome_of(index) ? 0U : 1U;
    bytes += group[index]->with.bytes;
  }
  // First the room in the queue, then the answers: who is told may come back at once.
  commits_.fetch_add(committed ? 1U : 0U, std::memory_order_relaxed);
  jobs_committed_.fetch_add(group.size() - failed, std::memory_order_relaxed);
  jobs_failed_.fetch_add(failed, std::memory_order_relaxed);
  give_place(group.size(), bytes);
  for (std::size_t index = 0; index < group.size(); ++index) {
    try {
      QueuedWrite& write = *group[index];
      write.done(std::move(group[index]), outcome_of(index));
    } catch (...) {  // NOLINT(bugprone-empty-catch): the caller's failure is not the writer's
    }
  }
}

}  // namespace storage_sqlite::engine
