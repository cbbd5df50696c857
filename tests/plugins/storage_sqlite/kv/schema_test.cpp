// tests/plugins/storage_sqlite/kv/schema_test.cpp - the released steps stay as they are.
#include "kv/schema.hpp"

#include <gtest/gtest.h>

namespace storage_sqlite::kv {
namespace {

TEST(KvSchema, ReleasedStepsHaveTheChecksumsOfEveryDatabaseOutThere) {
  // A change here means that existing databases refuse to open: add a version instead.
  ASSERT_EQ(schema().newest(), 1);
  EXPECT_EQ(migration::checksum(schema().steps[0]), "bab4533637ce0a84");
}

}  // namespace
}  // namespace storage_sqlite::kv
