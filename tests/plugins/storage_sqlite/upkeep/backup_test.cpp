// tests/plugins/storage_sqlite/upkeep/backup_test.cpp - copies while others write, and back again.
#include "upkeep/backup.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "records/insert.hpp"
#include "scratch.hpp"
#include "store/store.hpp"

namespace storage_sqlite::upkeep {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_reader;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

void insert(engine::Connection& connection, int first, int count) {
  std::vector<records::Record> batch;
  for (int number = first; number < first + count; ++number) {
    batch.push_back({.id = std::to_string(number), .name = "n", .data = std::string(5'000, 'd')});
  }
  must(records::insert(connection, batch, 1));
}

class BackupTest : public ::testing::Test {
 protected:
  BackupTest() {
    must(store::Store::open({.path = scratch_.path()}));
    insert(writer_, 0, 100);
  }

  bp::result<Copy> copy_now(const std::string& name = "copy.db") {
    engine::Connection reader = open_reader(scratch_.path());
    return copy(reader, scratch_.path(name), {});
  }

  bp::result<Inspection> look(const std::string& name = "copy.db") {
    return inspect(scratch_.path(name), store::schema(), {});
  }

  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(scratch_.path(""))) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  Scratch scratch_;
  engine::Connection writer_ = open_writer(scratch_.path());
};

TEST_F(BackupTest, ACopyIsOneSoundFile) {
  const Copy made = must(copy_now("deep/copy.db"));
  EXPECT_GT(made.pages, 100U);
  EXPECT_EQ(made.bytes, std::filesystem::file_size(scratch_.path("deep/copy.db")));
  const Inspection found = must(look("deep/copy.db"));
  EXPECT_TRUE(found.problems.empty()) << found.problems.front();
  EXPECT_EQ(found.records, 100U);
  int inside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(scratch_.path("deep"))) {
    EXPECT_EQ(entry.path().filename(), "copy.db");
    ++inside;
  }
  EXPECT_EQ(inside, 1);
}

TEST_F(BackupTest, NothingIsOverwritten) {
  ASSERT_TRUE(copy_now());
  EXPECT_TRUE(fails_with(copy_now(), BP_E_EXISTS, "copy.db"));
  std::ofstream(scratch_.path("next.db.partial")) << "left by a host that was killed";
  EXPECT_TRUE(copy_now("next.db"));
}

TEST_F(BackupTest, WhoeverWritesMeanwhileChangesNothingInIt) {
  std::atomic<bool> done = false;
  std::thread other([&] {
    engine::Connection connection = open_writer(scratch_.path());
    for (int number = 1'000; !done; ++number) {
      insert(connection, number, 1);
    }
  });
  const auto made = copy_now();
  done = true;
  other.join();
  ASSERT_TRUE(made) << made.error().text();
  const Inspection found = must(look());
  EXPECT_TRUE(found.problems.empty());
  EXPECT_GE(found.records, 100U);
}

TEST_F(BackupTest, AStopLeavesNothingBehind) {
  const auto stop = std::make_unique<std::stop_source>();
  stop->request_stop();
  const std::set<std::string> before = files();
  engine::Connection reader = open_reader(scratch_.path());
  EXPECT_TRUE(fails_with(copy(reader, scratch_.path("copy.db"), stop->get_token()), BP_E_CLOSED,
                         "STOPPING"));
  EXPECT_EQ(files(), before);
  EXPECT_EQ(must(reader.number("SELECT count(*) FROM records")), 100);
  EXPECT_FALSE(reader.in_transaction());
}

TEST_F(BackupTest, RestoringBringsBackWhatWasThere) {
  ASSERT_TRUE(copy_now());
  engine::Connection reader = open_reader(scratch_.path());
  must(writer_.execute("DELETE FROM records WHERE id < '5'"));
  insert(writer_, 1'000, 5);
  EXPECT_NE(must(reader.number("SELECT count(*) FROM records")), 100);
  engine::Connection into = open_writer(scratch_.path());
  ASSERT_TRUE(restore(into, scratch_.path("copy.db")));
  EXPECT_EQ(must(reader.number("SELECT count(*) FROM records")), 100) << "readers see it at once";
  insert(writer_, 2'000, 1);
  EXPECT_EQ(must(reader.number("SELECT count(*) FROM records")), 101) << "the writer goes on";
  EXPECT_EQ(must(reader.word("PRAGMA integrity_check")), "ok");
  EXPECT_EQ(must(reader.word("PRAGMA journal_mode")), "wal");
}

TEST_F(BackupTest, AReplacementIsChangedBeforeItTakesThePlaceAndLeavesNoFile) {
  ASSERT_TRUE(copy_now());
  must(writer_.execute("DELETE FROM records"));
  const std::set<std::string> before = files();
  std::ofstream(scratch_.path("next.restoring")) << "left by a host that was killed";
  {
    const auto next =
        must(Replacement::make(scratch_.path("copy.db"), scratch_.path("next.restoring")));
    insert(next->connection(), 500, 1);
    engine::Connection into = open_writer(scratch_.path());
    ASSERT_TRUE(restore(into, next->connection()));
  }
  EXPECT_EQ(files(), before);
  EXPECT_EQ(must(writer_.number("SELECT count(*) FROM records")), 101);
  EXPECT_EQ(must(writer_.word("PRAGMA journal_mode")), "wal");
  EXPECT_EQ(must(look("copy.db")).records, 100U) << "the backup stays as it is";
}

TEST_F(BackupTest, DamageIsFoundAndIsNoError) {
  ASSERT_TRUE(copy_now());
  EXPECT_TRUE(must(look()).problems.empty());
  std::fstream file(scratch_.path("copy.db"), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(80'000);
  file << std::string(40'000, 'X');
  file.close();
  EXPECT_FALSE(must(look()).problems.empty());
  std::ofstream(scratch_.path("garbage.db")) << std::string(5'000, 'g');
  EXPECT_FALSE(must(look("garbage.db")).problems.empty());
  EXPECT_TRUE(fails_with(look("none.db"), BP_E_NOT_FOUND, "none.db"));
  EXPECT_TRUE(fails_with(look("deep/none.db"), BP_E_NOT_FOUND, "in the folder 'deep'"));
}

TEST_F(BackupTest, ACopyOfANewerBuildIsAProblem) {
  must(writer_.execute("INSERT INTO backplane_migrations VALUES ('records', 4, 'future', 'x', 1)"));
  ASSERT_TRUE(copy_now());
  const Inspection found = must(look());
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_NE(found.problems[0].find("SCHEMA_TOO_NEW"), std::string::npos);
}

TEST_F(BackupTest, IntegrityTellsWhatIsWrong) {
  EXPECT_TRUE(must(integrity(writer_, false, {})).empty());
  EXPECT_TRUE(must(integrity(writer_, true, {})).empty());
  const auto stop = std::make_unique<std::stop_source>();
  stop->request_stop();
  EXPECT_TRUE(fails_with(integrity(writer_, false, stop->get_token()), BP_E_CLOSED, "STOPPING"));
}

TEST(BackupFolder, TakesPlainNamesOnly) {
  const BackupFolder folder("/data/backups");
  EXPECT_EQ(must(folder.path_of("a-1_b.db")), "/data/backups/a-1_b.db");
  for (const char* name :
       {"", ".", "..", ".hidden", "a/b", "../events.db", "a b", "a\\b", "\xC3\xA4"}) {
    EXPECT_TRUE(fails_with(folder.path_of(name), BP_E_INVALID, "`file`")) << name;
  }
  EXPECT_TRUE(fails_with(folder.path_of(std::string(129, 'a')), BP_E_INVALID, "`file`"));
}

TEST(BackupFolder, NamesSayTheTimeAndAreFree) {
  const Scratch scratch;
  const BackupFolder folder(scratch.path(""));
  constexpr std::int64_t time_ms = 1'795'680'900'123;
  const std::string first = folder.free_name("backup", time_ms);
  EXPECT_EQ(first, "backup-20261126T081500Z.db");
  std::ofstream(must(folder.path_of(first))) << "taken";
  EXPECT_EQ(folder.free_name("backup", time_ms), "backup-20261126T081500Z-2.db");
}

}  // namespace
}  // namespace storage_sqlite::upkeep
