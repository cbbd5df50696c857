// tests/plugins/storage_sqlite/kv/tables.hpp - the tables of keys and values, new and empty.
#pragma once

#include <gtest/gtest.h>

#include "kv/kv.hpp"
#include "kv/schema.hpp"
#include "migration/migration.hpp"
#include "scratch.hpp"

namespace storage_sqlite::kv {

class TablesTest : public ::testing::Test {
 protected:
  explicit TablesTest(const Turn& turn) : turn_(turn) {
    testing::must(migration::migrate(connection_, schema(), schema().newest()));
  }

  testing::Scratch scratch_;
  engine::Connection connection_ = testing::open_writer(scratch_.path());
  Turn turn_;
};

}  // namespace storage_sqlite::kv
