// tests/plugins/storage_sqlite/edge/keeper_test.cpp - a log that grows, damage, and the channel
// that writes.
#include "edge/keeper.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asking.hpp"
#include "small_disk.hpp"

namespace storage_sqlite::edge {
namespace {

using testing::Asking;
using ::testing::HasSubstr;
using testing::must;
using testing::records_contract::InsertRequest;

class KeeperTest : public Asking {
 protected:
  [[nodiscard]] std::string database() const { return scratch_.path("data/events.db"); }

  void grow() {
    for (int number = 0; number < 30; ++number) {
      EXPECT_EQ(insert("g" + std::to_string(next_++), 50'000).status, BP_OK);
    }
  }

  int next_ = 0;
};

TEST_F(KeeperTest, FiguresAreMeasured) {
  run();
  grow();
  host_->advance(std::chrono::seconds(1));
  EXPECT_GT(host_->metric("storage_wal_bytes"), 100'000.0);
  EXPECT_GT(host_->metric("storage_database_bytes"), 0.0);
  EXPECT_EQ(host_->metric("storage_readers_in_use"), 0.0);
  EXPECT_EQ(host_->metric("storage_quarantined"), 0.0);
  ASSERT_TRUE(host_->stop());
}

TEST_F(KeeperTest, ALogOverItsLimitIsCut) {
  run(R"({"wal":{"size_max":"512KiB"}})");
  grow();
  EXPECT_GT(upkeep::wal_bytes(database()), 512U * 1'024U);
  let_pass_until([&] { return told("wal_truncated") > 0; });
  EXPECT_EQ(upkeep::wal_bytes(database()), 0U);
  EXPECT_EQ(told("wal_large"), 0U);
  ASSERT_TRUE(host_->stop());
}

TEST_F(KeeperTest, AReaderOfAnotherProgramIsToldOfOnceAndWaitedFor) {
  run(R"({"wal":{"size_max":"512KiB"}})");
  engine::Connection other = testing::open_reader(database());
  must(other.execute("BEGIN"));
  must(other.number("SELECT count(*) FROM records"));
  grow();
  let_pass_until([&] { return told("wal_large") > 0; });
  host_->advance(std::chrono::seconds(5));
  EXPECT_EQ(told("wal_large"), 1U);
  EXPECT_EQ(insert("meanwhile").status, BP_OK) << "writers are not held up";
  must(other.execute("ROLLBACK"));
  let_pass_until([&] { return told("wal_truncated") > 0; });
  EXPECT_EQ(upkeep::wal_bytes(database()), 0U);
  ASSERT_TRUE(host_->stop());
}

TEST_F(KeeperTest, DamageStopsWritesAndIsTold) {
  run();
  grow();
  ASSERT_TRUE(host_->stop());
  {
    std::fstream file(database(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(200'000);
    file << std::string(600'000, 'X');
  }
  run();
  const auto page =
      answer_to<testing::records_contract::PageRequest>(testing::records_service, 3, {});
  EXPECT_EQ(page.status, BP_E_CORRUPT);
  const auto refused = insert("new");
  EXPECT_EQ(refused.status, BP_E_CORRUPT);
  EXPECT_THAT(refused.error, HasSubstr("restore a backup"));
  host_->advance(std::chrono::seconds(1));
  EXPECT_EQ(told("corrupt"), 1U);
  EXPECT_EQ(host_->metric("storage_quarantined"), 1.0);
  ASSERT_TRUE(host_->stop());
}

TEST_F(KeeperTest, AFullDiskIsToldOfOnceAndSoIsItsEnd) {
  const testing::SmallDisk disk(scratch_.path("data"));
  if (!disk.mounted()) {
    GTEST_SKIP() << "only root may mount a small file system";
  }
  run();
  const std::string ballast = disk.path("ballast");
  std::ofstream(ballast) << std::string(2U << 20U, 'b');
  bp_status status = BP_OK;
  while (status == BP_OK) {
    status = insert("f" + std::to_string(next_++), 50'000).status;
  }
  EXPECT_EQ(status, BP_E_IO);
  EXPECT_EQ(insert("again", 50'000).status, BP_E_IO);
  host_->advance(std::chrono::seconds(5));
  EXPECT_EQ(told("disk_full"), 1U);
  EXPECT_EQ(told("writable"), 0U);
  std::filesystem::remove(ballast);
  EXPECT_EQ(insert("after").status, BP_OK);
  host_->advance(std::chrono::seconds(2));
  EXPECT_EQ(told("writable"), 1U);
  EXPECT_EQ(told("disk_full"), 1U);
  ASSERT_TRUE(host_->stop());
}

TEST_F(KeeperTest, MessagesOfTheWriteChannelAreStoredOnce) {
  run();
  std::vector<std::uint64_t> messages;
  for (const char* id : {"a", "b", "a"}) {
    messages.push_back(host_->deliver("storage.write", pack<InsertRequest>(record(id))));
  }
  for (const std::uint64_t message : messages) {
    host_->pump_until([&] { return host_->fate_of(message) != bp::testing::fate::pending; },
                      testing::patience);
    EXPECT_EQ(host_->fate_of(message), bp::testing::fate::acked);
  }
  EXPECT_EQ(host_->metric("storage_records_inserted"), 2.0);
  const auto wrong = host_->deliver("storage.write", pack<InsertRequest>(record("")));
  host_->pump();
  EXPECT_EQ(host_->fate_of(wrong), bp::testing::fate::nacked);
  EXPECT_THAT(host_->nack_text(wrong), HasSubstr("`id` is empty"));
  const auto garbage = host_->deliver("storage.write", "garbage!");
  host_->pump();
  EXPECT_EQ(host_->fate_of(garbage), bp::testing::fate::nacked);
  ASSERT_TRUE(host_->stop());
  EXPECT_TRUE(host_->faults().empty());
}

}  // namespace
}  // namespace storage_sqlite::edge
