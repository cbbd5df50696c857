// tests/host/manifest/glob_test.cpp - a pattern against a folder.
#include "host/manifest/glob.hpp"

#include <gtest/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace {

using namespace host::manifest;

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
