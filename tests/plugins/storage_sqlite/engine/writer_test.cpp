// tests/plugins/storage_sqlite/engine/writer_test.cpp - group commit, isolation of jobs, full
// disks.
#include "engine/writer.hpp"

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite::engine {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_reader;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

using Answer = std::future<bp::result<void>>;

class WriterTest : public ::testing::Test {
 protected:
  /// Opened now, so that a test may set pragmas before the writer takes the connection.
  Connection fresh() {
    Connection connection = open_writer(scratch_.path());
    must(connection.execute("CREATE TABLE t (a UNIQUE, filler)"));
    return connection;
  }

  static Answer submit(Writer& writer, std::string sql, Durability durability = Durability::Os,
                       std::uint32_t rows = 1) {
    return submit_work(
        writer, [sql = std::move(sql)](Connection& connection) { return connection.execute(sql); },
        durability, rows);
  }

  template <typename Work>
  static Answer submit_work(Writer& writer, Work work, Durability durability = Durability::Os,
                            std::uint32_t rows = 1) {
    std::promise<bp::result<void>> promise;
    Answer answer = promise.get_future();
    must(writer.submit({.durability = durability,
                        .rows = rows,
                        .work = std::move(work),
                        .done = [promise = std::move(promise)](bp::result<void> outcome) mutable {
                          promise.set_value(std::move(outcome));
                        }}));
    return answer;
  }

  /// Keeps the writer inside a job until the returned promise is set.
  static std::pair<std::promise<void>, Answer> hold(Writer& writer) {
    std::promise<void> release;
    std::promise<void> entered;
    std::future<void> is_in = entered.get_future();
    Answer answer = submit_work(writer,
                                [gate = release.get_future(), entered = std::move(entered)](
                                    Connection&) mutable -> bp::result<void> {
                                  entered.set_value();
                                  gate.wait();
                                  return {};
                                });
    is_in.wait();
    return {std::move(release), std::move(answer)};
  }

  std::int64_t rows() {
    Connection reader = open_reader(scratch_.path());
    return must(reader.number("SELECT count(*) FROM t"));
  }

  Scratch scratch_;
};

TEST_F(WriterTest, AnswersAfterTheCommit) {
  Writer writer(fresh(), {});
  EXPECT_TRUE(submit(writer, "INSERT INTO t (a) VALUES (1)").get());
  EXPECT_EQ(rows(), 1) << "another connection sees what was acknowledged";
}

TEST_F(WriterTest, CommitsAllWhoWaitAtOnce) {
  Writer writer(fresh(), {});
  auto [release, held] = hold(writer);
  std::vector<Answer> answers;
  for (int row = 0; row < 100; ++row) {
    answers.push_back(submit(writer, "INSERT INTO t (a) VALUES (" + std::to_string(row) + ")"));
  }
  release.set_value();
  for (Answer& answer : answers) {
    EXPECT_TRUE(answer.get());
  }
  writer.stop();
  EXPECT_EQ(writer.stats().commits, 2U) << "one for the gate, one for the hundred";
  EXPECT_EQ(rows(), 100);
}

TEST_F(WriterTest, KeepsAGroupWithinItsRows) {
  Writer writer(fresh(), {.group_rows_max = 10});
  auto [release, held] = hold(writer);
  std::vector<Answer> answers;
  for (int row = 0; row < 6; ++row) {
    answers.push_back(submit(writer, "INSERT INTO t (a) VALUES (" + std::to_string(row) + ")",
                             Durability::Os, 5));
  }
  release.set_value();
  for (Answer& answer : answers) {
    EXPECT_TRUE(answer.get());
  }
  writer.stop();
  EXPECT_EQ(writer.stats().commits, 4U) << "the gate, then 2 + 2 + 2";
}

TEST_F(WriterTest, ATransactionOutOfTimeLeavesTheRestToTheNextInOrder) {
  Writer writer(fresh(), {.group_time_max = std::chrono::microseconds(0)});
  auto [release, held] = hold(writer);
  std::vector<Answer> answers;
  for (int row = 0; row < 5; ++row) {
    answers.push_back(submit(writer, "INSERT INTO t (a) SELECT count(*) FROM t"));
  }
  release.set_value();
  for (Answer& answer : answers) {
    EXPECT_TRUE(answer.get());
  }
  writer.stop();
  EXPECT_EQ(writer.stats().commits, 6U) << "each job used up the time of its group";
  EXPECT_EQ(rows(), 5);
}

TEST_F(WriterTest, ABadJobFailsAlone) {
  Writer writer(fresh(), {});
  auto [release, held] = hold(writer);
  Answer good = submit(writer, "INSERT INTO t (a) VALUES (1)");
  Answer bad = submit(writer, "INSERT INTO t (a) VALUES (2); INSERT INTO t (a) VALUES (1)");
  Answer thrown = submit_work(
      writer, [](Connection&) -> bp::result<void> { throw std::runtime_error("a bug in a job"); });
  Answer after = submit(writer, "INSERT INTO t (a) VALUES (3)");
  release.set_value();
  EXPECT_TRUE(good.get());
  EXPECT_TRUE(fails_with(bad.get(), BP_E_CONFLICT, "CONSTRAINT"));
  EXPECT_TRUE(fails_with(thrown.get(), BP_E_PANIC, "a bug in a job"));
  EXPECT_TRUE(after.get());
  EXPECT_EQ(rows(), 2) << "the half that the bad job had written is gone";
}

TEST_F(WriterTest, RepeatableJobsFailAloneWithoutSavepoints) {
  Writer writer(fresh(), {});
  auto [release, held] = hold(writer);
  int runs = 0;
  const auto insert = [&](std::string sql) {
    auto promise = std::make_shared<std::promise<bp::result<void>>>();
    must(writer.submit(
        {.repeatable = true,
         .work =
             [&runs, sql = std::move(sql)](Connection& connection) {
               ++runs;
               return connection.execute(sql);
             },
         .done = [promise](bp::result<void> outcome) { promise->set_value(std::move(outcome)); }}));
    return promise->get_future();
  };
  // The gate's own group ends before these begin: it was taken alone.
  Answer good = insert("INSERT INTO t (a) VALUES (1)");
  Answer bad = insert("INSERT INTO t (a) VALUES (1)");
  Answer after = insert("INSERT INTO t (a) VALUES (2)");
  release.set_value();
  EXPECT_TRUE(good.get());
  EXPECT_TRUE(fails_with(bad.get(), BP_E_CONFLICT, "CONSTRAINT"));
  EXPECT_TRUE(after.get());
  EXPECT_EQ(runs, 3) << "it had written nothing: nobody ran again";
  auto [release_again, held_again] = hold(writer);
  Answer fine = insert("INSERT INTO t (a) VALUES (3)");
  Answer half = insert("INSERT INTO t (a) VALUES (4); INSERT INTO t (a) VALUES (3)");
  Answer last = insert("INSERT INTO t (a) VALUES (5)");
  release_again.set_value();
  EXPECT_TRUE(fine.get());
  EXPECT_TRUE(fails_with(half.get(), BP_E_CONFLICT, "CONSTRAINT"));
  EXPECT_TRUE(last.get());
  writer.stop();
  EXPECT_EQ(rows(), 4) << "what it had written was undone";
  EXPECT_EQ(runs, 3 + 2 + 3) << "two, and then all three again";
}

TEST_F(WriterTest, OneDiskRequestMakesTheWholeGroupDurable) {
  Writer writer(fresh(), {});
  const auto synchronous = [](std::int64_t& level) {
    return [&level](Connection& connection) -> bp::result<void> {
      level = must(connection.number("PRAGMA synchronous"));
      return {};
    };
  };
  std::int64_t alone = 0;
  std::int64_t beside_disk = 0;
  std::int64_t afterwards = 0;
  EXPECT_TRUE(submit_work(writer, synchronous(alone)).get());
  auto [release, held] = hold(writer);
  Answer first = submit_work(writer, synchronous(beside_disk));
  Answer second = submit(writer, "INSERT INTO t (a) VALUES (1)", Durability::Disk);
  release.set_value();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
  EXPECT_TRUE(submit_work(writer, synchronous(afterwards)).get());
  EXPECT_EQ(alone, 1) << "NORMAL";
  EXPECT_EQ(beside_disk, 2) << "FULL";
  EXPECT_EQ(afterwards, 1) << "NORMAL again";
}

TEST_F(WriterTest, AFullQueueIsToldAtOnce) {
  Writer writer(fresh(), {.queue_jobs_max = 3});
  auto [release, held] = hold(writer);
  Answer second = submit(writer, "INSERT INTO t (a) VALUES (1)");
  Answer third = submit(writer, "INSERT INTO t (a) VALUES (2)");
  bool called = false;
  const auto fourth = writer.submit({.work = [](Connection&) { return bp::result<void>(); },
                                     .done = [&](const bp::result<void>&) { called = true; }});
  EXPECT_TRUE(fails_with(fourth, BP_E_FULL, "BACKPRESSURE"));
  release.set_value();
  EXPECT_TRUE(second.get());
  EXPECT_TRUE(third.get());
  writer.stop();
  EXPECT_FALSE(called);
  EXPECT_EQ(writer.stats().queue_jobs, 0U);
}

TEST_F(WriterTest, BytesCountToo) {
  Writer writer(fresh(), {.queue_bytes_max = 100});
  const auto nothing = [](Connection&) { return bp::result<void>(); };
  const auto ignore = [](const bp::result<void>&) {};
  auto [release, held] = hold(writer);
  EXPECT_TRUE(writer.submit({.bytes = 90, .work = nothing, .done = ignore}));
  EXPECT_TRUE(fails_with(writer.submit({.bytes = 11, .work = nothing, .done = ignore}), BP_E_FULL,
                         "bytes"));
  release.set_value();
}

TEST_F(WriterTest, ManyThreadsSubmitWithoutALock) {
  constexpr int threads = 4;
  constexpr int jobs = 500;
  Writer writer(fresh(), {});
  std::vector<std::vector<Answer>> answers(threads);
  std::vector<std::thread> crowd;
  for (int thread = 0; thread < threads; ++thread) {
    crowd.emplace_back([&, thread] {
      for (int job = 0; job < jobs; ++job) {
        answers[static_cast<std::size_t>(thread)].push_back(submit(
            writer, "INSERT INTO t (a) VALUES (" + std::to_string(thread * jobs + job) + ")"));
      }
    });
  }
  for (std::thread& one : crowd) {
    one.join();
  }
  for (std::vector<Answer>& mine : answers) {
    for (Answer& answer : mine) {
      EXPECT_TRUE(answer.get());
    }
  }
  writer.stop();
  EXPECT_EQ(rows(), threads * jobs);
  EXPECT_EQ(writer.stats().jobs_committed, std::uint64_t{threads * jobs});
  EXPECT_EQ(writer.stats().queue_jobs, 0U);
  EXPECT_EQ(writer.stats().queue_bytes, 0U);
}

TEST_F(WriterTest, StoppingWritesWhatIsQueuedAndRefusesTheRest) {
  Writer writer(fresh(), {});
  std::vector<Answer> answers;
  for (int row = 0; row < 50; ++row) {
    answers.push_back(submit(writer, "INSERT INTO t (a) VALUES (" + std::to_string(row) + ")"));
  }
  writer.stop();
  for (Answer& answer : answers) {
    EXPECT_TRUE(answer.get());
  }
  EXPECT_EQ(rows(), 50);
  EXPECT_TRUE(fails_with(writer.submit({}), BP_E_CLOSED, "closing"));
}

TEST_F(WriterTest, AFullDiskIsToldToEveryoneAndTheWriterGoesOn) {
  constexpr std::int64_t pages_max = 24;
  Connection connection = fresh();
  must(connection.number("PRAGMA max_page_count = " + std::to_string(pages_max)));
  Writer writer(std::move(connection), {});
  EXPECT_TRUE(submit(writer, "INSERT INTO t (a) VALUES (0)").get());
  auto [release, held] = hold(writer);
  Answer small = submit(writer, "INSERT INTO t (a) VALUES (1)");
  Answer large = submit(writer, "INSERT INTO t VALUES (2, zeroblob(1000000))");
  Answer late = submit(writer, "INSERT INTO t (a) VALUES (3)");
  release.set_value();
  EXPECT_TRUE(fails_with(small.get(), BP_E_IO, "DISK_FULL")) << "it shared the transaction";
  EXPECT_TRUE(fails_with(large.get(), BP_E_IO, "DISK_FULL"));
  EXPECT_TRUE(fails_with(late.get(), BP_E_IO, "DISK_FULL"));
  EXPECT_EQ(rows(), 1) << "nothing of the group, all of what was acknowledged";
  EXPECT_TRUE(submit(writer, "INSERT INTO t (a) VALUES (4)").get()) << "small rows still fit";
  EXPECT_TRUE(submit_work(writer, [](Connection& full) -> bp::result<void> {
                must(full.number("PRAGMA max_page_count = 100000"));
                return {};
              }).get());
  EXPECT_TRUE(submit(writer, "INSERT INTO t VALUES (2, zeroblob(1000000))").get());
  EXPECT_EQ(rows(), 3);
}

TEST_F(WriterTest, AJobThatEndsTheTransactionIsCaught) {
  Writer writer(fresh(), {});
  EXPECT_TRUE(fails_with(submit(writer, "ROLLBACK").get(), BP_E_STATE, "ended the transaction"));
  EXPECT_TRUE(submit(writer, "INSERT INTO t (a) VALUES (1)").get());
}

TEST_F(WriterTest, ABusyDatabaseIsToldAndTriedAgainByTheNextGroup) {
  Connection connection = must(Connection::open(scratch_.path(), {.busy_timeout_ms = 1}));
  must(connection.execute("CREATE TABLE t (a UNIQUE, filler)"));
  Writer writer(std::move(connection), {});
  Connection shell = open_writer(scratch_.path());
  {
    const Transaction transaction = must(Transaction::begin(shell));
    EXPECT_TRUE(
        fails_with(submit(writer, "INSERT INTO t (a) VALUES (1)").get(), BP_E_BUSY, "BUSY"));
  }
  EXPECT_TRUE(submit(writer, "INSERT INTO t (a) VALUES (1)").get());
}

}  // namespace
}  // namespace storage_sqlite::engine
