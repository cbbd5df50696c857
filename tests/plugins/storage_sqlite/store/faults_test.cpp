// tests/plugins/storage_sqlite/store/faults_test.cpp - full disks, folders that cannot be written,
// damaged pages, clocks that are set back.
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "records/insert.hpp"
#include "records/query.hpp"
#include "scratch.hpp"
#include "small_disk.hpp"
#include "store/store.hpp"

namespace storage_sqlite::store {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::Scratch;
using storage_sqlite::testing::SmallDisk;

constexpr std::size_t data_bytes = 20'000;

bp::result<void> run(Store& store, std::function<bp::result<void>(engine::Connection&)> work) {
  std::promise<bp::result<void>> promise;
  BP_TRY(store.writer().submit({.work = std::move(work), .done = [&](bp::result<void> outcome) {
                                  promise.set_value(std::move(outcome));
                                }}));
  return promise.get_future().get();
}

bp::result<void> insert(Store& store, const std::string& id, std::int64_t now_ms = 1) {
  return run(store, [&](engine::Connection& connection) -> bp::result<void> {
    BP_TRY(records::insert(
        connection,
        std::vector{records::Record{.id = id, .name = "n", .data = std::string(data_bytes, 'd')}},
        now_ms));
    return {};
  });
}

std::int64_t count(Store& store) {
  return must(must(store.readers().checkout())->number("SELECT count(*) FROM records"));
}

/// Inserts until the disk is full; how many were acknowledged.
std::int64_t fill(Store& store) {
  constexpr std::int64_t more_than_fits = 1'000;
  for (std::int64_t number = 0; number < more_than_fits; ++number) {
    const auto stored = insert(store, "fill" + std::to_string(number));
    if (!stored) {
      EXPECT_TRUE(fails_with(stored, BP_E_IO, "DISK_FULL"));
      return number;
    }
  }
  ADD_FAILURE() << "the disk was never full";
  return more_than_fits;
}

/// Many at once share a group: all of them are told, nothing of any of them is there.
void expect_whole_groups_to_fail(Store& store) {
  const std::int64_t before = count(store);
  std::vector<std::future<bp::result<void>>> outcomes;
  for (int number = 0; number < 50; ++number) {
    auto promise = std::make_shared<std::promise<bp::result<void>>>();
    outcomes.push_back(promise->get_future());
    must(store.writer().submit(
        {.work = [number](engine::Connection& connection) -> bp::result<void> {
           BP_TRY(records::insert(connection,
                                  std::vector{records::Record{.id = "g" + std::to_string(number),
                                                              .name = "n",
                                                              .data = std::string(100'000, 'd')}},
                                  1));
           return {};
         },
         .done = [promise](bp::result<void> outcome) { promise->set_value(std::move(outcome)); }}));
  }
  for (auto& outcome : outcomes) {
    EXPECT_TRUE(fails_with(outcome.get(), BP_E_IO, "DISK_FULL"));
  }
  EXPECT_EQ(count(store), before);
}

TEST(StoreFaults, AFullDiskFailsWholeGroupsAndTheWriterGoesOnWhenThereIsSpace) {
  const Scratch scratch;
  const SmallDisk disk(scratch.path("small"));
  if (!disk.mounted()) {
    GTEST_SKIP() << "may not mount a small disk here; the next test limits the pages instead";
  }
  const std::string ballast = scratch.path("small/ballast");
  std::ofstream(ballast) << std::string(1'000'000, 'b');
  const auto store = must(Store::open({.path = scratch.path("small/test.db")}));
  const std::int64_t acknowledged = fill(*store);
  EXPECT_EQ(count(*store), acknowledged);
  expect_whole_groups_to_fail(*store);
  std::filesystem::remove(ballast);
  EXPECT_TRUE(insert(*store, "after"));
  EXPECT_EQ(count(*store), acknowledged + 1);
  EXPECT_EQ(must(must(store->readers().checkout())->word("PRAGMA integrity_check")), "ok");
}

TEST(StoreFaults, ADatabaseThatMayNotGrowFailsTheSameWay) {
  const Scratch scratch;
  const auto store = must(Store::open({.path = scratch.path()}));
  const auto limit_pages = [&](const std::string& pages) {
    must(run(*store, [&](engine::Connection& connection) {
      return connection.execute("PRAGMA max_page_count = " + pages);
    }));
  };
  limit_pages("300");
  const std::int64_t acknowledged = fill(*store);
  EXPECT_EQ(count(*store), acknowledged);
  expect_whole_groups_to_fail(*store);
  limit_pages("100000");
  EXPECT_TRUE(insert(*store, "after"));
  EXPECT_EQ(count(*store), acknowledged + 1);
}

TEST(StoreFaults, AFolderThatCannotBeWrittenIsNamed) {
  const Scratch scratch;
  const SmallDisk disk(scratch.path("small"));
  if (!disk.mounted()) {
    if (::geteuid() == 0) {
      GTEST_SKIP() << "root may write everywhere, and nothing can be mounted here";
    }
    std::filesystem::permissions(scratch.path("small"), std::filesystem::perms::owner_read |
                                                            std::filesystem::perms::owner_exec);
  } else {
    ASSERT_TRUE(disk.make_read_only());
  }
  EXPECT_TRUE(fails_with(Store::open({.path = scratch.path("small/test.db")}), BP_E_IO, "small"));
}

TEST(StoreFaults, ADatabaseThatBecomesReadOnlyStillAnswersReads) {
  const Scratch scratch;
  const SmallDisk disk(scratch.path("small"));
  if (!disk.mounted()) {
    GTEST_SKIP() << "may not mount a disk here";
  }
  {
    const auto store = must(Store::open({.path = scratch.path("small/test.db")}));
    ASSERT_TRUE(insert(*store, "1"));
  }
  ASSERT_TRUE(disk.make_read_only());
  EXPECT_TRUE(fails_with(Store::open({.path = scratch.path("small/test.db")}), BP_E_IO, "test.db"))
      << "named, and nothing hangs";
}

/// Overwrites pages in the middle of a closed database.
void damage(const std::string& path) {
  constexpr std::size_t page_bytes = 4'096;
  const auto bytes = std::filesystem::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (std::size_t page = 40; (page + 1) * page_bytes < bytes; ++page) {
    file.seekp(static_cast<std::streamoff>(page * page_bytes));
    file << std::string(page_bytes, 'X');
  }
}

TEST(StoreFaults, DamagedPagesAreFoundByReadingThemAndNothingIsWrittenAfterwards) {
  const Scratch scratch;
  std::int64_t migrations = 0;
  {
    const auto store = must(Store::open({.path = scratch.path()}));
    migrations = static_cast<std::int64_t>(store->moves().size());
    for (int number = 0; number < 100; ++number) {
      ASSERT_TRUE(insert(*store, std::to_string(number)));
    }
  }
  damage(scratch.path());
  const auto store = must(Store::open({.path = scratch.path()}));
  auto reader = must(store->readers().checkout());
  EXPECT_TRUE(
      fails_with(store->health().seen(records::page(*reader, {})), BP_E_CORRUPT, "CORRUPT"));
  EXPECT_TRUE(fails_with(store->health().may_write(), BP_E_CORRUPT, "restore a backup"));
  EXPECT_TRUE(store->health().may_read());
  EXPECT_EQ(must(reader->number("SELECT count(*) FROM backplane_migrations")), migrations)
      << "what is whole can be read";
}

TEST(StoreFaults, AClockThatIsSetBackLosesAndRepeatsNothing) {
  const Scratch scratch;
  const auto store = must(Store::open({.path = scratch.path()}));
  constexpr std::int64_t noon = 1'800'000'000'000;
  ASSERT_TRUE(insert(*store, "first", noon));
  ASSERT_TRUE(insert(*store, "second", noon - 3'600'000));
  ASSERT_TRUE(insert(*store, "third", noon + 1));
  auto reader = must(store->readers().checkout());
  EXPECT_LT(must(records::get(*reader, "first")).seq, must(records::get(*reader, "second")).seq);
  records::PageRequest request{.limit = 1};
  std::vector<std::string> ids;
  do {
    const records::Page page = must(records::page(*reader, request));
    ids.push_back(page.records.at(0).id);
    request.cursor = page.cursor;
  } while (!request.cursor.empty());
  EXPECT_EQ(ids, (std::vector<std::string>{"third", "first", "second"}));
}

TEST(StoreFaults, InterruptedWritesThatGoAloneUndoNobodyElses) {
  const Scratch scratch;
  const auto store = must(Store::open({.path = scratch.path()}));
  std::promise<bp::result<void>> alone;
  must(store->submit_alone(0, [&](bp::result<engine::Connection*> connection) {
    const auto begun = engine::Transaction::begin(**connection);
    alone.set_value(begun ? (*connection)->execute("CREATE TABLE app_t (x)")
                          : bp::result<void>(std::unexpected(begun.error())));
  }));
  EXPECT_TRUE(insert(*store, "1"));
  EXPECT_TRUE(alone.get_future().get());
  EXPECT_EQ(count(*store), 1) << "its transaction was its own, and it was not committed";
  EXPECT_FALSE(must(store->readers().checkout())->execute("SELECT * FROM app_t"));
  store->close();
  EXPECT_TRUE(fails_with(store->submit_alone(0, [](auto) {}), BP_E_CLOSED, "closing"));
}

}  // namespace
}  // namespace storage_sqlite::store
