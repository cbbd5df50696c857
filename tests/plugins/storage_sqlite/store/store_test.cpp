// tests/plugins/storage_sqlite/store/store_test.cpp - a database opens whole or not, and survives
// kill -9.
#include "store/store.hpp"

#include <array>
#include <csignal>
#include <fstream>
#include <future>
#include <map>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "records/insert.hpp"
#include "records/query.hpp"
#include "scratch.hpp"

namespace storage_sqlite::store {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_reader;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

bp::result<void> insert_and_wait(Store& store, const std::string& id) {
  std::promise<bp::result<void>> promise;
  engine::Job job{
      .work = [&id](engine::Connection& connection) -> bp::result<void> {
        BP_TRY(records::insert(connection, std::vector{records::Record{.id = id, .name = "n"}}, 1));
        return {};
      },
      .done = [&](bp::result<void> outcome) { promise.set_value(std::move(outcome)); }};
  BP_TRY(store.writer().submit(std::move(job)));
  return promise.get_future().get();
}

TEST(Store, MakesItsFolderAndItsTables) {
  const Scratch scratch;
  const auto store = must(Store::open({.path = scratch.path("deep/er/events.db")}));
  EXPECT_TRUE(insert_and_wait(*store, "1"));
  auto reader = must(store->readers().checkout());
  EXPECT_EQ(must(records::get(*reader, "1")).name, "n");
  EXPECT_EQ(must(reader->number("SELECT count(*) FROM backplane_migrations")), 6);
}

TEST(Store, KeepsWhatWasStoredFromOneOpenToTheNext) {
  const Scratch scratch;
  {
    const auto store = must(Store::open({.path = scratch.path()}));
    EXPECT_TRUE(insert_and_wait(*store, "1"));
    EXPECT_TRUE(store->fresh());
    EXPECT_FALSE(store->moves().empty());
  }
  const auto store = must(Store::open({.path = scratch.path()}));
  EXPECT_FALSE(store->fresh());
  EXPECT_TRUE(store->moves().empty());
  auto reader = must(store->readers().checkout());
  EXPECT_TRUE(records::get(*reader, "1"));
}

TEST(Store, IsOpenOnceAtATime) {
  const Scratch scratch;
  {
    const auto store = must(Store::open({.path = scratch.path()}));
    EXPECT_TRUE(fails_with(Store::open({.path = scratch.path()}), BP_E_BUSY, scratch.path()));
  }
  EXPECT_TRUE(Store::open({.path = scratch.path()}));
}

TEST(Store, RefusesGarbageAndLeavesIt) {
  const Scratch scratch;
  std::ofstream(scratch.path()) << std::string(5000, 'g');
  EXPECT_TRUE(fails_with(Store::open({.path = scratch.path()}), BP_E_CORRUPT, "CORRUPT"));
  EXPECT_TRUE(fails_with(
      Store::open({.path = scratch.path()}), BP_E_CORRUPT,
      "remove '" + scratch.path() + "-wal' and '" + scratch.path() + "-shm', and start the host"));
}

TEST(Store, RefusesANewerDatabaseBeforeItChangesAnything) {
  const Scratch scratch;
  {
    must(Store::open({.path = scratch.path()}));
  }
  {
    engine::Connection connection = open_writer(scratch.path());
    must(connection.execute(
        "INSERT INTO backplane_migrations VALUES ('records', 4, 'the future', 'x', 1)"));
  }
  EXPECT_TRUE(fails_with(Store::open({.path = scratch.path()}), BP_E_TOO_NEW, "the future"));
}

TEST(Store, AnUnwritableFolderIsNamed) {
  const Scratch scratch;
  std::ofstream(scratch.path("file")) << "not a folder";
  EXPECT_TRUE(fails_with(Store::open({.path = scratch.path("file/events.db")}), BP_E_IO, "file"));
}

TEST(Store, AfterCloseReadsAndWritesAreRefused) {
  const Scratch scratch;
  const auto store = must(Store::open({.path = scratch.path()}));
  store->close();
  EXPECT_TRUE(fails_with(insert_and_wait(*store, "1"), BP_E_CLOSED, "closing"));
  EXPECT_TRUE(fails_with(store->readers().checkout(), BP_E_CLOSED, "closing"));
}

/// The child's life: insert numbers for ever, write each acknowledged one to the pipe.
[[noreturn]] void insert_until_killed(const std::string& path, std::uint32_t first,
                                      engine::Durability durability, int pipe) {
  auto store = Store::open({.path = path});
  for (std::uint32_t number = first; store; ++number) {
    const auto record = std::vector{records::Record{.id = std::to_string(number), .name = "n"}};
    const auto submitted = (*store)->writer().submit(
        {.durability = durability,
         .work = [record](engine::Connection& connection) -> bp::result<void> {
           BP_TRY(records::insert(connection, record, 1));
           return {};
         },
         .done =
             [number, pipe](const bp::result<void>& outcome) {
               if (!outcome) {
                 ::_exit(2);  // the parent sees the end of the pipe and fails
               }
               (void)!::write(pipe, &number, sizeof number);
             }});
    if (!submitted) {  // the queue is full: the same number again
      --number;
    }
  }
  ::_exit(1);
}

class KillTest : public ::testing::TestWithParam<engine::Durability> {};

TEST_P(KillTest, EveryAcknowledgedIdIsThereExactlyOnce) {
  constexpr int kills = 20;
  constexpr std::uint32_t numbers_per_life = 1'000'000;
  const Scratch scratch;
  std::set<std::uint32_t> acknowledged;
  for (int life = 0; life < kills; ++life) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      insert_until_killed(scratch.path(), static_cast<std::uint32_t>(life) * numbers_per_life,
                          GetParam(), ends[1]);
    }
    ::close(ends[1]);
    // Another moment in every life: after a few acknowledgements, or in the middle of a group.
    std::size_t wait_for = 1 + static_cast<std::size_t>(life) * 37;
    std::uint32_t number = 0;
    bool killed = false;
    while (::read(ends[0], &number, sizeof number) == sizeof number) {
      acknowledged.insert(number);
      if (--wait_for == 0) {
        killed = ::kill(child, SIGKILL) == 0;
        wait_for = SIZE_MAX;
      }
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(killed && WIFSIGNALED(status)) << "the child ended by itself: " << status;
  }
  const auto store = must(Store::open({.path = scratch.path()}));
  auto reader = must(store->readers().checkout());
  EXPECT_EQ(must(reader->word("PRAGMA integrity_check")), "ok");
  std::map<std::uint32_t, int> stored;
  auto rows = must(reader->prepare("SELECT id FROM records"));
  while (must(rows.step())) {
    ++stored[static_cast<std::uint32_t>(std::stoul(std::string(rows.text(0))))];
  }
  for (const std::uint32_t number : acknowledged) {
    EXPECT_EQ(stored[number], 1) << number;
  }
  for (const auto& [number, times] : stored) {
    EXPECT_LE(times, 1) << number;
  }
  EXPECT_GE(acknowledged.size(), 20U);
}

INSTANTIATE_TEST_SUITE_P(Durabilities, KillTest,
                         ::testing::Values(engine::Durability::Os, engine::Durability::Disk),
                         [](const auto& kind) {
                           return kind.param == engine::Durability::Os ? "Os" : "Disk";
                         });

}  // namespace
}  // namespace storage_sqlite::store
