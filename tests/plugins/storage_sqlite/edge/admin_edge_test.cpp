// tests/plugins/storage_sqlite/edge/admin_edge_test.cpp - bp.storage.admin/1 of the whole plugin.
#include "edge/admin_edge.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backplane/contract/storage_kv_generated.h"

#include "asking.hpp"

namespace storage_sqlite::edge {
namespace {

namespace contract = bp::storage::admin;
namespace kv_contract = bp::storage::kv;
using testing::admin_service;
using testing::Asking;
using ::testing::HasSubstr;
using testing::patience;

constexpr std::string_view kv_service = "bp.storage.kv";

class AdminEdgeTest : public Asking {
 protected:
  contract::MigrateReplyT down(const std::string& component, bool dry_run = false) {
    contract::MigrateDownRequestT request;
    request.component = component;
    request.dry_run = dry_run;
    return ask<contract::MigrateReply, contract::MigrateDownRequest>(admin_service, 2, request);
  }

  contract::MigrateReplyT up() {
    return ask<contract::MigrateReply, contract::MigrateUpRequest>(admin_service, 1, {});
  }

  contract::StatusReplyT status() {
    return ask<contract::StatusReply, contract::StatusRequest>(admin_service, 3, {});
  }

  bp::testing::answer backup(const std::string& file) {
    contract::BackupRequestT request;
    request.file = file;
    return answer_to<contract::BackupRequest>(admin_service, 4, request);
  }

  bp::testing::answer restore(const std::string& file) {
    contract::RestoreRequestT request;
    request.file = file;
    return answer_to<contract::RestoreRequest>(admin_service, 6, request);
  }

