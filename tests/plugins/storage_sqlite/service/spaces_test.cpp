// tests/plugins/storage_sqlite/service/spaces_test.cpp - private by default, granted by name.
#include "service/spaces.hpp"

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite::service {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;

TEST(Spaces, EveryInstanceHasItsOwn) {
  const Spaces spaces({});
  EXPECT_EQ(must(spaces.resolve("a", "", Right::Write)), "a");
  EXPECT_EQ(must(spaces.resolve("a", "a", Right::Write)), "a");
  EXPECT_TRUE(fails_with(spaces.resolve("a", "b", Right::Read), BP_E_PERMISSION,
                         "FORBIDDEN: instance 'a' may not read the namespace 'b'"));
  EXPECT_TRUE(fails_with(spaces.resolve("a", "default", Right::Write), BP_E_PERMISSION, "write"));
}

TEST(Spaces, TheOperatorMayUseAll) {
  const Spaces spaces({});
  EXPECT_EQ(must(spaces.resolve("", "", Right::Write)), "default");
  EXPECT_EQ(must(spaces.resolve("", "b", Right::Write)), "b");
}

TEST(Spaces, GrantsNameInstancesAndPatterns) {
  const Spaces spaces({{"prices", {.read = {"board"}, .write = {"feed-*"}}},
                       {"news", {.read = {"*"}, .write = {}}},
                       {"b", {.read = {}, .write = {"a"}}}});
  EXPECT_EQ(must(spaces.resolve("board", "prices", Right::Read)), "prices");
  EXPECT_FALSE(spaces.resolve("board", "prices", Right::Write));
  EXPECT_FALSE(spaces.resolve("boards", "prices", Right::Read)) << "no pattern, no prefix";
  EXPECT_TRUE(spaces.resolve("feed-1", "prices", Right::Write));
  EXPECT_TRUE(spaces.resolve("feed-1", "prices", Right::Read)) << "who may write may read";
  EXPECT_FALSE(spaces.resolve("feed", "prices", Right::Read));
  EXPECT_TRUE(spaces.resolve("anybody", "news", Right::Read));
  EXPECT_FALSE(spaces.resolve("anybody", "news", Right::Write));
  EXPECT_TRUE(spaces.resolve("a", "b", Right::Write)) << "of another instance, too";
  EXPECT_FALSE(spaces.resolve("b", "a", Right::Read)) << "and not the other way round";
}

TEST(Spaces, TheConfigurationIsChecked) {
  EXPECT_TRUE(check({{"prices", {.read = {"*"}, .write = {"feed"}}}}));
  EXPECT_TRUE(fails_with(check({{"a/b", {}}}), BP_E_CONFIG, "'a/b'"));
  EXPECT_TRUE(fails_with(check({{"", {}}}), BP_E_CONFIG, "`namespaces`"));
  EXPECT_TRUE(fails_with(check({{"x", {.read = {""}, .write = {}}}}), BP_E_CONFIG, "empty id"));
}

}  // namespace
}  // namespace storage_sqlite::service
