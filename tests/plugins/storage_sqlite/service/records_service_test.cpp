// tests/plugins/storage_sqlite/service/records_service_test.cpp - requests read, replies filled.
#include "service/records_service.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "records/schema.hpp"
#include "scratch.hpp"
#include "service/request.hpp"

namespace storage_sqlite::service {
namespace {

namespace contract = records_contract;
using engine::Durability;
using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Packed;
using storage_sqlite::testing::Scratch;
using storage_sqlite::testing::unpacked;

bp::result<Insert> read(const contract::InsertRequestT& request,
                        Durability configured = Durability::Os) {
  return read_insert(*Packed<contract::InsertRequest>(request), configured);
}

std::unique_ptr<contract::RecordT> record(const std::string& id) {
  auto one = std::make_unique<contract::RecordT>();
  one->id = id;
  one->name = "quake";
  return one;
}

contract::InsertRequestT flat() {
  contract::InsertRequestT request;
  request.id = "e1";
  request.name = "quake";
  return request;
}

TEST(RecordsService, ReadsTheFlatFormThatWiresMap) {
  contract::InsertRequestT request = flat();
  request.category = "m5";
  request.data = {0, 255};
  request.sealed = true;
  request.key_id = "k";
  request.time = "2026-11-25T20:45:13.5+01:00";
  request.index = R"({"place":"Nome"})";
  const Insert insert = must(read(request));
  ASSERT_EQ(insert.batch.size(), 1U);
  const records::Record& one = insert.batch[0];
  EXPECT_EQ(one.id, "e1");
  EXPECT_EQ(one.category, "m5");
  EXPECT_EQ(one.data, std::string("\0\xFF", 2));
  EXPECT_TRUE(one.sealed);
  EXPECT_EQ(one.key_id, "k");
  EXPECT_EQ(one.time_ms, 1'795'635'913'500);
  EXPECT_EQ(one.index, R"({"place":"Nome"})");
  EXPECT_GT(insert.bytes, one.index.size() + one.data.size());
}

TEST(RecordsService, ReadsABatchAndNamesTheRecordThatIsWrong) {
  contract::InsertRequestT request;
  request.records.push_back(record("a"));
  request.records.push_back(record("b"));
  EXPECT_EQ(must(read(request)).batch.size(), 2U);
  request.records.push_back(record(""));
  EXPECT_TRUE(fails_with(read(request), BP_E_INVALID, "`records[2]`"));
}

TEST(RecordsService, RefusesBothFormsAtOnceAndBatchesOutOfBounds) {
  contract::InsertRequestT both = flat();
  both.records.push_back(record("a"));
  EXPECT_TRUE(fails_with(read(both), BP_E_INVALID, "both `records` and `id`"));
  contract::InsertRequestT large;
  for (std::size_t count = 0; count <= records::batch_records_max; ++count) {
    large.records.push_back(record(std::to_string(count)));
  }
  EXPECT_TRUE(fails_with(read(large), BP_E_INVALID, "1 to 1000"));
  EXPECT_TRUE(fails_with(read({}), BP_E_INVALID, "`id` is empty"));
}

TEST(RecordsService, TakesTheDurabilityThatIsAskedForOrConfigured) {
  contract::InsertRequestT request = flat();
  EXPECT_EQ(must(read(request, Durability::Disk)).durability, Durability::Disk);
  request.durability = contract::Durability::os;
  EXPECT_EQ(must(read(request, Durability::Disk)).durability, Durability::Os);
  request.durability = contract::Durability::disk;
  EXPECT_EQ(must(read(request, Durability::Os)).durability, Durability::Disk);
  request.durability = static_cast<contract::Durability>(9);
  EXPECT_TRUE(fails_with(read(request), BP_E_INVALID, "`durability` 9"));
}

TEST(RecordsService, TakesATimeOnceAndOnlyAsATime) {
  contract::InsertRequestT request = flat();
  EXPECT_EQ(must(read(request)).batch[0].time_ms, 0) << "the time of arrival comes later";
  request.time_ms = 5;
  EXPECT_EQ(must(read(request)).batch[0].time_ms, 5);
  request.time = "2026-11-25T20:45:13Z";
  EXPECT_TRUE(fails_with(read(request), BP_E_INVALID, "both `time` and `time_ms`"));
  request.time_ms = 0;
  request.time = "yesterday";
  EXPECT_TRUE(fails_with(read(request), BP_E_INVALID, "'yesterday'"));
}

TEST(RecordsService, CountsWhatWasNewAndWhatWasNot) {
  const std::vector<records::Record> batch{{.id = "a"}, {.id = "b"}, {.id = "a"}};
  using records::Outcome;
  const contract::InsertReplyT reply =
      insert_reply(batch, {Outcome::Inserted, Outcome::Duplicate, Outcome::Duplicate});
  EXPECT_EQ(reply.inserted, 1U);
  EXPECT_EQ(reply.duplicates, 2U);
  ASSERT_EQ(reply.results.size(), 3U);
  EXPECT_EQ(reply.results[1]->id, "b");
  EXPECT_FALSE(reply.results[0]->duplicate);
  EXPECT_TRUE(reply.results[1]->duplicate);
}

class RecordsServiceReads : public ::testing::Test {
 protected:
  RecordsServiceReads() {
    must(migration::migrate(connection_, records::schema(), records::schema().newest()));
    must(records::insert(
        connection_,
        std::vector<records::Record>{{.id = "1",
                                      .name = "quake",
                                      .category = "m5",
                                      .data = "d1",
                                      .sealed = true,
                                      .key_id = "k",
                                      .time_ms = 1000,
                                      .index = "Nome"},
                                     {.id = "2", .name = "flight", .time_ms = 2000}},
        7));
  }

