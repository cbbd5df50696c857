// plugins/storage_sqlite/engine/writer.hpp - the one thread that writes, and its group commit.
//
// Jobs wait in a bounded queue, which takes no lock. The thread takes what is there, runs it in one
// transaction, commits once, and only then tells every caller. While it commits, the next group
// gathers: one flush of the log is shared by all who wait for it. A job that fails is undone alone:
// each has a savepoint, except where all of a group may run again (WriteOptions::repeatable).
//
// Owns: the read-write connection and the thread. Thread: submit() and stats() any; stop() owner.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "engine/inbox.hpp"

namespace storage_sqlite::engine {

struct WriterOptions {
  std::size_t queue_jobs_max = 4'096;
  std::uint64_t queue_bytes_max = 64ULL * 1'024 * 1'024;
  std::uint32_t group_rows_max = 2'048;
  std::chrono::microseconds group_time_max{50'000};  // of work before the commit
};

/// How a write wants to be made.
struct WriteOptions {
  Durability durability = Durability::Os;
  std::uint32_t rows = 1;
  std::uint64_t bytes = 0;
  /// work() changes nothing but rows, and may be run twice: then it costs no savepoint, and a group
  /// in which such a write failed after it had written is undone and run again.
  bool repeatable = false;
};

/// One request to write. work() runs on the writer's thread, in the order of submission, inside the
/// shared transaction: its own failure undoes only itself, a failure of the disk undoes the group.
/// done() is called exactly once, on that thread, after the commit or the failure, and gets the
/// write back; it must not block.
class QueuedWrite {
 public:
  explicit QueuedWrite(const WriteOptions& options) : with(options) {}

  QueuedWrite(const QueuedWrite&) = delete;
  QueuedWrite& operator=(const QueuedWrite&) = delete;
  QueuedWrite(QueuedWrite&&) = delete;
  QueuedWrite& operator=(QueuedWrite&&) = delete;
  virtual ~QueuedWrite() = default;

  virtual bp::result<void> work(Connection& connection) = 0;
  virtual void done(std::unique_ptr<QueuedWrite> self, bp::result<void> outcome) = 0;

  const WriteOptions with;
  QueuedWrite* next = nullptr;  // the inbox's
};

/// The same as two functions.
struct Job {
  Durability durability = Durability::Os;
  std::uint32_t rows = 1;
  std::uint64_t bytes = 0;
  bool repeatable = false;
  std::move_only_function<bp::result<void>(Connection&)> work{};
  std::move_only_function<void(bp::result<void>)> done{};
};

struct WriterStats {
  std::uint64_t commits = 0;
  std::uint64_t jobs_committed = 0;
  std::uint64_t jobs_failed = 0;
  std::uint64_t queue_jobs = 0;
  std::uint64_t queue_bytes = 0;
};

class Writer {
 public:
  Writer(Connection connection, const WriterOptions& options);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  Writer(Writer&&) = delete;
  Writer& operator=(Writer&&) = delete;
  ~Writer();

  /// Errors: FULL (done() is not called, the write ends here), CLOSED after stop().
  [[nodiscard]] bp::result<void> submit_write(std::unique_ptr<QueuedWrite> write);
  [[nodiscard]] bp::result<void> submit(Job job);
  /// Commits what is queued, tells everyone, ends the thread. May be called twice.
  void stop();
  [[nodiscard]] WriterStats stats() const;

 private:
  using Group = std::vector<std::unique_ptr<QueuedWrite>>;
  using Outcomes = std::vector<bp::result<void>>;

  void run();
  [[nodiscard]] bp::result<void> take_place(std::uint64_t bytes);
  void give_place(std::uint64_t jobs, std::uint64_t bytes) noexcept;
  [[nodiscard]] Group take_group();
  void put_back(Group& group, std::size_t first);
  [[nodiscard]] bp::result<void> commit_group(Group& group, Outcomes& outcomes);
  [[nodiscard]] bp::result<bool> run_group(Group& group, Outcomes& outcomes, bool savepoints);
  [[nodiscard]] bp::result<void> run_one(QueuedWrite& write);
  void tell(Group& group, const Outcomes& outcomes, const bp::result<void>& committed);

  Connection connection_;
  WriterOptions options_;
  Inbox<QueuedWrite> inbox_;
  Inbox<QueuedWrite>::Items pending_;  // the thread's: taken out of the inbox, not yet in a group
  std::atomic<std::uint64_t> queue_jobs_ = 0;  // and those under way
  std::atomic<std::uint64_t> queue_bytes_ = 0;
  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<std::uint64_t> jobs_committed_ = 0;
  std::atomic<std::uint64_t> jobs_failed_ = 0;
  std::thread thread_;  // last: it starts when everything else stands
};

}  // namespace storage_sqlite::engine
