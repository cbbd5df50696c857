// tests/plugins/storage_sqlite/edge/rounds_test.cpp - who looks after the store comes while there
// is something to look after, and not otherwise.
#include "edge/rounds.hpp"

#include <string>

#include <gtest/gtest.h>

#include "backplane/contract/storage_kv_generated.h"

#include "asking.hpp"

namespace storage_sqlite::edge {
namespace {

namespace kv_contract = bp::storage::kv;
using namespace std::chrono_literals;
using testing::Asking;

class RoundsTest : public Asking {
 protected:
  void rest() {
    let_pass_until([this] { return host_->open_timers() == 0; });
  }

  bp::testing::answer put(const std::string& key, std::int64_t ttl_ms) {
    kv_contract::PutRequestT request;
    request.key = key;
    request.ttl_ms = ttl_ms;
    return answer_to<kv_contract::PutRequest>("bp.storage.kv", 2, request);
  }
};

TEST_F(RoundsTest, AStoreThatNobodyUsesSetsNoTimer) {
  run();
  EXPECT_GT(host_->open_timers(), 0U) << "it begins with a look";
  rest();
  host_->advance(1h);
  EXPECT_EQ(host_->open_timers(), 0U);
  EXPECT_EQ(insert("a").status, BP_OK);
  EXPECT_GT(host_->open_timers(), 0U);
  rest();
  EXPECT_GT(host_->metric("storage_wal_bytes"), 0.0) << "looked at after the last use";
  ASSERT_TRUE(host_->stop());
}

TEST_F(RoundsTest, AKeyWithATimeToLiveIsWaitedForWithoutLooking) {
  run();
  EXPECT_EQ(put("k", 3'600'000).status, BP_OK);
  let_pass_until([this] { return host_->open_timers() == 1; });
  host_->advance(60s);
  EXPECT_EQ(host_->open_timers(), 1U);
  const double reads = host_->metric("storage_read_seconds");
  host_->advance(60s);
  EXPECT_EQ(host_->metric("storage_read_seconds"), reads) << "nobody looked meanwhile";
  EXPECT_EQ(put("l", 1).status, BP_OK) << "an earlier one";
  let_pass_until([this] { return host_->metric("storage_keys_expired") == 1.0; });
  ASSERT_TRUE(host_->stop());
}

}  // namespace
}  // namespace storage_sqlite::edge
