// tests/plugins/storage_sqlite/kv/kv_test.cpp - values, etags, conditions, times to live and lists.
#include "kv/kv.hpp"

#include <rapidcheck.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kv/tables.hpp"

namespace storage_sqlite::kv {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;

constexpr Condition always{};
constexpr Condition if_absent{Condition::Kind::IfAbsent, 0};

Condition if_etag(std::int64_t etag) {
  return {Condition::Kind::IfEtag, etag};
}

class KvTest : public TablesTest {
 protected:
  KvTest() : TablesTest({.wall_ms = 5, .clock_ms = 1'000}) {}

  std::int64_t put_now(const Key& key, const std::string& value) {
    return must(put_if(key, value, always));
  }

  bp::result<std::int64_t> put_if(const Key& key, const std::string& value,
                                  const Condition& condition, std::int64_t ttl_ms = 0) {
    return put(connection_, key, {value, ttl_ms}, condition, turn_);
  }

  bp::result<std::int64_t> remove_if(const Key& key, const Condition& condition) {
    return remove(connection_, key, condition, turn_);
  }

  bp::result<Entry> get_now(const Key& key) { return get(connection_, key, turn_.clock_ms); }

  bp::result<List> list_now(const ListRequest& request) {
    return list(connection_, request, turn_.clock_ms);
  }
};

TEST_F(KvTest, GivesBackWhatWasPut) {
  const std::string value("\0any\xFF bytes", 11);
  const std::int64_t etag = put_now({"s", "k"}, value);
  const Entry entry = must(get_now({"s", "k"}));
  EXPECT_EQ(entry.value, value);
  EXPECT_EQ(entry.etag, etag);
  EXPECT_EQ(entry.updated_ms, 5);
  EXPECT_TRUE(fails_with(get_now({"other", "k"}), BP_E_NOT_FOUND, "space 'other'"));
}

TEST_F(KvTest, EtagsNeverComeBack) {
  const std::int64_t first = put_now({"s", "k"}, "1");
  EXPECT_GT(must(remove_if({"s", "k"}, always)), first);
  EXPECT_EQ(must(remove_if({"s", "k"}, always)), 0) << "nothing left to delete";
  EXPECT_GT(put_now({"s", "k"}, "1"), first);
}

TEST_F(KvTest, AStaleEtagIsToldThePresentOne) {
  const std::int64_t first = put_now({"s", "k"}, "1");
  const std::int64_t second = must(put_if({"s", "k"}, "2", if_etag(first)));
  EXPECT_TRUE(fails_with(put_if({"s", "k"}, "3", if_etag(first)), BP_E_CONFLICT,
                         "ETAG_MISMATCH: key 'k' has etag '" + etag_text(second) + "'"));
  EXPECT_TRUE(fails_with(remove_if({"s", "k"}, if_etag(first)), BP_E_CONFLICT, "ETAG_MISMATCH"));
  EXPECT_EQ(must(get_now({"s", "k"})).value, "2");
  EXPECT_GT(must(remove_if({"s", "k"}, if_etag(second))), second);
  EXPECT_TRUE(fails_with(put_if({"s", "k"}, "3", if_etag(second)), BP_E_CONFLICT, "has etag none"));
}

TEST_F(KvTest, IfAbsentOnlyCreates) {
  EXPECT_TRUE(put_if({"s", "k"}, "1", if_absent));
  EXPECT_TRUE(fails_with(put_if({"s", "k"}, "2", if_absent), BP_E_CONFLICT, "ETAG_MISMATCH"));
}

TEST_F(KvTest, RefusesBadKeysAndLargeValues) {
  const auto refused = [&](const Key& key, const std::string& part, bp_status code) {
    return fails_with(put_if(key, "v", always), code, part);
  };
  EXPECT_TRUE(refused({"s", ""}, "KEY_INVALID", BP_E_INVALID));
  EXPECT_TRUE(refused({"s", "\xFF"}, "KEY_INVALID", BP_E_INVALID));
  EXPECT_TRUE(refused({"s", std::string(key_bytes_max + 1, 'k')}, "KEY_INVALID", BP_E_TOO_LARGE));
  EXPECT_TRUE(refused({"", "k"}, "`space`", BP_E_INVALID));
  EXPECT_TRUE(fails_with(put_if({"s", "k"}, std::string(value_bytes_max + 1, 'v'), always),
                         BP_E_TOO_LARGE, "`value`"));
  EXPECT_EQ(must(connection_.number("SELECT count(*) FROM kv")), 0);
}

TEST_F(KvTest, ListsByPrefixPageByPage) {
  for (const char* key : {"a", "ab", "ab/1", "ab/2", "abz", "b", "a\xC3\xA4"}) {
    put_now({"s", key}, std::string("value of ") + key);
  }
  put_now({"t", "ab/3"}, "in another space");
  const auto keys = [&](ListRequest request) {
    std::vector<std::string> all;
    for (;;) {
      const List part = must(list_now(request));
      for (const Entry& entry : part.entries) {
        all.push_back(entry.key);
      }
      if (part.cursor.empty()) {
        return all;
      }
      request.cursor = part.cursor;
    }
  };
  using Keys = std::vector<std::string>;
  EXPECT_EQ(keys({.space = "s", .prefix = "ab", .limit = 1}), (Keys{"ab", "ab/1", "ab/2", "abz"}));
  EXPECT_EQ(keys({.space = "s", .prefix = "ab/"}), (Keys{"ab/1", "ab/2"}));
  EXPECT_EQ(keys({.space = "s", .limit = 2}).size(), 7U);
  EXPECT_EQ(keys({.space = "s", .prefix = "a\xC3\xA4"}), (Keys{"a\xC3\xA4"}));
  const List with = must(list_now({.space = "t", .with_values = true}));
  ASSERT_EQ(with.entries.size(), 1U);
  EXPECT_EQ(with.entries[0].value, "in another space");
  EXPECT_EQ(must(list_now({.space = "t"})).entries[0].value, "");
  EXPECT_TRUE(fails_with(list_now({.space = "s", .limit = 0}), BP_E_RANGE, "1 to 1000"));
}

TEST_F(KvTest, AnExpiredKeyIsNotThereThoughNobodyCollectedIt) {
  const std::int64_t etag = must(put_if({"s", "k"}, "v", always, 100));
  turn_.clock_ms += 40;
  EXPECT_EQ(must(get_now({"s", "k"})).ttl_left_ms, 60);
  EXPECT_EQ(must(list_now({.space = "s"})).entries.at(0).ttl_left_ms, 60);
  turn_.clock_ms += 60;
  EXPECT_TRUE(fails_with(get_now({"s", "k"}), BP_E_NOT_FOUND, "NOT_FOUND"));
  EXPECT_TRUE(must(list_now({.space = "s"})).entries.empty());
  EXPECT_FALSE(must(get_many(connection_, "s", {"k"}, turn_.clock_ms)).at(0));
  EXPECT_EQ(must(remove_if({"s", "k"}, always)), 0);
  EXPECT_TRUE(fails_with(put_if({"s", "k"}, "w", if_etag(etag)), BP_E_CONFLICT, "has etag none"));
  EXPECT_TRUE(fails_with(touch(connection_, {"s", "k"}, 50, always, turn_), BP_E_NOT_FOUND, "'k'"));
  EXPECT_GT(must(put_if({"s", "k"}, "w", if_absent)), etag) << "as if it had never been";
  EXPECT_EQ(must(get_now({"s", "k"})).ttl_left_ms, 0) << "and for ever";
}

TEST_F(KvTest, TouchChangesTheTimeToLiveAndNothingElse) {
  const std::int64_t etag = must(put_if({"s", "k"}, "v", always, 100));
  turn_.clock_ms += 99;
  EXPECT_EQ(must(touch(connection_, {"s", "k"}, 200, if_etag(etag), turn_)), etag);
  turn_.clock_ms += 199;
  const Entry entry = must(get_now({"s", "k"}));
  EXPECT_EQ(entry.etag, etag);
  EXPECT_EQ(entry.ttl_left_ms, 1);
  EXPECT_EQ(must(touch(connection_, {"s", "k"}, 0, always, turn_)), etag);
  turn_.clock_ms += ttl_ms_max;
  EXPECT_EQ(must(get_now({"s", "k"})).ttl_left_ms, 0);
  EXPECT_TRUE(fails_with(touch(connection_, {"s", "k"}, 1, if_etag(etag + 1), turn_), BP_E_CONFLICT,
                         "ETAG_MISMATCH"));
}

TEST_F(KvTest, RefusesTimesToLiveThatAreNone) {
  for (const std::int64_t ttl_ms : {std::int64_t{-1}, ttl_ms_max + 1, INT64_MIN, INT64_MAX}) {
    EXPECT_TRUE(fails_with(put_if({"s", "k"}, "v", always, ttl_ms), BP_E_INVALID, "TTL_INVALID"));
    EXPECT_TRUE(fails_with(touch(connection_, {"s", "k"}, ttl_ms, always, turn_), BP_E_INVALID,
                           "TTL_INVALID"));
  }
  EXPECT_TRUE(put_if({"s", "k"}, "v", always, ttl_ms_max));
}

TEST_F(KvTest, GetsManyAtOnceInTheirOrder) {
  put_now({"s", "a"}, "1");
  put_now({"s", "b"}, "2");
  const auto found = must(get_many(connection_, "s", {"b", "none", "a", "b"}, turn_.clock_ms));
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0]->value, "2");
  EXPECT_FALSE(found[1]);
  EXPECT_EQ(found[2]->value, "1");
  EXPECT_EQ(found[3]->etag, found[0]->etag);
  put_now({"s", "big"}, std::string(value_bytes_max, 'v'));
  EXPECT_TRUE(fails_with(get_many(connection_, "s", {"big", "big", "big"}, turn_.clock_ms),
                         BP_E_TOO_LARGE, "fewer keys"));
}

TEST(KvEtag, IsOpaqueTextBothWays) {
  EXPECT_TRUE(rc::check("any etag", [] {
    const auto etag = *rc::gen::positive<std::int64_t>();
    RC_ASSERT(must(read_etag(etag_text(etag))) == etag);
  }));
  for (const char* text : {"", "0", "-1", "x", "1 ", "ffffffffffffffffff"}) {
    EXPECT_TRUE(fails_with(read_etag(text), BP_E_INVALID, "is no etag")) << text;
  }
}

}  // namespace
}  // namespace storage_sqlite::kv
