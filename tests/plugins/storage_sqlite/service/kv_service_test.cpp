// tests/plugins/storage_sqlite/service/kv_service_test.cpp - requests read, replies filled.
#include "service/kv_service.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "kv/schema.hpp"
#include "scratch.hpp"
#include "service/request.hpp"

namespace storage_sqlite::service {
namespace {

namespace contract = kv_contract;
using engine::Durability;
using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Packed;
using storage_sqlite::testing::Scratch;

bp::result<Put> read(const contract::PutRequestT& request) {
  return read_put(*Packed<contract::PutRequest>(request), "mine", Durability::Os);
}

TEST(KvService, ReadsAPutWithItsCondition) {
  contract::PutRequestT request;
  request.key = "k";
  request.value = {1, 0, 2};
  Put put = must(read(request));
  EXPECT_EQ(put.key.space, "mine");
  EXPECT_EQ(put.value, std::string("\1\0\2", 3));
  EXPECT_EQ(put.condition.kind, kv::Condition::Kind::Always);
  request.if_absent = true;
  EXPECT_EQ(must(read(request)).condition.kind, kv::Condition::Kind::IfAbsent);
  request.if_etag = "1f";
  EXPECT_TRUE(fails_with(read(request), BP_E_INVALID, "both `if_etag` and `if_absent`"));
  request.if_absent = false;
  put = must(read(request));
  EXPECT_EQ(put.condition.kind, kv::Condition::Kind::IfEtag);
  EXPECT_EQ(put.condition.etag, 31);
  request.if_etag = "?";
  EXPECT_TRUE(fails_with(read(request), BP_E_INVALID, "'?' is no etag"));
}

TEST(KvService, RefusesBadRequestsBeforeAnythingIsQueued) {
  contract::PutRequestT put;
  EXPECT_TRUE(fails_with(read(put), BP_E_INVALID, "KEY_INVALID"));
  put.key = "k";
  put.value.resize(kv::value_bytes_max + 1);
  EXPECT_TRUE(fails_with(read(put), BP_E_TOO_LARGE, "`value`"));
  put.value.clear();
  put.ttl_ms = -1;
  EXPECT_TRUE(fails_with(read(put), BP_E_INVALID, "TTL_INVALID"));
  contract::DeleteRequestT remove;
  EXPECT_TRUE(
      fails_with(read_delete(*Packed<contract::DeleteRequest>(remove), "mine", Durability::Os),
                 BP_E_INVALID, "KEY_INVALID"));
  contract::TouchRequestT touch;
  touch.key = "k";
  touch.ttl_ms = kv::ttl_ms_max + 1;
  EXPECT_TRUE(fails_with(read_touch(*Packed<contract::TouchRequest>(touch), "m", Durability::Os),
                         BP_E_INVALID, "TTL_INVALID"));
}

TEST(KvService, ReadsADeleteWithItsDurability) {
  contract::DeleteRequestT request;
  request.key = "k";
  request.durability = contract::Durability::disk;
  const Delete remove =
      must(read_delete(*Packed<contract::DeleteRequest>(request), "s", Durability::Os));
  EXPECT_EQ(remove.key.space, "s");
  EXPECT_EQ(remove.durability, Durability::Disk);
}

TEST(KvService, ACasWithoutAnEtagOnlyCreates) {
  contract::CasRequestT request;
  request.key = "k";
  const auto read_now = [&] {
    return must(read_cas(*Packed<contract::CasRequest>(request), "s", Durability::Os));
  };
  EXPECT_EQ(read_now().condition.kind, kv::Condition::Kind::IfAbsent);
  request.if_etag = "a";
  request.ttl_ms = 5;
  EXPECT_EQ(read_now().condition.kind, kv::Condition::Kind::IfEtag);
  EXPECT_EQ(read_now().condition.etag, 10);
  EXPECT_EQ(read_now().ttl_ms, 5);
}

std::unique_ptr<contract::OpT> op(contract::OpKind kind, const std::string& key) {
  auto made = std::make_unique<contract::OpT>();
  made->kind = kind;
  made->key = key;
  return made;
}

TEST(KvService, ReadsATransaction) {
  contract::TxRequestT request;
  request.durability = contract::Durability::disk;
  request.ops.push_back(op(contract::OpKind::put, "k"));
  request.ops.back()->value = {1, 2};
  request.ops.back()->ttl_ms = 9;
  request.ops.push_back(op(contract::OpKind::publish, ""));
  request.ops.back()->channel = "orders";
  request.ops.back()->message = "[1]";
  const auto read_now = [&] {
    return read_tx(*Packed<contract::TxRequest>(request), "s", Durability::Os);
  };
  const Batch<kv::Op> batch = must(read_now());
  EXPECT_EQ(batch.space, "s");
  EXPECT_EQ(batch.durability, Durability::Disk);
  EXPECT_EQ(batch.bytes, 1U + 2U + 3U);
  ASSERT_EQ(batch.items.size(), 2U);
  EXPECT_EQ(batch.items[0].ttl_ms, 9);
  EXPECT_EQ(batch.items[1].kind, kv::Op::Kind::Publish);
  EXPECT_EQ(batch.items[1].value, "[1]");
  request.ops.back()->message = "[1";
  EXPECT_TRUE(fails_with(read_now(), BP_E_INVALID, "op 1"));
  request.ops.back()->kind = static_cast<contract::OpKind>(9);
  EXPECT_TRUE(fails_with(read_now(), BP_E_INVALID, "`kind` 9 is unknown"));
}

TEST(KvService, RefusesTooManyItemsBeforeAnyWork) {
  contract::PutManyRequestT puts;
  EXPECT_TRUE(
      fails_with(read_put_many(*Packed<contract::PutManyRequest>(puts), "s", Durability::Os),
                 BP_E_RANGE, "LIMIT"));
  contract::GetManyRequestT gets;
  contract::TxRequestT tx;
  for (std::size_t count = 0; count <= kv::batch_items_max; ++count) {
    puts.items.push_back(std::make_unique<contract::PutItemT>());
    puts.items.back()->key = "k";
    gets.keys.emplace_back("k");
    tx.ops.push_back(op(contract::OpKind::remove, "k"));
  }
  EXPECT_TRUE(
      fails_with(read_put_many(*Packed<contract::PutManyRequest>(puts), "s", Durability::Os),
                 BP_E_RANGE, "LIMIT"));
  EXPECT_TRUE(fails_with(read_keys(*Packed<contract::GetManyRequest>(gets)), BP_E_RANGE, "LIMIT"));
  EXPECT_TRUE(fails_with(read_tx(*Packed<contract::TxRequest>(tx), "s", Durability::Os), BP_E_RANGE,
                         "LIMIT"));
  puts.items.pop_back();
  EXPECT_TRUE(read_put_many(*Packed<contract::PutManyRequest>(puts), "s", Durability::Os));
}

TEST(KvService, GetsAndLists) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  must(migration::migrate(connection, kv::schema(), kv::schema().newest()));
  const std::int64_t etag = must(kv::put(connection, {"s", "a"}, {"1", 0}, {}, {.wall_ms = 9}));
  must(kv::put(connection, {"s", "b"}, {"2", 50}, {}, {.wall_ms = 9, .clock_ms = 100}));
  const auto reply = must(get(connection, {"s", "a"}, 100));
  contract::GetReplyT got;
  flatbuffers::GetRoot<contract::GetReply>(reply.bytes().data())->UnPackTo(&got);
  EXPECT_EQ(got.value, (std::vector<std::uint8_t>{'1'}));
  EXPECT_EQ(got.etag, kv::etag_text(etag));
  EXPECT_EQ(got.updated_ms, 9);
  contract::ListRequestT all;
  all.limit = 1;
  all.with_values = true;
  const auto listed = must(list(connection, *Packed<contract::ListRequest>(all), "s", 100));
  ASSERT_EQ(listed.entries.size(), 1U);
  EXPECT_EQ(listed.entries[0]->key, "a");
  EXPECT_EQ(listed.entries[0]->etag, got.etag);
  EXPECT_EQ(listed.entries[0]->value, got.value);
  EXPECT_EQ(listed.cursor, "a");
  const auto many = must(get_many(connection, "s", {"none", "b"}, 100));
  ASSERT_EQ(many.entries.size(), 2U);
  EXPECT_EQ(many.entries[0]->key, "none");
  EXPECT_EQ(many.entries[0]->etag, "");
  EXPECT_EQ(many.entries[1]->ttl_left_ms, 50);
  contract::ChangesRequestT since;
  since.since_seq = 1;
  const auto changed = must(changes(connection, *Packed<contract::ChangesRequest>(since), "s"));
  ASSERT_EQ(changed.changes.size(), 1U);
  EXPECT_EQ(changed.changes[0]->key, "b");
  EXPECT_EQ(changed.changes[0]->op, contract::ChangeOp::put);
  EXPECT_EQ(changed.changes[0]->etag, many.entries[1]->etag);
  EXPECT_EQ(changed.latest, 2U);
}

TEST(KvService, FillsTheRepliesOfBatches) {
  const auto puts = put_many_reply({{10, 10, {}}, {0, 0, "ETAG_MISMATCH"}});
  ASSERT_EQ(puts.results.size(), 2U);
  EXPECT_EQ(puts.results[0]->etag, "a");
  EXPECT_EQ(puts.results[0]->seq, 10U);
  EXPECT_EQ(puts.results[1]->etag, "");
  EXPECT_EQ(puts.results[1]->error, "ETAG_MISMATCH");
  const auto done = tx_reply({{10, 0}, {0, 4}});
  EXPECT_EQ(done.results[0]->etag, "a");
  EXPECT_EQ(done.results[1]->seq, 4U);
}

}  // namespace
}  // namespace storage_sqlite::service
