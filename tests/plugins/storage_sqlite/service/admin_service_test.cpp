// tests/plugins/storage_sqlite/service/admin_service_test.cpp - wishes read, migrations made,
// figures told.
#include "service/admin_service.hpp"

#include <string>

#include <gtest/gtest.h>

#include "scratch.hpp"
#include "service/request.hpp"

namespace storage_sqlite::service {
namespace {

namespace contract = admin_contract;
using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Packed;
using storage_sqlite::testing::Scratch;

class AdminServiceTest : public ::testing::Test {
 protected:
  bp::result<std::vector<migration::Move>> up(const std::string& component = {},
                                              std::int64_t to = 0, bool dry_run = false) {
    return migrate(connection_, plans_, {component, true, to, dry_run});
  }

  bp::result<std::vector<migration::Move>> down(const std::string& component, std::int64_t to = -1,
                                                bool dry_run = false) {
    return migrate(connection_, plans_, {component, false, to, dry_run});
  }

  std::int64_t records_version() {
    for (const auto& one : must(components(connection_, plans_))) {
      if (one->name == "records") {
        return one->version;
      }
    }
    return -1;
  }

  Scratch scratch_;
  engine::Connection connection_ = open_writer(scratch_.path());
  std::vector<migration::Plan> plans_ = store::schema();
};

TEST_F(AdminServiceTest, GoesUpWithAllAndDownWithOneByOne) {
  EXPECT_GE(must(up()).size(), 4U);
  EXPECT_EQ(records_version(), 3);
  EXPECT_TRUE(must(up()).empty()) << "there already";
  const auto moves = must(down("records"));
  ASSERT_EQ(moves.size(), 1U);
  EXPECT_EQ(moves[0].component, "records");
  EXPECT_FALSE(moves[0].up);
  EXPECT_EQ(records_version(), 2);
  EXPECT_EQ(must(down("records", 0)).size(), 2U);
  EXPECT_EQ(must(up("records", 1)).size(), 1U);
  EXPECT_EQ(records_version(), 1);
  EXPECT_EQ(must(up("records")).size(), 2U);
}

TEST_F(AdminServiceTest, ADryRunChangesNothing) {
  EXPECT_EQ(must(up("records", 0, true)).size(), 3U);
  EXPECT_EQ(records_version(), 0);
  must(up());
  const auto moves = must(down("records", 0, true));
  ASSERT_EQ(moves.size(), 3U);
  EXPECT_EQ(moves[0].loses, "");
  EXPECT_EQ(moves[2].loses, "all records");
  EXPECT_EQ(records_version(), 3);
}

TEST_F(AdminServiceTest, RefusesWhatIsNoWay) {
  must(up());
  EXPECT_TRUE(fails_with(up("recrods"), BP_E_NOT_FOUND, "there are: kv, records"));
  EXPECT_TRUE(fails_with(up("records", 2), BP_E_RANGE, "is at version 3, so 2 is not up"));
  EXPECT_TRUE(fails_with(up("records", 4), BP_E_RANGE, "0 to 3, not 4"));
  must(down("records", 1));
  EXPECT_TRUE(fails_with(down("records", 2), BP_E_RANGE, "2 is not down"));
  EXPECT_TRUE(fails_with(read_down(*Packed<contract::MigrateDownRequest>({})), BP_E_INVALID,
                         "`component` is empty"));
}

TEST_F(AdminServiceTest, ReadsWishes) {
  contract::MigrateUpRequestT wish;
  wish.component = "kv";
  wish.to = 1;
  wish.dry_run = true;
  const Migrate wanted = read_up(*Packed<contract::MigrateUpRequest>(wish));
  EXPECT_EQ(wanted.component, "kv");
  EXPECT_EQ(wanted.to, 1);
  EXPECT_TRUE(wanted.up && wanted.dry_run);
  contract::MigrateDownRequestT other;
  other.component = "kv";
  EXPECT_EQ(must(read_down(*Packed<contract::MigrateDownRequest>(other))).to, -1);
  contract::CheckpointRequestT mode;
  EXPECT_EQ(must(read_mode(*Packed<contract::CheckpointRequest>(mode))),
            upkeep::CheckpointMode::Truncate);
  mode.mode = static_cast<contract::CheckpointMode>(9);
  EXPECT_TRUE(fails_with(read_mode(*Packed<contract::CheckpointRequest>(mode)), BP_E_INVALID, "9"));
}

TEST_F(AdminServiceTest, StatusShowsEveryVersion) {
  must(up("records", 2));
  const contract::StatusReplyT reply = status_reply(must(components(connection_, plans_)));
  EXPECT_FALSE(reply.current);
  const auto& records = *reply.components.back();
  EXPECT_EQ(records.name, "records");
  EXPECT_EQ(records.newest, 3);
  ASSERT_EQ(records.steps.size(), 3U);
  EXPECT_TRUE(records.steps[1]->applied);
  EXPECT_GT(records.steps[1]->applied_ms, 0);
  EXPECT_FALSE(records.steps[2]->applied);
  EXPECT_EQ(records.steps[2]->name, "full-text search");
  EXPECT_EQ(records.steps[2]->checksum.size(), 16U);
  must(up());
  EXPECT_TRUE(status_reply(must(components(connection_, plans_))).current);
  const auto moved = migrate_reply({{.version = 3, .up = true, .name = "n", .component = "c"}}, {});
  EXPECT_EQ(moved.moves.at(0)->component, "c");
}

TEST(AdminServiceStats, TellTheFigures) {
  const Scratch scratch;
  const auto store = must(store::Store::open({.path = scratch.path()}));
  auto reader = must(store->readers().checkout());
  const contract::StatsReplyT told = must(stats(*store, *reader));
  EXPECT_EQ(told.file, "test.db");
  EXPECT_EQ(told.page_bytes, 4'096U);
  EXPECT_GT(told.pages, 5U);
  EXPECT_GT(told.wal_bytes + told.database_bytes, 0U);
  EXPECT_EQ(told.readers_in_use, 1U);
  EXPECT_FALSE(told.quarantined);
}

}  // namespace
}  // namespace storage_sqlite::service
