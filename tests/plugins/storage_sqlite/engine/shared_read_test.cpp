// tests/plugins/storage_sqlite/engine/shared_read_test.cpp - one moment for all, failures alone.
#include "engine/shared_read.hpp"

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
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

constexpr std::size_t all = 1'000;

class Count final : public SharedRead {
 public:
  std::function<void()> before = [] {};
  std::size_t bytes = 8;
  std::optional<bp::result<std::int64_t>> outcome;

  std::size_t read(Connection& connection) override {
    before();
    outcome.emplace(connection.number("SELECT count(*) FROM t"));
    return bytes;
  }

  void fail(const bp::error& why) override { outcome.emplace(std::unexpected(why)); }
};

class SharedReadTest : public ::testing::Test {
 protected:
  SharedReadTest() { must(writer_.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)")); }

  void insert() { must(writer_.execute("INSERT INTO t VALUES (2)")); }

  Scratch scratch_;
  Connection writer_ = open_writer(scratch_.path());
};

TEST_F(SharedReadTest, AllSeeOneMoment) {
  Pool pool(scratch_.path(), {}, {});
  std::vector<Count> counts(3);
  counts[1].before = [this] { insert(); };
  std::vector<SharedRead*> group;
  for (Count& one : counts) {
    group.push_back(&one);
  }
  EXPECT_EQ(read_together(pool, group, all), 3U);
  for (Count& one : counts) {
    EXPECT_EQ(must(*one.outcome), 1);
  }
  Count later;
  const std::vector<SharedRead*> alone{&later};
  EXPECT_EQ(read_together(pool, alone, all), 1U);
  EXPECT_EQ(must(*later.outcome), 2) << "the reader did not stay in its transaction";
  EXPECT_EQ(pool.idle(), 1U);
}

TEST_F(SharedReadTest, WhatOneThrowsFailsOnlyIt) {
  Pool pool(scratch_.path(), {}, {});
  std::vector<Count> counts(3);
  counts[0].before = [] { throw std::runtime_error("a bug in a read"); };
  counts[1].before = [] { throw 7; };
  EXPECT_EQ(read_together(pool, std::vector<SharedRead*>{&counts[0], &counts[1], &counts[2]}, all),
            3U);
  EXPECT_TRUE(fails_with(*counts[0].outcome, BP_E_PANIC, "a bug in a read"));
  EXPECT_TRUE(fails_with(*counts[1].outcome, BP_E_PANIC, "something unknown"));
  EXPECT_EQ(must(*counts[2].outcome), 1);
}

TEST_F(SharedReadTest, WithoutAReaderAllAreTold) {
  Pool pool(scratch_.path(), {}, {.readers_max = 1, .checkout_timeout = 5ms});
  const auto held = must(pool.checkout());
  std::vector<Count> counts(2);
  EXPECT_EQ(read_together(pool, std::vector<SharedRead*>{&counts[0], &counts[1]}, all), 2U);
  EXPECT_TRUE(fails_with(*counts[0].outcome, BP_E_TIMEOUT, "POOL_TIMEOUT"));
  EXPECT_TRUE(fails_with(*counts[1].outcome, BP_E_TIMEOUT, "POOL_TIMEOUT"));
}

TEST_F(SharedReadTest, EndsWhenItHoldsEnough) {
  Pool pool(scratch_.path(), {}, {});
  std::vector<Count> counts(3);
  const std::vector<SharedRead*> group{&counts[0], &counts[1], &counts[2]};
  EXPECT_EQ(read_together(pool, group, 16), 2U);
  EXPECT_FALSE(counts[2].outcome.has_value()) << "its turn comes with the next group";
  EXPECT_EQ(read_together(pool, group, 0), 1U) << "one at least";
  EXPECT_EQ(pool.idle(), 1U);
  const auto lease = must(pool.checkout());
  EXPECT_EQ(must(open_writer(scratch_.path()).number("SELECT count(*) FROM t")), 1);
}

TEST_F(SharedReadTest, AMomentLastsUntilItsEnd) {
  Pool pool(scratch_.path(), {}, {});
  auto reader = must(pool.checkout());
  {
    auto begun = must(Moment::begin(*reader));
    EXPECT_EQ(must(reader->number("SELECT count(*) FROM t")), 1);
    insert();
    const Moment moment(std::move(begun));
    EXPECT_EQ(must(reader->number("SELECT count(*) FROM t")), 1);
    EXPECT_FALSE(Moment::begin(*reader)) << "not twice at a time";
  }
  EXPECT_EQ(must(reader->number("SELECT count(*) FROM t")), 2);
}

}  // namespace
}  // namespace storage_sqlite::engine
