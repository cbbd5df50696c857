// tests/host/cli/migrate_verbs_test.cpp - without a host, and without a store in it; the rest is in
// tests/scenario/storage_test.js.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/cli/verbs.hpp"
#include "tests/host/admin/backend.hpp"
#include "tests/host/cli/place.hpp"

namespace host::cli {
namespace {

using test::printed;
using test::Printed;
using testing::HasSubstr;

class MigrateVerbs : public admin::BackendTest {};

TEST_F(MigrateVerbs, WithoutAStoreTheySayWhereToLook) {
  const Place here{"plugins.json", socket()};
  for (const Printed& none :
       {printed([&] { return migrate_status(here, false); }),
        printed([&] { return migrate(here, {.component = "a\"b\\c\n", .to = 1}, false); }),
        printed([&] { return migrate(here, {.up = false, .component = "kv"}, true); })}) {
    EXPECT_EQ(none.code, 66) << none.err;
    EXPECT_THAT(none.err, HasSubstr("`backplane ctl status`"));
    EXPECT_EQ(none.out, "");
  }
}

TEST_F(MigrateVerbs, WithoutAHostTheySaySo) {
  const Place nobody{"plugins.json", (folder_.path() / "none").string()};
  const Printed lost = printed([&] { return migrate_status(nobody, false); });
  EXPECT_EQ(lost.code, 69);
  EXPECT_THAT(lost.err, HasSubstr("start it with `backplane serve`"));
  EXPECT_EQ(printed([&] { return migrate(nobody, {}, false); }).code, 69);
}

}  // namespace
}  // namespace host::cli
