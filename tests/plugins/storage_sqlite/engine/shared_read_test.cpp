// tests/plugins/storage_sqlite/engine/shared_read_test.cpp - one moment for all, failures alone.
#include "engine/shared_read.hpp"

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
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

class Count final : public SharedRead {
 public:
  std::function<void()> before = [] {};
  std::optional<bp::result<std::int64_t>> outcome;

  void read(Connection& connection) override {
    before();
    outcome.emplace(connection.number("SELECT count(*) FROM t"));
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
  read_together(pool, group);
  for (Count& one : counts) {
    EXPECT_EQ(must(*one.outcome), 1);
  }
  Count later;
  const std::vector<SharedRead*> alone{&later};
  read_together(pool, alone);
  EXPECT_EQ(must(*later.outcome), 2) << "the reader did not stay in its transaction";
  EXPECT_EQ(pool.idle(), 1U);
}

TEST_F(SharedReadTest, WhatOneThrowsFailsOnlyIt) {
  Pool pool(scratch_.path(), {}, {});
  std::vector<Count> counts(3);
  counts[0].before = [] { throw std::runtime_error("a bug in a read"); };
  counts[1].before = [] { throw 7; };
  read_together(pool, std::vector<SharedRead*>{&counts[0], &counts[1], &counts[2]});
  EXPECT_TRUE(fails_with(*counts[0].outcome, BP_E_PANIC, "a bug in a read"));
  EXPECT_TRUE(fails_with(*counts[1].outcome, BP_E_PANIC, "something unknown"));
  EXPECT_EQ(must(*counts[2].outcome), 1);
}

TEST_F(SharedReadTest, WithoutAReaderAllAreTold) {
  Pool pool(scratch_.path(), {}, {.readers_max = 1, .checkout_timeout = 5ms});
  const auto held = must(pool.checkout());
  std::vector<Count> counts(2);
  read_together(pool, std::vector<SharedRead*>{&counts[0], &counts[1]});
  EXPECT_TRUE(fails_with(*counts[0].outcome, BP_E_TIMEOUT, "POOL_TIMEOUT"));
  EXPECT_TRUE(fails_with(*counts[1].outcome, BP_E_TIMEOUT, "POOL_TIMEOUT"));
}

}  // namespace
}  // namespace storage_sqlite::engine
