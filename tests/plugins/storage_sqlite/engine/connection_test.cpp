// tests/plugins/storage_sqlite/engine/connection_test.cpp - settings of an open file, and refusals.
#include "engine/connection.hpp"

#include <atomic>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite::engine {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_reader;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

TEST(Connection, HasTheSettingsThatEverythingReliesOn) {
  const Scratch scratch;
  Connection connection = open_writer(scratch.path());
  EXPECT_EQ(must(connection.word("PRAGMA journal_mode")), "wal");
  EXPECT_EQ(must(connection.number("PRAGMA synchronous")), 1) << "NORMAL";
  EXPECT_EQ(must(connection.number("PRAGMA foreign_keys")), 1);
  EXPECT_EQ(must(connection.number("PRAGMA trusted_schema")), 0);
  EXPECT_EQ(must(connection.number("PRAGMA cache_size")), -20 * 1024);
  EXPECT_EQ(must(connection.number("PRAGMA mmap_size")), 256LL * 1024 * 1024);
  ASSERT_TRUE(connection.set_durability(Durability::Disk));
  EXPECT_EQ(must(connection.number("PRAGMA synchronous")), 2) << "FULL";
}

TEST(Connection, ReadsButNeverWritesWhenReadOnly) {
  const Scratch scratch;
  Connection writer = open_writer(scratch.path());
  ASSERT_TRUE(writer.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)"));
  Connection reader = open_reader(scratch.path());
  EXPECT_EQ(must(reader.number("SELECT a FROM t")), 1);
  EXPECT_TRUE(fails_with(reader.execute("INSERT INTO t VALUES (2)"), BP_E_PERMISSION, "READ_ONLY"));
}

TEST(Connection, RefusesAFileThatIsNoDatabase) {
  const Scratch scratch;
  const std::string garbage(8192, 'x');
  std::ofstream(scratch.path()) << garbage;
  EXPECT_TRUE(fails_with(Connection::open(scratch.path(), {}), BP_E_CORRUPT, "'test.db'"));
  std::ifstream file(scratch.path());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), garbage) << "left untouched";
}

TEST(Connection, RefusesAFolderThatIsNotThere) {
  const Scratch scratch;
  EXPECT_TRUE(fails_with(Connection::open(scratch.path("no/test.db"), {}), BP_E_IO, "CANTOPEN"));
}

TEST(Connection, RefusesADatabaseThatCannotHaveAWriteAheadLog) {
  EXPECT_TRUE(fails_with(Connection::open(":memory:", {}), BP_E_UNSUPPORTED, "NO_WAL"));
}

TEST(Connection, CannotReachOtherFiles) {
  const Scratch scratch;
  Connection connection = open_writer(scratch.path());
  EXPECT_FALSE(connection.execute("ATTACH '" + scratch.path("other.db") + "' AS other"));
}

TEST(Transaction, RollsBackUnlessCommitted) {
  const Scratch scratch;
  Connection connection = open_writer(scratch.path());
  ASSERT_TRUE(connection.execute("CREATE TABLE t (a)"));
  {
    const Transaction transaction = must(Transaction::begin(connection));
    ASSERT_TRUE(connection.execute("INSERT INTO t VALUES (1)"));
    EXPECT_TRUE(connection.in_transaction());
  }
  EXPECT_FALSE(connection.in_transaction());
  EXPECT_EQ(must(connection.number("SELECT count(*) FROM t")), 0);
  Transaction transaction = must(Transaction::begin(connection));
  ASSERT_TRUE(connection.execute("INSERT INTO t VALUES (1)"));
  ASSERT_TRUE(transaction.commit());
  EXPECT_EQ(must(connection.number("SELECT count(*) FROM t")), 1);
}

TEST(Transaction, IsBusyWhileAnotherConnectionWrites) {
  const Scratch scratch;
  Connection first = open_writer(scratch.path());
  Connection second = must(Connection::open(scratch.path(), {.busy_timeout_ms = 1}));
  const Transaction transaction = must(Transaction::begin(first));
  EXPECT_TRUE(fails_with(Transaction::begin(second), BP_E_BUSY, "'test.db'"));
}

TEST(Transaction, WaitsForTheOtherAndCountsHowOften) {
  const Scratch scratch;
  Connection first = open_writer(scratch.path());
  const auto retries = std::make_shared<std::atomic<std::uint64_t>>(0);
  Connection second =
      must(Connection::open(scratch.path(), {.busy_timeout_ms = 60'000, .busy_retries = retries}));
  std::optional<Transaction> transaction = must(Transaction::begin(first));
  std::thread waiting([&] { EXPECT_TRUE(Transaction::begin(second)); });
  while (retries->load() == 0) {
    std::this_thread::yield();
  }
  transaction.reset();
  waiting.join();
  const Transaction again = must(Transaction::begin(first));
  const Unwaiting at_once(second);
  const std::uint64_t before = retries->load();
  EXPECT_TRUE(fails_with(Transaction::begin(second), BP_E_BUSY, "BUSY"));
  EXPECT_EQ(retries->load(), before);
}

}  // namespace
}  // namespace storage_sqlite::engine
