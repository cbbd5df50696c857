// tests/plugins/storage_sqlite/upkeep/wal_test.cpp - checkpoints with and without somebody in the
// way.
#include "upkeep/wal.hpp"

#include <string>

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite::upkeep {
namespace {

using storage_sqlite::testing::must;
using storage_sqlite::testing::open_reader;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

class WalTest : public ::testing::Test {
 protected:
  WalTest() {
    must(writer_.execute("PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x)"));
    grow();
  }

  void grow() { must(writer_.execute("INSERT INTO t VALUES (zeroblob(100000))")); }

  Scratch scratch_;
  engine::Connection writer_ = open_writer(scratch_.path());
};

TEST_F(WalTest, TruncatingMakesTheFileSmall) {
  EXPECT_GT(wal_bytes(scratch_.path()), 100'000U);
  const Checkpoint done = must(checkpoint(writer_, CheckpointMode::Truncate));
  EXPECT_FALSE(done.busy);
  EXPECT_EQ(wal_bytes(scratch_.path()), 0U);
  EXPECT_GT(file_bytes(scratch_.path()), 100'000U);
}

TEST_F(WalTest, PassiveMovesAndKeepsTheFile) {
  const Checkpoint done = must(checkpoint(writer_, CheckpointMode::Passive));
  EXPECT_FALSE(done.busy);
  EXPECT_GT(done.wal_pages, 20);
  EXPECT_EQ(done.moved_pages, done.wal_pages);
  EXPECT_GT(wal_bytes(scratch_.path()), 100'000U);
}

TEST_F(WalTest, AReaderInTheWayIsBusyAtOnceAndNotAnError) {
  engine::Connection reader = open_reader(scratch_.path());
  ASSERT_TRUE(reader.execute("BEGIN"));
  EXPECT_EQ(must(reader.number("SELECT count(*) FROM t")), 1);
  grow();
  for (const CheckpointMode mode : {CheckpointMode::Passive, CheckpointMode::Full,
                                    CheckpointMode::Restart, CheckpointMode::Truncate}) {
    const Checkpoint stuck = must(checkpoint_now(writer_, mode));
    EXPECT_TRUE(stuck.busy);
    EXPECT_LT(stuck.moved_pages, stuck.wal_pages);
  }
  EXPECT_EQ(must(reader.number("SELECT count(*) FROM t")), 1) << "it sees what it saw";
  ASSERT_TRUE(reader.execute("ROLLBACK"));
  EXPECT_FALSE(must(checkpoint_now(writer_, CheckpointMode::Truncate)).busy);
  EXPECT_EQ(wal_bytes(scratch_.path()), 0U);
}

TEST(FileBytes, OfWhatIsNotThereIsNothing) {
  EXPECT_EQ(file_bytes("/nowhere/none.db"), 0U);
}

}  // namespace
}  // namespace storage_sqlite::upkeep