  contract::StatsReplyT stats() {
    return ask<contract::StatsReply, contract::StatsRequest>(admin_service, 9, {});
  }
};

TEST_F(AdminEdgeTest, MigratesDownAndUpWhileItRuns) {
  run();
  EXPECT_EQ(told("migrated"), 0U) << "a new database is no news";
  EXPECT_TRUE(status().current);
  EXPECT_EQ(insert("a").status, BP_OK);
  EXPECT_EQ(down("records", true).moves.size(), 1U);
  EXPECT_TRUE(status().current) << "a dry run";
  const std::size_t before = told("migrated");
  EXPECT_EQ(down("records").moves.at(0)->version, 3);
  EXPECT_EQ(told("migrated"), before + 1);
  EXPECT_FALSE(status().current);
  const auto refused = insert("b");
  EXPECT_EQ(refused.status, BP_E_STATE);
  EXPECT_THAT(refused.error, HasSubstr("SCHEMA_OLD"));
  EXPECT_EQ(up().moves.at(0)->name, "full-text search");
  EXPECT_EQ(insert("b").status, BP_OK);
  EXPECT_EQ(insert("a").status, BP_OK) << "a duplicate: it was kept";
  EXPECT_EQ(stats().records, 2U);
  ASSERT_TRUE(host_->stop());
  EXPECT_TRUE(host_->faults().empty());
}

TEST_F(AdminEdgeTest, ByHandNothingIsServedUntilItIsMigrated) {
  run(R"({"migrations":{"when":"by_hand"}})");
  EXPECT_EQ(insert("a").status, BP_E_STATE);
  EXPECT_FALSE(status().current);
  EXPECT_EQ(told("migrated"), 0U);
  EXPECT_GE(up().moves.size(), 4U);
  EXPECT_EQ(insert("a").status, BP_OK);
  ASSERT_TRUE(host_->stop());
}

TEST_F(AdminEdgeTest, MigratesTheFilesOfAnOperator) {
  const std::string folder = scratch_.path("data/sql");
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/0001_t.up.sql") << "CREATE TABLE app_t (a);";
  std::ofstream(folder + "/0001_t.down.sql") << "DROP TABLE app_t;";
  const std::string config = R"({"migrations":{"folder":"sql"}})";
  run(config);
  EXPECT_EQ(execute("INSERT INTO app_t VALUES (1)").status, BP_OK);
  EXPECT_EQ(down("app").moves.size(), 1U);
  EXPECT_EQ(insert("a").status, BP_OK) << "the plugin's own tables are as they were";
  ASSERT_TRUE(host_->stop());
  run(config);
  EXPECT_EQ(execute("INSERT INTO app_t VALUES (1)").status, BP_OK) << "up again at the start";
  EXPECT_EQ(told("migrated"), 1U);
  ASSERT_TRUE(host_->stop());
  std::ofstream(folder + "/0001_t.up.sql") << "CREATE TABLE app_t (a, edited);";
  bp::testing::fake_host again(bp_plugin_v1, config);
  again.set_property("instance.data_dir", scratch_.path("data"));
  EXPECT_TRUE(testing::fails_with(again.start(), BP_E_CONFLICT, "MIGRATION_EDITED"));
}

TEST_F(AdminEdgeTest, BacksUpAndRestores) {
  run();
  EXPECT_EQ(insert("kept").status, BP_OK);
  EXPECT_EQ(backup("one.db").status, BP_OK);
  EXPECT_EQ(told("backup"), 1U);
  EXPECT_TRUE(std::filesystem::exists(scratch_.path("data/backups/one.db")));
  EXPECT_EQ(backup("one.db").status, BP_E_EXISTS);
  EXPECT_EQ(backup("../one.db").status, BP_E_INVALID);
  EXPECT_EQ(backup("").status, BP_OK) << "by the time";
  contract::VerifyRequestT request;
  request.file = "one.db";
  const auto verified =
      ask<contract::VerifyReply, contract::VerifyRequest>(admin_service, 5, request);
  EXPECT_TRUE(verified.ok);
  EXPECT_EQ(verified.records, 1U);

  EXPECT_EQ(insert("later").status, BP_OK);
  EXPECT_EQ(restore("none.db").status, BP_E_NOT_FOUND);
  EXPECT_EQ(restore("one.db").status, BP_OK);
  EXPECT_EQ(told("restored"), 1U);
  EXPECT_EQ(stats().records, 1U);
  EXPECT_EQ(insert("after").status, BP_OK);
  EXPECT_EQ(stats().records, 2U);
  ASSERT_TRUE(host_->stop());
  EXPECT_TRUE(host_->faults().empty());
}

TEST_F(AdminEdgeTest, NoNumberIsGivenTwiceAfterARestore) {
  const auto put = [this](const std::string& space) {
    kv_contract::PutRequestT request;
    request.space = space;
    request.key = "k";
    return ask<kv_contract::PutReply, kv_contract::PutRequest>(kv_service, 2, request).seq;
  };
  const auto publish = [this](const std::string& channel) {
    kv_contract::TxRequestT request;
    request.ops.push_back(std::make_unique<kv_contract::OpT>());
    request.ops[0]->kind = kv_contract::OpKind::publish;
    request.ops[0]->channel = channel;
    request.ops[0]->message = "1";
    return ask<kv_contract::TxReply, kv_contract::TxRequest>(kv_service, 9, request)
        .results.at(0)
        ->seq;
  };
  const auto changes_after = [this](std::uint64_t since) {
    kv_contract::ChangesRequestT request;
    request.space = "a";
    request.since_seq = since;
    return answer_to<kv_contract::ChangesRequest>(kv_service, 10, request);
  };
  run();
  EXPECT_EQ(put("a"), 1U);
  EXPECT_EQ(publish("a"), 1U);
  EXPECT_EQ(backup("one.db").status, BP_OK);
  EXPECT_EQ(put("a"), 2U);
  EXPECT_EQ(put("b"), 1U);
  EXPECT_EQ(publish("a"), 2U);
  EXPECT_EQ(publish("b"), 1U);
  EXPECT_EQ(restore("one.db").status, BP_OK);
  EXPECT_THAT(changes_after(2).error, HasSubstr("CHANGES_GONE"));
  EXPECT_EQ(changes_after(3).status, BP_OK);
  EXPECT_EQ(put("a"), 4U);
  EXPECT_EQ(put("b"), 3U);
  EXPECT_EQ(publish("a"), 3U);
  EXPECT_EQ(publish("b"), 2U);
  EXPECT_FALSE(std::filesystem::exists(scratch_.path("data/events.db.restoring")));
  host_->pump_until([&] { return host_->sent("storage.changes.a").size() == 3; }, patience);
  EXPECT_THAT(host_->sent("storage.changes.a").back(), HasSubstr("\"seq\":4"));
  ASSERT_TRUE(host_->stop());
  EXPECT_TRUE(host_->faults().empty());
}

TEST_F(AdminEdgeTest, ADamagedBackupIsNotRestored) {
  run();
  EXPECT_EQ(insert("kept").status, BP_OK);
  std::filesystem::create_directories(scratch_.path("data/backups"));
  std::ofstream(scratch_.path("data/backups/bad.db")) << std::string(5'000, 'g');
  const auto refused = restore("bad.db");
  EXPECT_EQ(refused.status, BP_E_CORRUPT);
  EXPECT_THAT(refused.error, HasSubstr("bad.db"));
  EXPECT_EQ(stats().records, 1U);
  ASSERT_TRUE(host_->stop());
}

TEST_F(AdminEdgeTest, ChecksAndCheckpoints) {
  run();
  EXPECT_EQ(insert("a", 100'000).status, BP_OK);
  const auto checked =
      ask<contract::IntegrityReply, contract::IntegrityRequest>(admin_service, 8, {});
  EXPECT_TRUE(checked.ok);
  const auto moved =
      ask<contract::CheckpointReply, contract::CheckpointRequest>(admin_service, 7, {});
  EXPECT_FALSE(moved.busy);
  EXPECT_EQ(moved.wal_bytes, 0U);
  const auto figures = stats();
  EXPECT_GT(figures.database_bytes, 100'000U);
  EXPECT_EQ(figures.file, "events.db");
  EXPECT_GE(figures.commits, 1U);
  ASSERT_TRUE(host_->stop());
}

TEST_F(AdminEdgeTest, WhatIsMalformedIsRefused) {
  run();
  EXPECT_EQ(wait_for(host_->call(admin_service, 1, "no table")).status, BP_E_SCHEMA);
  contract::MigrateDownRequestT nameless;
  EXPECT_EQ(answer_to<contract::MigrateDownRequest>(admin_service, 2, nameless).status,
            BP_E_INVALID);
  contract::MigrateUpRequestT unknown;
  unknown.component = "recrods";
  EXPECT_EQ(answer_to<contract::MigrateUpRequest>(admin_service, 1, unknown).status,
            BP_E_NOT_FOUND);
  ASSERT_TRUE(host_->stop());
}

}  // namespace
}  // namespace storage_sqlite::edge
