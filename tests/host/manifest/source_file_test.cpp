// tests/host/manifest/source_file_test.cpp - includes, config files, and files that are none.
#include "host/manifest/source_file.hpp"

#include <gtest/gtest.h>
#ifndef _WIN32
#include <sys/stat.h>
#endif

#include "tests/host/manifest/reading.hpp"

namespace {

using namespace host::manifest;
using test::told;

bool says(const Reading& reading, std::string_view text) {
  return told(reading).find(text) != std::string::npos;
}

TEST(SourceFile, MergesIncludedFilesByKey) {
  const test::Folder folder;
  folder.write("conf.d/10.json",
               R"({"schema":1,"plugins":{"b":{"library":"b"}},"wires":[{"from":"y",)"
               R"("steps":[{"call":"s/1.M"}]}]})");
  folder.write("conf.d/20.json",
               R"({"plugins":{"a":{"config":{"port":1}}},"log":{"level":"debug"}})");
  const auto file =
      folder.write("plugins.json",
                   R"({"schema":1,"include":["conf.d/*.json"],"plugins":{"a":{"library":"a"}},
          "wires":[{"from":"x","steps":[{"call":"s/1.M"}]}]})");
  const Reading reading = read_file(file, test::environment());
  ASSERT_TRUE(reading.manifest) << told(reading);
  ASSERT_EQ(reading.manifest->plugins.size(), 2U);
  EXPECT_EQ(reading.manifest->plugins[0].config, R"({"port":1})");
  EXPECT_EQ(reading.manifest->plugins[1].id, "b");
  EXPECT_EQ(reading.manifest->log.level, host::log::Level::Debug);
  ASSERT_EQ(reading.manifest->wires.size(), 2U);
  EXPECT_EQ(reading.manifest->wires[1].from, "y");
}

TEST(SourceFile, TellsTheFileOfEachProblem) {
  const test::Folder folder;
  const auto part = folder.write(
      "part.json", "{\"log\":{\n\"level\":\"no\"},\"env\":{},\"schema\":2,\"host\":[]}");
  const auto file = folder.write(
      "plugins.json", R"({"schema":1,"include":["part.json"],"host":{},"plugins":{},"x":1})");
  const Reading reading = read_file(file, test::environment());
  ASSERT_EQ(reading.problems.size(), 5U) << told(reading);
  EXPECT_EQ(reading.problems[0].file, file.string());
  EXPECT_EQ(reading.problems[1].file, part.string());
  EXPECT_EQ(reading.problems[1].line, 2);
  EXPECT_TRUE(says(reading, "an included file cannot hold \"env\""));
  EXPECT_TRUE(says(reading, "/schema: this build reads manifests of schema 1 only"));
  EXPECT_TRUE(says(reading, "/host: given already in " + file.string() + ", line 1, column 37"));
}

TEST(SourceFile, RefusesARepeatedScalar) {
  const test::Folder folder;
  folder.write("part.json", R"({"plugins":{"a":{"library":"other"}}})");
  const auto file = folder.write(
      "plugins.json", R"({"schema":1,"include":["part.json"],"plugins":{"a":{"library":"a"}}})");
  const Reading reading = read_file(file, test::environment());
  EXPECT_TRUE(says(reading, "/plugins/a/library: given already in ")) << told(reading);
}

TEST(SourceFile, NeedsIncludedFilesThatAreNamed) {
  const test::Folder folder;
  const auto file =
      folder.write("plugins.json",
                   R"({"schema":1,"include":["none/*.json","no.json","*/x.json"],"plugins":{}})");
  const Reading reading = read_file(file, test::environment());
  ASSERT_EQ(reading.problems.size(), 2U) << told(reading);
  EXPECT_TRUE(says(reading, "1:38 /include/1: there is no file"));
  EXPECT_TRUE(says(reading, "/include/2: * and ? are possible only in the last part"));
}

TEST(SourceFile, PutsAConfigFileInPlace) {
  const test::Folder folder;
  folder.write("a.json", "{ // port\n  \"port\": \"${PORT}\" }");
  const auto file = folder.write(
      "plugins.json", R"({"schema":1,"env":{"allow":["PORT"]},"plugins":{"a":{"library":"a",)"
                      R"("config_file":"a.json"}}})");
  const Reading reading = read_file(file, test::environment({{"PORT", "94"}}));
  ASSERT_TRUE(reading.manifest) << told(reading);
  EXPECT_EQ(reading.manifest->plugins[0].config, R"({"port":"94"})");
  const auto place = reading.manifest->locate("a", "/port");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->file(), (folder.path() / "a.json").string());
  EXPECT_EQ(place->line, 2);
}

TEST(SourceFile, RefusesConfigTwice) {
  const test::Folder folder;
  const auto file = folder.write(
      "plugins.json",
      R"({"schema":1,"plugins":{"a":{"library":"a","config":{},"config_file":"a.json"}}})");
  EXPECT_TRUE(says(read_file(file, test::environment()), "keep one of the two"));
}

TEST(SourceFile, ReadsOnlyRegularFilesWithinTheLimit) {
  const test::Folder folder;
  EXPECT_EQ(read_whole_file(folder.path() / "no", 10).error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(read_whole_file(folder.path(), 10).error().code(), BP_E_INVALID);
  EXPECT_EQ(read_whole_file(folder.write("long", "12345678901"), 10).error().code(),
            BP_E_TOO_LARGE);
  EXPECT_EQ(read_whole_file(folder.write("fits", "1234567890"), 10).value(), "1234567890");
#ifndef _WIN32
  const auto fifo = folder.path() / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(read_whole_file(fifo, 10).error().code(), BP_E_INVALID);
#endif
}

}  // namespace
