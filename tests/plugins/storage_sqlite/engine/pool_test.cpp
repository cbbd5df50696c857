// tests/plugins/storage_sqlite/engine/pool_test.cpp - bounded, fair, and closed in order.
#include "engine/pool.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite::engine {
namespace {

using namespace std::chrono_literals;
using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

class PoolTest : public ::testing::Test {
 protected:
  PoolTest() { must(writer_.execute("CREATE TABLE t (a); INSERT INTO t VALUES (42)")); }

  static void wait_until_waiting(const Pool& pool, std::size_t count) {
    while (pool.waiting() != count) {
      std::this_thread::yield();
    }
  }

  Scratch scratch_;
  Connection writer_ = open_writer(scratch_.path());
};

TEST_F(PoolTest, OpensOnDemandAndLendsAgain) {
  Pool pool(scratch_.path(), {}, {});
  EXPECT_EQ(pool.idle(), 0U);
  {
    auto lease = must(pool.checkout());
    EXPECT_EQ(must(lease->number("SELECT a FROM t")), 42);
    EXPECT_FALSE(lease->execute("DELETE FROM t")) << "readers cannot write";
  }
  EXPECT_EQ(pool.idle(), 1U);
  auto lease = must(pool.checkout());
  EXPECT_EQ(pool.idle(), 0U);
}

TEST_F(PoolTest, TellsTheOneWhoWaitedTooLong) {
  Pool pool(scratch_.path(), {}, {.readers_max = 1, .checkout_timeout = 5ms});
  std::optional<Pool::Lease> lease(must(pool.checkout()));
  EXPECT_TRUE(fails_with(pool.checkout(), BP_E_TIMEOUT, "POOL_TIMEOUT"));
  EXPECT_EQ(pool.waiting(), 0U);
  lease.reset();
  EXPECT_TRUE(pool.checkout()) << "the one who gave up left no trace in the line";
}

TEST_F(PoolTest, ServesTheLineInOrder) {
  Pool pool(scratch_.path(), {}, {.readers_max = 1});
  std::optional<Pool::Lease> lease(must(pool.checkout()));
  constexpr int people = 5;
  std::mutex mutex;
  std::vector<int> served;
  std::vector<std::thread> line;
  for (int person = 0; person < people; ++person) {
    line.emplace_back([&, person] {
      const auto mine = pool.checkout();
      const std::scoped_lock lock(mutex);
      served.push_back(mine ? person : -1);
    });
    wait_until_waiting(pool, static_cast<std::size_t>(person) + 1);
  }
  lease.reset();
  for (std::thread& person : line) {
    person.join();
  }
  EXPECT_EQ(served, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(PoolTest, NeverLendsMoreThanItsLimit) {
  Pool pool(scratch_.path(), {}, {.readers_max = 3});
  std::atomic<int> out = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> crowd;
  for (int person = 0; person < 12; ++person) {
    crowd.emplace_back([&] {
      for (int turn = 0; turn < 20; ++turn) {
        auto lease = pool.checkout();
        ASSERT_TRUE(lease);
        const int now = ++out;
        int seen = most.load();
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        EXPECT_EQ(must((*lease)->number("SELECT a FROM t")), 42);
        --out;
      }
    });
  }
  for (std::thread& person : crowd) {
    person.join();
  }
  EXPECT_LE(most.load(), 3);
  EXPECT_LE(pool.idle(), 3U);
}

TEST_F(PoolTest, ClosesSurplusThatWasIdleTooLong) {
  Pool pool(scratch_.path(), {}, {.readers_max = 8, .idle_min = 2, .idle_time_max = 0ms});
  {
    std::vector<Pool::Lease> leases;
    for (int count = 0; count < 6; ++count) {
      leases.push_back(must(pool.checkout()));
    }
  }
  EXPECT_EQ(pool.idle(), 2U);
}

TEST_F(PoolTest, ClosingTellsEveryoneInLine) {
  Pool pool(scratch_.path(), {}, {.readers_max = 1});
  std::optional<Pool::Lease> lease(must(pool.checkout()));
  std::thread waiting([&] { EXPECT_TRUE(fails_with(pool.checkout(), BP_E_CLOSED, "closing")); });
  wait_until_waiting(pool, 1);
  pool.close();
  waiting.join();
  lease.reset();
  EXPECT_EQ(pool.idle(), 0U);
  EXPECT_TRUE(fails_with(pool.checkout(), BP_E_CLOSED, "closing"));
}

TEST_F(PoolTest, AFailedOpenGivesItsPlaceBack) {
  Pool pool(scratch_.path("missing.db"), {}, {.readers_max = 1, .checkout_timeout = 5ms});
  EXPECT_TRUE(fails_with(pool.checkout(), BP_E_IO, "CANTOPEN"));
  EXPECT_TRUE(fails_with(pool.checkout(), BP_E_IO, "CANTOPEN")) << "and not POOL_TIMEOUT";
}

TEST_F(PoolTest, LongReadersAreAbortedAndTheirConnectionsGoOn) {
  Pool pool(scratch_.path(), {}, {.readers_max = 2});
  auto lease = must(pool.checkout());
  EXPECT_EQ(pool.in_use(), 1U);
  std::optional<bp::result<std::int64_t>> outcome;
  std::atomic<bool> ended = false;
  std::thread reading([&] {
    outcome = lease->number(
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n");
    ended = true;
  });
  EXPECT_EQ(pool.abort_older_than(1h), 0U) << "it is not that old";
  std::size_t met = 0;
  while (!ended) {
    met += pool.abort_older_than(0ms);
    std::this_thread::yield();
  }
  reading.join();
  EXPECT_EQ(met, 1U);
  EXPECT_TRUE(fails_with(*outcome, BP_E_TIMEOUT, "DEADLINE"));
  EXPECT_TRUE(lease.aborted());
  EXPECT_EQ(must(lease->number("SELECT 1")), 1);
}

}  // namespace
}  // namespace storage_sqlite::engine