  Scratch scratch_;
  engine::Connection connection_ = open_writer(scratch_.path());
};

TEST_F(RecordsServiceReads, GetGivesEveryField) {
  contract::GetRequestT request;
  request.id = "1";
  const auto reply = must(get(connection_, *Packed<contract::GetRequest>(request)));
  EXPECT_EQ(reply.record->name, "quake");
  EXPECT_EQ(reply.record->category, "m5");
  EXPECT_EQ(reply.record->data, (std::vector<std::uint8_t>{'d', '1'}));
  EXPECT_TRUE(reply.record->sealed);
  EXPECT_EQ(reply.record->key_id, "k");
  EXPECT_EQ(reply.record->time_ms, 1000);
  EXPECT_EQ(reply.record->created_ms, 7);
  EXPECT_EQ(reply.record->seq, 1);
  EXPECT_EQ(reply.record->index, "Nome");
}

TEST_F(RecordsServiceReads, PageTakesFilterOrderLimitAndCursor) {
  contract::PageRequestT request;
  request.limit = 1;
  request.order = contract::Order::oldest;
  auto reply = unpacked(must(page(connection_, *Packed<contract::PageRequest>(request))));
  ASSERT_EQ(reply.records.size(), 1U);
  EXPECT_EQ(reply.records[0]->id, "1");
  request.cursor = reply.cursor;
  reply = unpacked(must(page(connection_, *Packed<contract::PageRequest>(request))));
  ASSERT_EQ(reply.records.size(), 1U);
  EXPECT_EQ(reply.records[0]->id, "2");
  EXPECT_EQ(reply.cursor, "");

  contract::PageRequestT times;
  times.from = "1970-01-01T00:00:02Z";
  times.to_ms = 2000;
  EXPECT_EQ(unpacked(must(page(connection_, *Packed<contract::PageRequest>(times)))).records.size(),
            1U);
  times.to = "late";
  times.to_ms = 0;
  EXPECT_TRUE(fails_with(page(connection_, *Packed<contract::PageRequest>(times)), BP_E_INVALID,
                         "`to` is 'late'"));
}

TEST_F(RecordsServiceReads, PageTakesATextAndAnOffset) {
  contract::PageRequestT request;
  request.contains = "LIGH";
  EXPECT_EQ(
      unpacked(must(page(connection_, *Packed<contract::PageRequest>(request)))).records.at(0)->id,
      "2");
  request.contains = "";
  request.offset = 1;
  const auto reply = unpacked(must(page(connection_, *Packed<contract::PageRequest>(request))));
  ASSERT_EQ(reply.records.size(), 1U);
  EXPECT_EQ(reply.records[0]->id, "1");
}

TEST_F(RecordsServiceReads, SearchGivesHits) {
  contract::SearchRequestT request;
  request.query = "nome";
  request.without_data = true;
  const auto reply = unpacked(must(search(connection_, *Packed<contract::SearchRequest>(request))));
  ASSERT_EQ(reply.hits.size(), 1U);
  EXPECT_EQ(reply.hits[0]->record->id, "1");
  EXPECT_TRUE(reply.hits[0]->record->data.empty());
  EXPECT_EQ(reply.hits[0]->snippet, "[Nome]");
  EXPECT_LT(reply.hits[0]->rank, 0);
}

}  // namespace
}  // namespace storage_sqlite::service
