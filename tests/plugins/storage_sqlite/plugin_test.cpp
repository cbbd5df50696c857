// tests/plugins/storage_sqlite/plugin_test.cpp - the whole plugin, against the SDK's fake host.
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backplane/contract/storage_kv_contract.hpp"
#include "backplane/contract/storage_records_contract.hpp"
#include "backplane/testing/fake_host.hpp"

#include "asking.hpp"
#include "store/store.hpp"

namespace storage_sqlite {
namespace {

namespace records_contract = testing::records_contract;
namespace kv_contract = bp::storage::kv;
using ::testing::HasSubstr;
using testing::insert_method;
using testing::records_service;

constexpr std::string_view kv_service = "bp.storage.kv";
constexpr std::uint32_t page_method = 3;
constexpr std::uint32_t search_method = 4;

class PluginTest : public testing::Asking {
 protected:
  static records_contract::InsertRequestT event(const std::string& id) {
    records_contract::InsertRequestT request;
    request.id = id;
    request.name = "quake";
    request.index = R"({"place":"Nome"})";
    return request;
  }

  records_contract::InsertReplyT insert(const std::string& id) {
    return ask<records_contract::InsertReply, records_contract::InsertRequest>(
        records_service, insert_method, event(id));
  }
};

TEST_F(PluginTest, StoresPagesAndSearches) {
  run();
  EXPECT_EQ(insert("a").inserted, 1U);
  EXPECT_EQ(insert("a").duplicates, 1U);
  EXPECT_EQ(insert("b").inserted, 1U);
  const auto page = ask<records_contract::PageReply, records_contract::PageRequest>(
      records_service, page_method, {});
  EXPECT_EQ(page.records.size(), 2U);
  records_contract::SearchRequestT query;
  query.query = "nome";
  const auto hits = ask<records_contract::SearchReply, records_contract::SearchRequest>(
      records_service, search_method, query);
  EXPECT_EQ(hits.hits.size(), 2U);
  EXPECT_EQ(host_->metric("storage_records_inserted"), 2.0);
  EXPECT_EQ(host_->metric("storage_records_duplicate"), 1.0);
  EXPECT_EQ(host_->metric("storage_write_seconds"), 3.0);
  ASSERT_TRUE(host_->stop());
  EXPECT_EQ(host_->open_leases(), 0U);
  EXPECT_TRUE(host_->faults().empty());
}

TEST_F(PluginTest, ManyInsertsAtOnceShareCommits) {
  run();
  std::vector<bp_call> calls;
  for (int number = 0; number < 200; ++number) {
    calls.push_back(
        host_->call(records_service, insert_method,
                    pack<records_contract::InsertRequest>(event(std::to_string(number)))));
  }
  for (const bp_call call : calls) {
    EXPECT_EQ(wait_for(call).status, BP_OK);
  }
  EXPECT_EQ(host_->metric("storage_records_inserted"), 200.0);
  EXPECT_LE(host_->metric("storage_commits"), 200.0);
  ASSERT_TRUE(host_->stop());
}

TEST_F(PluginTest, KeepsKeysAndValues) {
  run();
  kv_contract::PutRequestT put;
  put.key = "k";
  put.value = {1, 2};
  const auto first = ask<kv_contract::PutReply, kv_contract::PutRequest>(kv_service, 2, put);
  kv_contract::GetRequestT get;
  get.key = "k";
  const auto got = ask<kv_contract::GetReply, kv_contract::GetRequest>(kv_service, 1, get);
  EXPECT_EQ(got.value, put.value);
  EXPECT_EQ(got.etag, first.etag);
  const auto listed = ask<kv_contract::ListReply, kv_contract::ListRequest>(kv_service, 4, {});
  EXPECT_EQ(listed.entries.size(), 1U);
  put.if_etag = "ffff";
  const auto stale = wait_for(host_->call(kv_service, 2, pack<kv_contract::PutRequest>(put)));
  EXPECT_EQ(stale.status, BP_E_CONFLICT);
  EXPECT_THAT(stale.error, HasSubstr("ETAG_MISMATCH: key 'k' has etag '" + first.etag + "'"));
  kv_contract::DeleteRequestT remove;
  remove.key = "k";
  EXPECT_TRUE(
      (ask<kv_contract::DeleteReply, kv_contract::DeleteRequest>(kv_service, 3, remove).deleted));
  const auto gone = wait_for(host_->call(kv_service, 1, pack<kv_contract::GetRequest>(get)));
  EXPECT_EQ(gone.status, BP_E_NOT_FOUND);
  EXPECT_EQ(host_->metric("storage_reads_failed"), 1.0);
  EXPECT_EQ(host_->metric("storage_writes_failed"), 1.0);
  ASSERT_TRUE(host_->stop());
}

TEST_F(PluginTest, BadRequestsAreAnsweredAndNothingElseSuffers) {
  run();
  const auto damaged = wait_for(host_->call(records_service, insert_method, "not a table"));
  EXPECT_EQ(damaged.status, BP_E_SCHEMA);
  const auto no_id = wait_for(host_->call(records_service, insert_method,
                                          pack<records_contract::InsertRequest>(event(""))));
  EXPECT_EQ(no_id.status, BP_E_INVALID);
  records_contract::SearchRequestT query;
  query.query = "\"open";
  const auto syntax = wait_for(
      host_->call(records_service, search_method, pack<records_contract::SearchRequest>(query)));
  EXPECT_EQ(syntax.status, BP_E_INVALID);
  EXPECT_THAT(syntax.error, HasSubstr("FTS_SYNTAX"));
  EXPECT_EQ(insert("fine").inserted, 1U);
  EXPECT_TRUE(host_->faults().empty());
  ASSERT_TRUE(host_->stop());
}

TEST_F(PluginTest, ACallerThatGivesUpDoesNotStopItsWrite) {
  run();
  const bp_call call = host_->call(records_service, insert_method,
                                   pack<records_contract::InsertRequest>(event("given-up")));
  host_->cancel(call);
  host_->pump();
  ASSERT_TRUE(host_->stop());
  const auto store = testing::must(store::Store::open({.path = scratch_.path("data/events.db")}));
  auto reader = testing::must(store->readers().checkout());
  EXPECT_LE(testing::must(reader->number("SELECT count(*) FROM records")), 1) << "at most once";
  EXPECT_TRUE(host_->faults().empty());
}

TEST_F(PluginTest, AStartThatFailsSaysWhyAndHoldsNothing) {
  std::filesystem::create_directories(scratch_.path("data"));
  std::ofstream(scratch_.path("data/events.db")) << std::string(4096, 'g');
  bp::testing::fake_host host(bp_plugin_v1);
  host.set_property("instance.data_dir", scratch_.path("data"));
  const auto started = host.start();
  EXPECT_TRUE(testing::fails_with(started, BP_E_CORRUPT, "events.db"));
  std::filesystem::remove(scratch_.path("data/events.db"));
  run();
  EXPECT_EQ(insert("a").inserted, 1U);
  ASSERT_TRUE(host_->stop());
}

TEST_F(PluginTest, TwoInstancesCannotShareADatabase) {
  run();
  bp::testing::fake_host second(bp_plugin_v1);
  second.set_property("instance.data_dir", scratch_.path("data"));
  EXPECT_TRUE(testing::fails_with(second.start(), BP_E_BUSY, "events.db.lock"));
  ASSERT_TRUE(host_->stop());
}

TEST_F(PluginTest, WhatWasStoredIsThereAfterARestart) {
  run(R"({"durability":"disk","path":"sub/my.db"})");
  EXPECT_EQ(insert("a").inserted, 1U);
  ASSERT_TRUE(host_->stop());
  run(R"({"path":"sub/my.db"})");
  EXPECT_EQ(insert("a").duplicates, 1U);
  EXPECT_TRUE(std::filesystem::exists(scratch_.path("data/sub/my.db")));
  ASSERT_TRUE(host_->stop());
}

}  // namespace
}  // namespace storage_sqlite
