// plugins/storage_sqlite/engine/writer.cpp - group commit: one transaction for everyone who waits.
#include "engine/writer.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "engine/failure.hpp"

namespace storage_sqlite::engine {
namespace {

/// The job's work, with whatever it throws turned into a value: nothing may end the thread.
bp::result<void> guarded(Job& job, Connection& connection) {
  try {
    return job.work(connection);
  } catch (const std::bad_alloc&) {
    return bp::fail(BP_E_NO_MEMORY, "NO_MEMORY: a write ran out of memory; write less at once");
  } catch (const std::exception& thrown) {
    return bp::fail(BP_E_PANIC, std::string("a write threw: ") + thrown.what());
  } catch (...) {
    return bp::fail(BP_E_PANIC, "a write threw something unknown");
  }
}

bp::result<void> run_once(Connection& connection, std::string_view sql) {
  auto statement = connection.prepare(sql);
  BP_TRY(statement);
  return statement->run();
}

}  // namespace

Writer::Writer(Connection connection, const WriterOptions& options)
    : connection_(std::move(connection)), options_(options), thread_([this] { run(); }) {}

Writer::~Writer() {
  stop();
}

bp::result<void> Writer::submit(Job job) {
  {
    const std::scoped_lock lock(mutex_);
    if (closing_) {
      return bp::fail(BP_E_CLOSED, "the store is closing; write again after its restart");
    }
    // One job over the bytes limit passes when it is alone, or it could never be written.
    if (stats_.queue_jobs >= options_.queue_jobs_max ||
        (stats_.queue_jobs > 0 && stats_.queue_bytes + job.bytes > options_.queue_bytes_max)) {
      return bp::fail(BP_E_FULL, "BACKPRESSURE: " + std::to_string(stats_.queue_jobs) +
                                     " writes (" + std::to_string(stats_.queue_bytes) +
                                     " bytes) wait already; try again later, or raise "
                                     "queue_jobs_max or queue_bytes_max");
    }
    ++stats_.queue_jobs;
    stats_.queue_bytes += job.bytes;
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();
  return {};
}

void Writer::stop() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

WriterStats Writer::stats() const {
  const std::scoped_lock lock(mutex_);
  return stats_;
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
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
  Group group;
  std::uint64_t rows = 0;
  while (!queue_.empty()) {
    rows += queue_.front().rows;
    if (!group.empty() && rows > options_.group_rows_max) {
      break;
    }
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return group;
}

/// Jobs for which the transaction had no time left lead the next group.
void Writer::put_back(Group& group, std::size_t first) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t last = group.size(); last > first; --last) {
    queue_.push_front(std::move(group[last - 1]));
  }
  group.erase(group.begin() + static_cast<std::ptrdiff_t>(first), group.end());
}

bp::result<void> Writer::commit_group(Group& group, Outcomes& outcomes) {
  const bool disk =
      std::ranges::any_of(group, [](const Job& job) { return job.durability == Durability::Disk; });
  BP_TRY(connection_.set_durability(disk ? Durability::Disk : Durability::Os));
  auto transaction = Transaction::begin(connection_);
  BP_TRY(transaction);
  const auto until = std::chrono::steady_clock::now() + options_.group_time_max;
  for (std::size_t index = 0; index < group.size(); ++index) {
    if (index > 0 && std::chrono::steady_clock::now() >= until) {
      put_back(group, index);
      break;
    }
    outcomes.push_back(run_job(group[index]));
    const bp::result<void>& outcome = outcomes.back();
    if (!outcome && (concerns_everyone(outcome.error()) || !connection_.in_transaction())) {
      return outcome;
    }
  }
  return transaction->commit();
}

bp::result<void> Writer::run_job(Job& job) {
  BP_TRY(run_once(connection_, "SAVEPOINT job"));
  bp::result<void> outcome = guarded(job, connection_);
  if (!connection_.in_transaction()) {
    // SQLite rolled back by itself, or the job ended the transaction: either way it is gone.
    return outcome ? bp::fail(BP_E_STATE, "a write ended the transaction it shares") : outcome;
  }
  if (!outcome) {
    BP_TRY(run_once(connection_, "ROLLBACK TO job"));
  }
  BP_TRY(run_once(connection_, "RELEASE job"));
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
    bytes += group[index].bytes;
  }
  {
    // First the room in the queue, then the answers: who is told may come back at once.
    const std::scoped_lock lock(mutex_);
    stats_.commits += committed ? 1U : 0U;
    stats_.jobs_committed += group.size() - failed;
    stats_.jobs_failed += failed;
    stats_.queue_jobs -= group.size();
    stats_.queue_bytes -= bytes;
  }
  for (std::size_t index = 0; index < group.size(); ++index) {
    try {
      group[index].done(outcome_of(index));
    } catch (...) {  // NOLINT(bugprone-empty-catch): the caller's failure is not the writer's
    }
  }
}

}  // namespace storage_sqlite::engine
