// tests/plugins/storage_sqlite/records/insert_test.cpp - each id once, each field as it came.
#include "records/insert.hpp"

#include <rapidcheck.h>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "records/query.hpp"
#include "records/schema.hpp"
#include "scratch.hpp"

namespace storage_sqlite::records {
namespace {

using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

constexpr std::int64_t now_ms = 1'700'000'000'000;

class InsertTest : public ::testing::Test {
 protected:
  InsertTest() { must(migration::migrate(connection_, schema(), schema().newest())); }

  std::vector<Outcome> insert_all(const std::vector<Record>& batch) {
    return must(insert(connection_, batch, now_ms));
  }

  Scratch scratch_;
  engine::Connection connection_ = open_writer(scratch_.path());
};

TEST_F(InsertTest, KeepsEveryField) {
  const Record record{.id = "e1",
                      .name = "quake",
                      .category = "m5",
                      .data = std::string("\0sealed\xFF", 8),
                      .sealed = true,
                      .key_id = "k7",
                      .time_ms = 42,
                      .index = R"({"place":"Alaska"})"};
  EXPECT_EQ(insert_all({record}), std::vector{Outcome::Inserted});
  const Record read = must(get(connection_, "e1"));
  EXPECT_EQ(read.name, record.name);
  EXPECT_EQ(read.category, record.category);
  EXPECT_EQ(read.data, record.data);
  EXPECT_TRUE(read.sealed);
  EXPECT_EQ(read.key_id, record.key_id);
  EXPECT_EQ(read.time_ms, 42);
  EXPECT_EQ(read.created_ms, now_ms);
  EXPECT_EQ(read.index, record.index);
  EXPECT_EQ(read.seq, 1);
}

TEST_F(InsertTest, ARecordWithoutATimeGetsTheTimeOfItsArrival) {
  insert_all({{.id = "e1", .name = "n"}});
  EXPECT_EQ(must(get(connection_, "e1")).time_ms, now_ms);
}

TEST_F(InsertTest, AnIdIsStoredOnceAndTheFirstOneStays) {
  EXPECT_EQ(insert_all({{.id = "a", .name = "first"}, {.id = "a", .name = "second"}}),
            (std::vector{Outcome::Inserted, Outcome::Duplicate}));
  EXPECT_EQ(insert_all({{.id = "b", .name = "n"}, {.id = "a", .name = "third"}}),
            (std::vector{Outcome::Inserted, Outcome::Duplicate}));
  EXPECT_EQ(must(get(connection_, "a")).name, "first");
  EXPECT_EQ(must(connection_.number("SELECT count(*) FROM records")), 2);
}

// Property: after any batches, the table holds exactly the ids that were ever sent, once each, and
// Inserted was told exactly once for each of them.
TEST_F(InsertTest, IsIdempotentUnderAnyRepetition) {
  EXPECT_TRUE(rc::check("any batches", [&](const std::vector<std::vector<std::uint8_t>>& batches) {
    must(connection_.execute(
        "DELETE FROM records; INSERT INTO records_fts (records_fts) VALUES ('rebuild')"));
    std::set<std::string> sent;
    std::size_t inserted = 0;
    for (const std::vector<std::uint8_t>& numbers : batches) {
      std::vector<Record> batch;
      for (const std::uint8_t number : numbers) {
        batch.push_back({.id = std::to_string(number), .name = "n"});
        sent.insert(batch.back().id);
      }
      for (const Outcome outcome : insert_all(batch)) {
        inserted += outcome == Outcome::Inserted ? 1U : 0U;
      }
    }
    RC_ASSERT(inserted == sent.size());
    RC_ASSERT(must(connection_.number("SELECT count(*) FROM records")) ==
              static_cast<std::int64_t>(sent.size()));
    RC_ASSERT(connection_
                  .execute("INSERT INTO records_fts (records_fts, rank)"
                           " VALUES ('integrity-check', 1)")
                  .has_value());
  }));
}

TEST_F(InsertTest, TakesTheWordsOutOfAJsonIndex) {
  insert_all(
      {{.id = "json", .name = "n", .index = R"({"place":"near Nome","tags":["deep",7],"x":null})"},
       {.id = "words", .name = "n", .index = "plain words, not JSON"},
       {.id = "none", .name = "n"}});
  const auto terms = [&](const std::string& id) {
    return must(connection_.word("SELECT terms FROM records WHERE id = '" + id + "'"));
  };
  EXPECT_EQ(terms("json"), "near Nome deep 7");
  EXPECT_EQ(terms("words"), "plain words, not JSON");
  EXPECT_EQ(terms("none"), "");
}

}  // namespace
}  // namespace storage_sqlite::records
