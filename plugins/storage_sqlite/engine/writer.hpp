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

#include "backplane/cpp/error.hpp"

#include "engine/chain.hpp"
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

class QueuedWrite;

/// Where writes go when they are done. Those of one group that follow each other come together.
class Home {
 public:
  /// On the writer's thread; must not block.
  virtual void welcome(Chain<QueuedWrite> writes) noexcept = 0;

 protected:
  Home() = default;
  Home(const Home&) = default;
  Home& operator=(const Home&) = default;
  ~Home() = default;
};

/// One request to write. work() runs on the writer's thread, in the order of submission, inside the
/// shared transaction: its own failure undoes only itself, a failure of the disk undoes the group.
/// done() is called exactly once, on that thread, after the commit or the failure (`why`, else
/// null); it must not block. Then the write goes home, or ends where it has no home.
class QueuedWrite {
 public:
  /// `home` outlives the writer's thread.
  explicit QueuedWrite(const WriteOptions& options, Home* home = nullptr)
      : with(options), home_(home) {}

  QueuedWrite(const QueuedWrite&) = delete;
  QueuedWrite& operator=(const QueuedWrite&) = delete;
  QueuedWrite(QueuedWrite&&) = delete;
  QueuedWrite& operator=(QueuedWrite&&) = delete;
  virtual ~QueuedWrite() = default;

  virtual bp::result<void> work(Connection& connection) = 0;
  virtual void done(const bp::error* why) = 0;

  const WriteOptions with;
  QueuedWrite* next = nullptr;  // of the chain that it is in

 private:
  friend class Writer;

  Home* home_;
  std::unique_ptr<bp::error> failure_;  // the writer's: of work()
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
  struct Group {
    Chain<QueuedWrite> writes;
    bool disk = false;        // one of them asks for it
    bool repeatable = false;  // all of them are
  };

  void run();
  [[nodiscard]] bp::result<void> take_place(std::uint64_t bytes);
  void give_place(std::uint64_t jobs, std::uint64_t bytes) noexcept;
  [[nodiscard]] Group take_group();
  [[nodiscard]] bp::result<void> commit_group(Group& group);
  [[nodiscard]] bp::result<bool> run_group(Chain<QueuedWrite>& writes, bool savepoints);
  [[nodiscard]] bp::result<void> run_one(QueuedWrite& write, bool savepoint);
  void count(const Chain<QueuedWrite>& writes, bool committed);
  void tell(Chain<QueuedWrite> writes, const bp::result<void>& committed);

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
