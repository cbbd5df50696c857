// tests/plugins/storage_sqlite/records/query_test.cpp - pages without gaps, searches with ranks.
#include "records/query.hpp"

#include <algorithm>
#include <rapidcheck.h>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "records/insert.hpp"
#include "records/schema.hpp"
#include "scratch.hpp"

namespace storage_sqlite::records {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

class QueryTest : public ::testing::Test {
 protected:
  QueryTest() { must(migration::migrate(connection_, schema(), schema().newest())); }

  void clear() {
    must(connection_.execute(
        "DELETE FROM records; INSERT INTO records_fts (records_fts) VALUES ('rebuild')"));
  }

  void add(const std::vector<Record>& batch) { must(insert(connection_, batch, 1)); }

  std::vector<std::string> ids(PageRequest request) {
    std::vector<std::string> all;
    for (;;) {
      const Page part = must(page(connection_, request));
      EXPECT_LE(part.records.size(), request.limit);
      for (const Record& record : part.records) {
        all.push_back(record.id);
      }
      if (part.cursor.empty()) {
        return all;
      }
      EXPECT_FALSE(part.records.empty()) << "a page with a successor is not empty";
      request.cursor = part.cursor;
    }
  }

  Scratch scratch_;
  engine::Connection connection_ = open_writer(scratch_.path());
};

using Ids = std::vector<std::string>;

TEST_F(QueryTest, GetNamesTheIdThatIsMissing) {
  EXPECT_TRUE(fails_with(get(connection_, "nobody"), BP_E_NOT_FOUND, "'nobody'"));
}

TEST_F(QueryTest, PagesInBothOrders) {
  add({{.id = "b", .name = "n", .time_ms = 20},
       {.id = "a", .name = "n", .time_ms = 10},
       {.id = "c", .name = "n", .time_ms = 30}});
  EXPECT_EQ(ids({.order = Order::Newest, .limit = 2}), (Ids{"c", "b", "a"}));
  EXPECT_EQ(ids({.order = Order::Oldest, .limit = 2}), (Ids{"a", "b", "c"}));
}

TEST_F(QueryTest, FiltersByNameCategoryAndTime) {
  add({{.id = "1", .name = "quake", .category = "m5", .time_ms = 10},
       {.id = "2", .name = "quake", .category = "m6", .time_ms = 20},
       {.id = "3", .name = "flight", .category = "m5", .time_ms = 30}});
  EXPECT_EQ(ids({.filter = {.name = "quake"}}), (Ids{"2", "1"}));
  EXPECT_EQ(ids({.filter = {.category = "m5"}}), (Ids{"3", "1"}));
  EXPECT_EQ(ids({.filter = {.name = "quake", .category = "m5"}}), (Ids{"1"}));
  EXPECT_EQ(ids({.filter = {.from_ms = 20}}), (Ids{"3", "2"}));
  EXPECT_EQ(ids({.filter = {.from_ms = 10, .to_ms = 20}}), (Ids{"2", "1"})) << "inclusive";
  EXPECT_EQ(ids({.filter = {.name = "nothing"}}), Ids{});
}

// Property: whatever the times (many are equal), the limit and the order, walking the pages gives
// every record once, in order.
TEST_F(QueryTest, PagesNeverSkipOrRepeatOverTies) {
  EXPECT_TRUE(rc::check("any ties", [&](const std::vector<std::uint8_t>& times) {
    clear();
    std::vector<Record> batch;
    for (std::size_t row = 0; row < times.size(); ++row) {
      batch.push_back({.id = std::to_string(row), .name = "n", .time_ms = 1 + times[row] % 4});
    }
    add(batch);
    const auto limit = *rc::gen::inRange<std::uint32_t>(1, 6);
    const Ids newest = ids({.order = Order::Newest, .limit = limit});
    Ids oldest = ids({.order = Order::Oldest, .limit = limit});
    RC_ASSERT(newest.size() == times.size());
    RC_ASSERT(std::set<std::string>(newest.begin(), newest.end()).size() == times.size());
    std::reverse(oldest.begin(), oldest.end());
    RC_ASSERT(newest == oldest);
  }));
}

TEST_F(QueryTest, RecordsThatArriveMeanwhileDoNotDisturbAWalk) {
  add({{.id = "1", .name = "n", .time_ms = 10},
       {.id = "2", .name = "n", .time_ms = 20},
       {.id = "3", .name = "n", .time_ms = 30}});
  PageRequest request{.limit = 2};
  const Page first = must(page(connection_, request));
  add({{.id = "4", .name = "n", .time_ms = 40}});
  request.cursor = first.cursor;
  const Page second = must(page(connection_, request));
  ASSERT_EQ(second.records.size(), 1U);
  EXPECT_EQ(second.records[0].id, "1");
  EXPECT_EQ(second.cursor, "");
}

TEST_F(QueryTest, RefusesLimitsAndCursorsThatAreNotOurs) {
  add({{.id = "1", .name = "n"}, {.id = "2", .name = "n"}});
  EXPECT_TRUE(fails_with(page(connection_, {.limit = 0}), BP_E_RANGE, "1 to 1000"));
  EXPECT_TRUE(fails_with(page(connection_, {.limit = 1'001}), BP_E_RANGE, "1 to 1000"));
  EXPECT_TRUE(fails_with(page(connection_, {.cursor = "made up"}), BP_E_INVALID, "CURSOR"));
  const std::string cursor = must(page(connection_, {.limit = 1})).cursor;
  EXPECT_TRUE(fails_with(page(connection_, {.order = Order::Oldest, .cursor = cursor}),
                         BP_E_INVALID, "another question"));
  EXPECT_TRUE(fails_with(page(connection_, {.filter = {.name = "n"}, .cursor = cursor}),
                         BP_E_INVALID, "another question"));
}

TEST_F(QueryTest, ContainsFindsTheTextAsItStands) {
  add({{.id = "1", .name = "100%", .time_ms = 1},
       {.id = "2", .name = "100 percent", .category = "a_b", .time_ms = 2},
       {.id = "3", .name = "Quake", .category = "axb", .time_ms = 3},
       {.id = "4", .name = "n", .time_ms = 4, .index = R"({"path":"c:\\temp"})"}});
  EXPECT_EQ(ids({.filter = {.contains = "100"}}), (Ids{"2", "1"}));
  EXPECT_EQ(ids({.filter = {.contains = "100%"}}), (Ids{"1"})) << "% is a letter";
  EXPECT_EQ(ids({.filter = {.contains = "a_b"}}), (Ids{"2"})) << "_ is a letter";
  EXPECT_EQ(ids({.filter = {.contains = "\\"}}), (Ids{"4"})) << "and so is the one that escapes";
  EXPECT_EQ(ids({.filter = {.contains = "qUAKE"}}), (Ids{"3"}));
  EXPECT_EQ(ids({.filter = {.name = "n", .contains = "temp"}}), (Ids{"4"}));
  EXPECT_EQ(ids({.filter = {.contains = "'; DROP TABLE records; --"}}), Ids{});
  EXPECT_TRUE(fails_with(page(connection_, {.filter = {.contains = std::string(257, 'x')}}),
                         BP_E_TOO_LARGE, "`contains`"));
  EXPECT_TRUE(
      fails_with(page(connection_, {.filter = {.contains = "\xFF"}}), BP_E_INVALID, "`contains`"));
}

// Property: a text is found by itself, whatever letters it has.
TEST_F(QueryTest, EveryTextContainsItself) {
  EXPECT_TRUE(rc::check("any letters that LIKE knows", [&] {
    const auto text = *rc::gen::nonEmpty(rc::gen::container<std::string>(
        rc::gen::element('%', '_', '\\', 'a', 'B', '\'', '"', ' ')));
    clear();
    add({{.id = "1", .name = "n", .category = "<" + text + ">"},
         {.id = "2", .name = "n", .category = std::string(text.size(), 'x')}});
    RC_ASSERT(ids({.filter = {.contains = text.substr(0, contains_bytes_max)}}) == Ids{"1"});
  }));
}

TEST_F(QueryTest, AnOffsetSkipsAndACursorGoesOnFromThere) {
  for (int number = 1; number <= 9; ++number) {
    add({{.id = std::to_string(number), .name = "n", .time_ms = number}});
  }
  const Page numbered = must(page(connection_, {.limit = 3, .offset = 3}));
  ASSERT_EQ(numbered.records.size(), 3U);
  EXPECT_EQ(numbered.records[0].id, "6");
  EXPECT_EQ(ids({.limit = 3, .cursor = numbered.cursor}), (Ids{"3", "2", "1"}));
  EXPECT_TRUE(must(page(connection_, {.offset = 9})).records.empty());
  EXPECT_TRUE(fails_with(page(connection_, {.cursor = numbered.cursor, .offset = 1}), BP_E_INVALID,
                         "both `offset` and `cursor`"));
  EXPECT_TRUE(fails_with(page(connection_, {.offset = offset_max + 1}), BP_E_RANGE, "`offset`"));
}

TEST_F(QueryTest, APageOfLargeRecordsEndsEarly) {
  const std::string large(data_bytes_max, 'x');
  add({{.id = "1", .name = "n", .data = large},
       {.id = "2", .name = "n", .data = large},
       {.id = "3", .name = "n", .data = large}});
  const Page first = must(page(connection_, {}));
  EXPECT_EQ(first.records.size(), 2U);
  EXPECT_NE(first.cursor, "");
  EXPECT_EQ(ids({}), (Ids{"3", "2", "1"}));
  const Page light = must(page(connection_, {.without_data = true}));
  EXPECT_EQ(light.records.size(), 3U);
  EXPECT_EQ(light.records[0].data, "");
}

TEST_F(QueryTest, SearchRanksAndShowsWhereTheWordsAre) {
  add({{.id = "1", .name = "quake", .index = "a long text that has Alaska in it somewhere far out"},
       {.id = "2", .name = "quake", .index = "Alaska Alaska"},
       {.id = "3", .name = "quake", .index = "Peru"}});
  const Hits hits = must(search(connection_, {.query = "alaska"}));
  ASSERT_EQ(hits.hits.size(), 2U);
  EXPECT_EQ(hits.hits[0].record.id, "2") << "the better hit first";
  EXPECT_LT(hits.hits[0].rank, hits.hits[1].rank);
  EXPECT_EQ(hits.hits[0].snippet, "[Alaska] [Alaska]");
  EXPECT_NE(hits.hits[1].snippet.find("has [Alaska] in"), std::string::npos);
}

TEST_F(QueryTest, SearchKnowsColumnsPhrasesPrefixesAndFilters) {
  add({{.id = "1",
        .name = "quake",
        .category = "m5",
        .time_ms = 10,
        .index = "Prince William Sound"},
       {.id = "2", .name = "quake", .category = "m6", .time_ms = 20, .index = "William Prince"},
       {.id = "3", .name = "william", .category = "m5", .time_ms = 30, .index = "Zürich"}});
  const auto found = [&](SearchRequest request) {
    std::set<std::string> all;
    for (const Hit& hit : must(search(connection_, request)).hits) {
      all.insert(hit.record.id);
    }
    return all;
  };
  using Set = std::set<std::string>;
  EXPECT_EQ(found({.query = "\"prince william\""}), (Set{"1"}));
  EXPECT_EQ(found({.query = "wil*"}), (Set{"1", "2", "3"}));
  EXPECT_EQ(found({.query = "name : william"}), (Set{"3"}));
  EXPECT_EQ(found({.query = "zurich"}), (Set{"3"})) << "without its diacritics";
  EXPECT_EQ(found({.query = "william", .filter = {.category = "m5"}}), (Set{"1", "3"}));
  EXPECT_EQ(found({.query = "william", .filter = {.name = "quake", .from_ms = 15}}), (Set{"2"}));
}

TEST_F(QueryTest, SearchPagesThroughAllHits) {
  std::vector<Record> batch;
  for (int row = 0; row < 25; ++row) {
    batch.push_back({.id = std::to_string(row), .name = "quake"});
  }
  add(batch);
  std::set<std::string> seen;
  SearchRequest request{.query = "quake", .limit = 10};
  std::size_t pages = 0;
  do {
    const Hits hits = must(search(connection_, request));
    for (const Hit& hit : hits.hits) {
      EXPECT_TRUE(seen.insert(hit.record.id).second) << "twice: " << hit.record.id;
    }
    request.cursor = hits.cursor;
    ++pages;
  } while (!request.cursor.empty());
  EXPECT_EQ(pages, 3U);
  EXPECT_EQ(seen.size(), 25U);
}

TEST_F(QueryTest, ABadExpressionIsTheCallersMistake) {
  for (const char* query : {"\"open", "foo-bar", "AND", "nocolumn : x", "(", "*"}) {
    EXPECT_TRUE(fails_with(search(connection_, {.query = query}), BP_E_INVALID, "FTS_SYNTAX"))
        << query;
  }
  EXPECT_TRUE(fails_with(search(connection_, {.query = ""}), BP_E_INVALID, "`query` is empty"));
  EXPECT_TRUE(search(connection_, {.query = "fine"})) << "the connection is still good";
}

TEST_F(QueryTest, ABadExpressionTellsNothingOfTheServersFiles) {
  const auto found = search(connection_, {.query = "\"open"});
  ASSERT_FALSE(found);
  const std::string text = found.error().text();
  EXPECT_EQ(text.find('/'), std::string::npos) << text;
  EXPECT_EQ(text.find("check the tables"), std::string::npos) << text;
  EXPECT_NE(text.find("unterminated string"), std::string::npos) << text;
}

TEST_F(QueryTest, ARowThatSomebodyDeletedByHandIsNoHit) {
  add({{.id = "1", .name = "quake"}, {.id = "2", .name = "quake"}});
  must(connection_.execute("DELETE FROM records WHERE id = '1'"));
  const Hits hits = must(search(connection_, {.query = "quake"}));
  ASSERT_EQ(hits.hits.size(), 1U);
  EXPECT_EQ(hits.hits[0].record.id, "2");
}

TEST_F(QueryTest, NoTextFromACallerEverReachesTheParserAsSql) {
  EXPECT_TRUE(rc::check("any text", [&](const std::string& text) {
    (void)page(connection_, {.filter = {.name = text, .category = text}, .cursor = text});
    (void)search(connection_, {.query = text, .filter = {.name = text}});
    (void)get(connection_, text);
    RC_ASSERT(must(connection_.number("SELECT count(*) FROM records")) == 0);
  }));
}

}  // namespace
}  // namespace storage_sqlite::records
