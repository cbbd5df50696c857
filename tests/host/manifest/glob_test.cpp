// tests/host/manifest/glob_test.cpp - patterns against names and against a folder.
#include "host/manifest/glob.hpp"

#include <gtest/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace {

using namespace host::manifest;

TEST(Glob, MatchesNames) {
  EXPECT_TRUE(glob_matches("ws.*", "ws.in.events"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("a?c*", "abc"));
  EXPECT_TRUE(glob_matches("*in*s", "ws.in.events"));
  EXPECT_FALSE(glob_matches("ws.*", "ws"));
  EXPECT_FALSE(glob_matches("ws", "ws.in"));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_FALSE(glob_matches("a?", "a"));
}

TEST(Glob, IsNotSlowOnManyStars) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) {
    pattern += "a*";
  }
  EXPECT_FALSE(glob_matches(pattern + 'b', std::string(2'000, 'a')));
}

TEST(Glob, ListsMatchingFilesInOrder) {
  const test::Folder folder;
  folder.write("b.json", "");
  folder.write("a.json", "");
  folder.write("c.txt", "");
  folder.write(".hidden.json", "");
  folder.write("d.json/inside", "");
  const auto found = glob_files(folder.path() / "*.json");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].filename(), "a.json");
  EXPECT_EQ(found[1].filename(), "b.json");
  EXPECT_TRUE(glob_files(folder.path() / "missing" / "*").empty());
}

}  // namespace
