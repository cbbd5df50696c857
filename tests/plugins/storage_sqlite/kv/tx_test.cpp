// tests/plugins/storage_sqlite/kv/tx_test.cpp - operations in order, results by operation, limits.
#include "kv/tx.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kv/outbox.hpp"
#include "kv/tables.hpp"

namespace storage_sqlite::kv {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;

using Kind = Op::Kind;

constexpr Condition if_absent{Condition::Kind::IfAbsent, 0};

Condition if_etag(std::int64_t etag) {
  return {Condition::Kind::IfEtag, etag};
}

class KvTxTest : public TablesTest {
 protected:
  KvTxTest() : TablesTest({.wall_ms = 77, .clock_ms = 1'000}) {}

  bp::result<std::vector<OpDone>> run(const std::vector<Op>& ops) {
    return apply(connection_, "s", ops, turn_);
  }

  bp::result<Entry> get_now(const std::string& key) {
    return get(connection_, {"s", key}, turn_.clock_ms);
  }
};

TEST_F(KvTxTest, EachOperationHasItsResult) {
  const auto done = must(run({{.kind = Kind::Put, .key = "a", .value = "1"},
                              {.kind = Kind::Put, .key = "b", .value = "2", .ttl_ms = 500},
                              {.kind = Kind::Check, .key = "a", .condition = if_etag(1)},
                              {.kind = Kind::Check, .key = "c", .condition = if_absent},
                              {.kind = Kind::Touch, .key = "b", .ttl_ms = 900},
                              {.kind = Kind::Remove, .key = "a"},
                              {.kind = Kind::Remove, .key = "never"},
                              {.kind = Kind::Publish, .value = "{}", .channel = "orders"}}));
  ASSERT_EQ(done.size(), 8U);
  EXPECT_EQ(done[0].etag, 1);
  EXPECT_EQ(done[1].seq, 2);
  EXPECT_EQ(done[2].etag, 1);
  EXPECT_EQ(done[2].seq, 0);
  EXPECT_EQ(done[3].etag, 0);
  EXPECT_EQ(done[4].etag, 2);
  EXPECT_EQ(done[5].seq, 3);
  EXPECT_EQ(done[6].seq, 0);
  EXPECT_GT(done[7].seq, 0);
  EXPECT_FALSE(get_now("a"));
  EXPECT_EQ(must(get_now("b")).ttl_left_ms, 900);
  EXPECT_EQ(must(waiting_messages(connection_, "orders", 9, 9)).size(), 1U);
}

TEST_F(KvTxTest, TheFirstThatFailsIsNamed) {
  const auto stale = run({{.kind = Kind::Put, .key = "a", .value = "1"},
                          {.kind = Kind::Put, .key = "a", .condition = if_etag(99)},
                          {.kind = Kind::Put, .key = "never"}});
  EXPECT_TRUE(fails_with(stale, BP_E_CONFLICT, "op 1: ETAG_MISMATCH: key 'a' has etag '1'"));
  EXPECT_FALSE(get_now("never"));
  EXPECT_TRUE(fails_with(run({{.kind = Kind::Check, .key = "none"}}), BP_E_NOT_FOUND, "op 0"));
  EXPECT_TRUE(fails_with(run({{.kind = Kind::Touch, .key = "none"}}), BP_E_NOT_FOUND, "op 0"));
  EXPECT_TRUE(fails_with(run({{.kind = static_cast<Kind>(9)}}), BP_E_INVALID, "unknown kind"));
}

TEST_F(KvTxTest, AConditionOfPutManyFailsItsItemOnly) {
  const auto done = must(put_many(connection_, "s",
                                  {{"a", "1", {}, 0},
                                   {"a", "2", if_absent, 0},
                                   {"b", "3", if_etag(5), 0},
                                   {"a", "4", if_etag(1), 7}},
                                  turn_));
  ASSERT_EQ(done.size(), 4U);
  EXPECT_EQ(done[0].seq, 1);
  EXPECT_EQ(done[1].seq, 0);
  EXPECT_EQ(done[1].etag, 1) << "the present one";
  EXPECT_EQ(done[1].error.rfind("ETAG_MISMATCH: key 'a'", 0), 0U);
  EXPECT_EQ(done[2].etag, 0) << "there is none";
  EXPECT_EQ(done[3].etag, 2);
  EXPECT_EQ(must(get_now("a")).value, "4");
  EXPECT_EQ(must(get_now("a")).ttl_left_ms, 7);
  EXPECT_FALSE(get_now("b"));
}

TEST(KvLimits, AreCheckedBeforeAnyWork) {
  const std::vector<Op> none;
  EXPECT_TRUE(fails_with(check(none), BP_E_RANGE, "LIMIT: `ops` has 0 items"));
  EXPECT_TRUE(fails_with(check(std::vector<PutItem>(batch_items_max + 1)), BP_E_RANGE, "`items`"));
  EXPECT_TRUE(fails_with(check_keys({}), BP_E_RANGE, "`keys`"));
  EXPECT_TRUE(fails_with(check_keys({"a", ""}), BP_E_INVALID, "key 1: KEY_INVALID"));
  EXPECT_TRUE(fails_with(check(std::vector<Op>{{.key = "a"}, {.kind = Kind::Publish}}),
                         BP_E_INVALID, "op 1: INVALID: `channel`"));
  EXPECT_TRUE(fails_with(check(std::vector<PutItem>{{"k", "", {}, -1}}), BP_E_INVALID,
                         "item 0: TTL_INVALID"));
  const PutItem large{"k", std::string(value_bytes_max, 'v'), {}, 0};
  EXPECT_TRUE(check(std::vector<PutItem>{large, large}));
  EXPECT_TRUE(fails_with(check(std::vector<PutItem>{large, large, {"k", "v", {}, 0}}),
                         BP_E_TOO_LARGE, "together"));
}

}  // namespace
}  // namespace storage_sqlite::kv
