// tests/host/loader/library_path_test.cpp - names are looked for where the operator said, and
// nowhere else.
#include "host/loader/library_path.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/loader/folder.hpp"

namespace host::loader {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class LibraryPath : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(first_ / "hello");
    std::filesystem::create_directories(second_);
  }

  Folder folder_;
  std::filesystem::path first_ = folder_.path() / "first";
  std::filesystem::path second_ = folder_.path() / "second";
  std::vector<std::filesystem::path> path_{first_, second_};
};

TEST_F(LibraryPath, FindsTheFlatFileBeforeTheNestedOneAndTheFirstFolderBeforeTheSecond) {
  folder_.write("second/hello.so", "");
  EXPECT_EQ(find_library("hello", path_), second_ / "hello.so");
  folder_.write("first/hello/hello.so", "");
  EXPECT_EQ(find_library("hello", path_), first_ / "hello" / "hello.so");
  folder_.write("first/hello.so", "");
  EXPECT_EQ(find_library("hello", path_), first_ / "hello.so");
  EXPECT_EQ(find_library("hello.so", path_), first_ / "hello.so");
}

TEST_F(LibraryPath, TellsWhereItLooked) {
  const auto missing = find_library("absent", path_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), BP_E_NOT_FOUND);
  EXPECT_THAT(missing.error().message(),
              AllOf(HasSubstr((first_ / "absent.so").string()),
                    HasSubstr((first_ / "absent" / "absent.so").string()),
                    HasSubstr((second_ / "absent.so").string()), HasSubstr("host.plugin_path")));
  EXPECT_THAT(find_library("absent", {}).error().message(), HasSubstr("host.plugin_path is empty"));
}

TEST_F(LibraryPath, NamesTheNearestLibraryThereIs) {
  folder_.write("first/storage_sqlite.so", "");
  folder_.write("first/README.md", "");
  std::filesystem::create_directories(second_ / "weather");
  folder_.write("second/weather/weather.so", "");
  const auto hint = [&](const std::string& name) {
    const std::string text = find_library(name, path_).error().message();
    const std::size_t mean = text.find("did you mean '");
    return mean == std::string::npos ? "" : text.substr(mean, text.find('?') - mean);
  };
  EXPECT_EQ(hint("storge_sqlite"), "did you mean 'storage_sqlite'");
  EXPECT_EQ(hint("storage_sqlit.so"), "did you mean 'storage_sqlite'");
  EXPECT_EQ(hint("wether"), "did you mean 'weather'");
  EXPECT_EQ(hint("READM"), "");
  EXPECT_EQ(hint((first_ / "storge_sqlite.so").string()), "did you mean 'storage_sqlite.so'");
}

TEST_F(LibraryPath, NeverAsksTheSystem) {
  EXPECT_EQ(find_library("libc.so.6", path_).error().code(), BP_E_NOT_FOUND);
}

TEST_F(LibraryPath, TakesAPathAsItIs) {
  const auto file = folder_.write("any.bin", "");
  EXPECT_EQ(find_library(file.string(), path_), file);
  const auto missing = find_library("./absent.so", path_);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message(),
              HasSubstr("plugin file './absent.so' refused: there is no such file"));
}

TEST_F(LibraryPath, RefusesNamesThatAreNone) {
  for (const std::string_view name : {std::string_view(""), std::string_view("."),
                                      std::string_view(".."), std::string_view("a\0b", 3)}) {
    EXPECT_EQ(find_library(name, path_).error().code(), BP_E_INVALID);
  }
}

}  // namespace
}  // namespace host::loader
