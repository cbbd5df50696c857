// tests/plugins/storage_sqlite/service/kv_service_test.cpp - requests read, replies filled.
#include "service/kv_service.hpp"

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
  return read_put(*Packed<contract::PutRequest>(request), Durability::Os);
}

TEST(KvService, ReadsAPutWithItsCondition) {
  contract::PutRequestT request;
  request.key = "k";
  request.value = {1, 0, 2};
  Put put = must(read(request));
  EXPECT_EQ(put.key.space, "default");
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
  contract::DeleteRequestT remove;
  EXPECT_TRUE(fails_with(read_delete(*Packed<contract::DeleteRequest>(remove), Durability::Os),
                         BP_E_INVALID, "KEY_INVALID"));
}

TEST(KvService, ReadsADeleteWithItsDurability) {
  contract::DeleteRequestT request;
  request.space = "s";
  request.key = "k";
  request.durability = contract::Durability::disk;
  const Delete remove =
      must(read_delete(*Packed<contract::DeleteRequest>(request), Durability::Os));
  EXPECT_EQ(remove.key.space, "s");
  EXPECT_EQ(remove.durability, Durability::Disk);
}

TEST(KvService, GetsAndLists) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  must(migration::migrate(connection, kv::schema(), kv::schema().newest()));
  const std::int64_t etag = must(kv::put(connection, {"default", "a"}, "1", {}, 9));
  must(kv::put(connection, {"default", "b"}, "2", {}, 9));
  contract::GetRequestT one;
  one.key = "a";
  const auto got = must(get(connection, *Packed<contract::GetRequest>(one)));
  EXPECT_EQ(got.value, (std::vector<std::uint8_t>{'1'}));
  EXPECT_EQ(got.etag, kv::etag_text(etag));
  EXPECT_EQ(got.updated_ms, 9);
  contract::ListRequestT all;
  all.limit = 1;
  all.with_values = true;
  const auto listed = must(list(connection, *Packed<contract::ListRequest>(all)));
  ASSERT_EQ(listed.entries.size(), 1U);
  EXPECT_EQ(listed.entries[0]->key, "a");
  EXPECT_EQ(listed.entries[0]->etag, got.etag);
  EXPECT_EQ(listed.entries[0]->value, got.value);
  EXPECT_EQ(listed.cursor, "a");
}

}  // namespace
}  // namespace storage_sqlite::service
