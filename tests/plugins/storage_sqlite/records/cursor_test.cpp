// tests/plugins/storage_sqlite/records/cursor_test.cpp - cursors come back whole or are refused.
#include "records/cursor.hpp"

#include <rapidcheck.h>

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite::records {
namespace {

using storage_sqlite::testing::fails_with;

TEST(Cursor, ComesBackAsItWent) {
  EXPECT_TRUE(rc::check("any position",
                        [](std::uint64_t question, std::int64_t first, std::int64_t second) {
                          const Cursor cursor{question, first, second};
                          const auto read = Cursor::read(cursor.text(), question);
                          RC_ASSERT(read.has_value());
                          RC_ASSERT(*read == cursor);
                        }));
}

TEST(Cursor, ContinuesOnlyItsOwnQuestion) {
  const std::string text = Cursor{1, 2, 3}.text();
  EXPECT_TRUE(fails_with(Cursor::read(text, 2), BP_E_INVALID, "another question"));
}

TEST(Cursor, RefusesAnyOtherText) {
  for (const char* text : {"", ".", "1", "1.2", "1.2.", "1.2.3.", "1.2.3 ", " 1.2.3", "x.2.3",
                           "1.99999999999999999999.3", "-1.2.3", "1..3"}) {
    EXPECT_TRUE(fails_with(Cursor::read(text, 1), BP_E_INVALID, "CURSOR")) << text;
  }
  EXPECT_TRUE(rc::check("garbage never passes", [](const std::string& text) {
    const auto read = Cursor::read(text, 0x1234567890ABCDEFU);
    RC_ASSERT(!read.has_value());
  }));
}

TEST(Cursor, FingerprintsTellPartsApart) {
  EXPECT_NE(mix(mix(0, "ab"), "c"), mix(mix(0, "a"), "bc"));
  EXPECT_NE(mix(mix(0, ""), "a"), mix(mix(0, "a"), ""));
  EXPECT_NE(mix(0, std::int64_t{1}), mix(0, std::int64_t{2}));
}

}  // namespace
}  // namespace storage_sqlite::records
