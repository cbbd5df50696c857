// tests/plugins/storage_sqlite/records/record_test.cpp - what a record may hold.
#include "records/record.hpp"

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite::records {
namespace {

using storage_sqlite::testing::fails_with;

TEST(Record, NeedsAnIdAndAName) {
  EXPECT_TRUE(check({.id = "1", .name = "quake"}));
  EXPECT_TRUE(fails_with(check({.name = "quake"}), BP_E_INVALID, "`id` is empty"));
  EXPECT_TRUE(fails_with(check({.id = "1"}), BP_E_INVALID, "`name` is empty"));
}

TEST(Record, HasALimitOnEveryField) {
  const auto at = [](std::size_t bytes) { return std::string(bytes, 'x'); };
  EXPECT_TRUE(check({.id = at(id_bytes_max),
                     .name = at(name_bytes_max),
                     .category = at(category_bytes_max),
                     .data = at(data_bytes_max),
                     .key_id = at(key_id_bytes_max),
                     .index = at(index_bytes_max)}));
  const auto refused = [&](Record record, const std::string& field) {
    record.id = record.id.empty() ? "1" : record.id;
    record.name = record.name.empty() ? "n" : record.name;
    return fails_with(check(record), BP_E_TOO_LARGE, "`" + field + "`");
  };
  EXPECT_TRUE(refused({.id = at(id_bytes_max + 1)}, "id"));
  EXPECT_TRUE(refused({.name = at(name_bytes_max + 1)}, "name"));
  EXPECT_TRUE(refused({.category = at(category_bytes_max + 1)}, "category"));
  EXPECT_TRUE(refused({.data = at(data_bytes_max + 1)}, "data"));
  EXPECT_TRUE(refused({.key_id = at(key_id_bytes_max + 1)}, "key_id"));
  EXPECT_TRUE(refused({.index = at(index_bytes_max + 1)}, "index"));
}

TEST(Record, DataMayBeAnyBytesAndTextMayNot) {
  EXPECT_TRUE(check({.id = "1", .name = "n", .data = std::string("\xFF\0\x80", 3)}));
  EXPECT_TRUE(fails_with(check({.id = "\xFF", .name = "n"}), BP_E_INVALID, "UTF-8"));
}

}  // namespace
}  // namespace storage_sqlite::records
