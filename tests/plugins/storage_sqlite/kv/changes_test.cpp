// tests/plugins/storage_sqlite/kv/changes_test.cpp - numbers without gaps, resuming, forgetting.
#include "kv/changes.hpp"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kv/tables.hpp"

namespace storage_sqlite::kv {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;

class KvChangesTest : public TablesTest {
 protected:
  KvChangesTest() : TablesTest({.wall_ms = 77}) {}

  std::int64_t put_now(const std::string& space, const std::string& key) {
    return must(put(connection_, {space, key}, {"v", 0}, {}, turn_));
  }

  static std::vector<std::int64_t> numbers(const Changes& found) {
    std::vector<std::int64_t> all;
    for (const Change& change : found.changes) {
      all.push_back(change.seq);
    }
    return all;
  }
};

using Numbers = std::vector<std::int64_t>;

TEST_F(KvChangesTest, NumbersEachNamespaceByItself) {
  EXPECT_EQ(put_now("a", "k"), 1);
  EXPECT_EQ(put_now("a", "l"), 2);
  EXPECT_EQ(put_now("b", "k"), 1);
  EXPECT_EQ(must(remove(connection_, {"a", "k"}, {}, turn_)), 3);
  const Changes found = must(changes(connection_, "a", 0, 100));
  EXPECT_EQ(numbers(found), (Numbers{1, 2, 3}));
  EXPECT_EQ(found.latest, 3);
  EXPECT_EQ(found.changes[0].key, "k");
  EXPECT_EQ(found.changes[0].time_ms, 77);
  EXPECT_EQ(found.changes[2].op, ChangeOp::Remove);
  EXPECT_EQ(must(newest_seq(connection_, "none")), 0);
}

TEST_F(KvChangesTest, ResumesPageByPage) {
  for (int count = 0; count < 5; ++count) {
    put_now("a", "k");
  }
  EXPECT_EQ(numbers(must(changes(connection_, "a", 0, 2))), (Numbers{1, 2}));
  EXPECT_EQ(numbers(must(changes(connection_, "a", 2, 2))), (Numbers{3, 4}));
  EXPECT_EQ(numbers(must(changes(connection_, "a", 4, 2))), (Numbers{5}));
  EXPECT_EQ(numbers(must(changes(connection_, "a", 5, 2))), Numbers{});
  EXPECT_EQ(must(changes(connection_, "none", 0, 2)).latest, 0);
  EXPECT_TRUE(fails_with(changes(connection_, "a", 0, 0), BP_E_RANGE, "LIMIT"));
  EXPECT_TRUE(fails_with(changes(connection_, "", 0, 1), BP_E_INVALID, "space"));
}

TEST_F(KvChangesTest, ANumberThatWasNeverGivenIsNoPlaceToGoOnFrom) {
  put_now("a", "k");
  for (const std::uint64_t since : {std::uint64_t{2}, std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_TRUE(fails_with(changes(connection_, "a", since, 2), BP_E_RANGE,
                           "CHANGES_GONE: number " + std::to_string(since) +
                               " was never given to a change; list the keys, and go on from 1"));
  }
  EXPECT_TRUE(fails_with(changes(connection_, "none", 1, 2), BP_E_RANGE, "go on from 0"));
}

TEST_F(KvChangesTest, ForgetsOldOnesAndSaysSo) {
  turn_.changes_kept = 10;
  for (int count = 0; count < 512; ++count) {
    put_now("a", "k");
  }
  EXPECT_TRUE(fails_with(changes(connection_, "a", 0, 5), BP_E_RANGE,
                         "CHANGES_GONE: changes after 0 are no longer kept; list the keys, and go "
                         "on from 512"));
  EXPECT_TRUE(fails_with(changes(connection_, "a", 501, 5), BP_E_RANGE, "CHANGES_GONE"));
  EXPECT_EQ(numbers(must(changes(connection_, "a", 502, 2))), (Numbers{503, 504}));
  EXPECT_EQ(must(connection_.number("SELECT count(*) FROM kv_change_packs")), 10);
  EXPECT_EQ(must(kept_since(connection_, "a")), 502);
  EXPECT_EQ(must(kept_since(connection_, "none")), 0);
}

TEST_F(KvChangesTest, TheNewestIsNeverForgottenOrNumbersWouldComeBack) {
  turn_.changes_kept = 1;
  for (int count = 0; count < 256; ++count) {
    put_now("a", "k");
  }
  EXPECT_EQ(must(connection_.number("SELECT count(*) FROM kv_change_packs")), 1);
  EXPECT_EQ(put_now("a", "k"), 257);
}

TEST(KvChangeOp, HasTheWordsOfTheContract) {
  EXPECT_EQ(word_of(ChangeOp::Put), "put");
  EXPECT_EQ(word_of(ChangeOp::Remove), "remove");
  EXPECT_EQ(word_of(ChangeOp::Expire), "expire");
  EXPECT_EQ(word_of(static_cast<ChangeOp>(9)), "unknown");
}

}  // namespace
}  // namespace storage_sqlite::kv
