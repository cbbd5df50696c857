// tests/plugins/storage_sqlite/kv/kv_test.cpp - values, etags, conditions and lists.
#include "kv/kv.hpp"

#include <map>
#include <rapidcheck.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kv/schema.hpp"
#include "scratch.hpp"

namespace storage_sqlite::kv {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

constexpr Condition always{};
constexpr Condition if_absent{Condition::Kind::IfAbsent, 0};

Condition if_etag(std::int64_t etag) {
  return {Condition::Kind::IfEtag, etag};
}

class KvTest : public ::testing::Test {
 protected:
  KvTest() { must(migration::migrate(connection_, schema(), schema().newest())); }

  std::int64_t put_now(const Key& key, const std::string& value) {
    return must(put(connection_, key, value, always, 5));
  }

  Scratch scratch_;
  engine::Connection connection_ = open_writer(scratch_.path());
};

TEST_F(KvTest, GivesBackWhatWasPut) {
  const std::string value("\0any\xFF bytes", 11);
  const std::int64_t etag = put_now({"s", "k"}, value);
  const Entry entry = must(get(connection_, {"s", "k"}));
  EXPECT_EQ(entry.value, value);
  EXPECT_EQ(entry.etag, etag);
  EXPECT_EQ(entry.updated_ms, 5);
  EXPECT_TRUE(fails_with(get(connection_, {"other", "k"}), BP_E_NOT_FOUND, "space 'other'"));
}

TEST_F(KvTest, EtagsNeverComeBack) {
  const std::int64_t first = put_now({"s", "k"}, "1");
  EXPECT_TRUE(must(remove(connection_, {"s", "k"}, always)));
  EXPECT_FALSE(must(remove(connection_, {"s", "k"}, always))) << "nothing left to delete";
  EXPECT_GT(put_now({"s", "k"}, "1"), first);
}

TEST_F(KvTest, AStaleEtagIsToldThePresentOne) {
  const std::int64_t first = put_now({"s", "k"}, "1");
  const std::int64_t second = must(put(connection_, {"s", "k"}, "2", if_etag(first), 5));
  EXPECT_TRUE(fails_with(put(connection_, {"s", "k"}, "3", if_etag(first), 5), BP_E_CONFLICT,
                         "ETAG_MISMATCH: key 'k' has etag '" + etag_text(second) + "'"));
  EXPECT_TRUE(
      fails_with(remove(connection_, {"s", "k"}, if_etag(first)), BP_E_CONFLICT, "ETAG_MISMATCH"));
  EXPECT_EQ(must(get(connection_, {"s", "k"})).value, "2");
  EXPECT_TRUE(must(remove(connection_, {"s", "k"}, if_etag(second))));
  EXPECT_TRUE(fails_with(put(connection_, {"s", "k"}, "3", if_etag(second), 5), BP_E_CONFLICT,
                         "has etag none"));
}

TEST_F(KvTest, IfAbsentOnlyCreates) {
  EXPECT_TRUE(put(connection_, {"s", "k"}, "1", if_absent, 5));
  EXPECT_TRUE(
      fails_with(put(connection_, {"s", "k"}, "2", if_absent, 5), BP_E_CONFLICT, "ETAG_MISMATCH"));
}

TEST_F(KvTest, RefusesBadKeysAndLargeValues) {
  const auto refused = [&](const Key& key, const std::string& part, bp_status code) {
    return fails_with(put(connection_, key, "v", always, 5), code, part);
  };
  EXPECT_TRUE(refused({"s", ""}, "KEY_INVALID", BP_E_INVALID));
  EXPECT_TRUE(refused({"s", "\xFF"}, "KEY_INVALID", BP_E_INVALID));
  EXPECT_TRUE(refused({"s", std::string(key_bytes_max + 1, 'k')}, "KEY_INVALID", BP_E_TOO_LARGE));
  EXPECT_TRUE(refused({"", "k"}, "`space`", BP_E_INVALID));
  EXPECT_TRUE(
      fails_with(put(connection_, {"s", "k"}, std::string(value_bytes_max + 1, 'v'), always, 5),
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
      const List part = must(list(connection_, request));
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
  const List with = must(list(connection_, {.space = "t", .with_values = true}));
  ASSERT_EQ(with.entries.size(), 1U);
  EXPECT_EQ(with.entries[0].value, "in another space");
  EXPECT_EQ(must(list(connection_, {.space = "t"})).entries[0].value, "");
  EXPECT_TRUE(fails_with(list(connection_, {.space = "s", .limit = 0}), BP_E_RANGE, "1 to 1000"));
}

// Property: after any puts and deletes the table is what a std::map would be.
TEST_F(KvTest, IsAMap) {
  EXPECT_TRUE(
      rc::check("any history", [&](const std::vector<std::pair<std::uint8_t, bool>>& history) {
        must(connection_.execute("DELETE FROM kv"));
        std::map<std::string, std::string> model;
        for (std::size_t turn = 0; turn < history.size(); ++turn) {
          const std::string key = std::to_string(history[turn].first % 8);
          if (history[turn].second) {
            model[key] = std::to_string(turn);
            put_now({"s", key}, model[key]);
          } else {
            RC_ASSERT(must(remove(connection_, {"s", key}, always)) == (model.erase(key) == 1));
          }
        }
        std::map<std::string, std::string> stored;
        for (const Entry& entry :
             must(list(connection_, {.space = "s", .with_values = true})).entries) {
          stored[entry.key] = entry.value;
        }
        RC_ASSERT(stored == model);
      }));
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
