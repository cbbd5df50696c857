// tests/host/loader/library_test.cpp - a good plugin is loaded; what only shows in memory is
// refused then.
#include "host/loader/library.hpp"

#include <dlfcn.h>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/loader/folder.hpp"

namespace host::loader {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Facts facts_of(const std::filesystem::path& path) {
  auto facts = inspect(path);
  EXPECT_TRUE(facts) << facts.error().message();
  return std::move(facts).value_or(Facts{});
}

TEST(Library, OpensAGoodPlugin) {
  const auto library = Library::open(facts_of(built_plugin("good_minimal")));
  ASSERT_TRUE(library) << library.error().message();
  EXPECT_EQ(library->entry().magic, BP_ENTRY_MAGIC);
  EXPECT_STREQ(library->plugin().id, "org.example.minimal");
  EXPECT_NE(library->plugin().create, nullptr);
  EXPECT_EQ(library->facts().description.version, "1.0.0");
  EXPECT_EQ(dlsym(RTLD_DEFAULT, BP_ENTRY_SYMBOL), nullptr) << "a plugin's symbol must stay its own";
}

TEST(Library, StaysMappedWhenItsOwnerIsGone) {
  const Folder folder;
  const bp_plugin* plugin = nullptr;
  const auto path = folder.copy_plugin("good_minimal");
  {
    const auto library = Library::open(facts_of(path));
    ASSERT_TRUE(library);
    plugin = &library->plugin();
  }
  EXPECT_STREQ(plugin->id, "org.example.minimal");
  const auto again = Library::open(facts_of(path));
  ASSERT_TRUE(again);
  EXPECT_EQ(&again->plugin(), plugin);
}

TEST(Library, KeepsTwoPluginsWithTheSameSymbolApart) {
  const auto first = Library::open(facts_of(built_plugin("good_minimal")));
  const auto second = Library::open(facts_of(built_plugin("good_minimal_next")));
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_STREQ(first->plugin().version, "1.0.0");
  EXPECT_STREQ(second->plugin().version, "2.0.0");
}

struct Sin {
  const char* plugin;
  bp_status code;
  const char* detail;
  const char* rule;
};

void PrintTo(const Sin& sin, std::ostream* out) {
  *out << sin.plugin;
}

class LibrarySin : public testing::TestWithParam<Sin> {};

TEST_P(LibrarySin, IsRefusedByName) {
  const auto library = Library::open(facts_of(built_plugin(GetParam().plugin)));
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().code(), GetParam().code);
  EXPECT_THAT(library.error().message(),
              AllOf(HasSubstr(std::string(GetParam().plugin) + ".so' refused: "),
                    HasSubstr(GetParam().detail),
                    HasSubstr(std::string("rule: ") + GetParam().rule + " (")));
}

INSTANTIATE_TEST_SUITE_P(
    BadPlugins, LibrarySin,
    testing::Values(
        Sin{"bad_null_table", BP_E_ABI, "has no table of plugins", "law.plugins"},
        Sin{"bad_null_slot", BP_E_ABI, "has no create()", "law.table"},
        Sin{"bad_small_table", BP_E_ABI, "claims 40 bytes, version 1.0 has 56", "law.table"},
        Sin{"bad_unknown_flags", BP_E_TOO_NEW, "flags or fields", "law.entry_tail"},
        Sin{"bad_other_id", BP_E_CONFLICT, "has id 'org.example.somebody_else'", "law.identity"},
        Sin{"bad_other_manifest", BP_E_SCHEMA, "points to another text", "law.manifest"},
        Sin{"bad_unresolved", BP_E_UNAVAILABLE, "a_function_that_nobody_has", "system.loads"}),
    [](const auto& sin) { return std::string(sin.param.plugin); });

TEST(Library, NoticesAFileThatChangedAfterItsInspection) {
  const Folder folder;
  const auto path = folder.copy_plugin("good_minimal");
  const Facts facts = facts_of(path);
  std::filesystem::rename(folder.copy_plugin("good_minimal_next"), path);
  const auto library = Library::open(facts);
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().code(), BP_E_CONFLICT);
  EXPECT_THAT(library.error().message(),
              HasSubstr("was changed after it was inspected; rule: file.unchanged"));
}

TEST(Library, NoticesThatTheSystemStillHasTheOldFile) {
  const Folder folder;
  const auto path = folder.copy_plugin("good_minimal");
  const auto first = Library::open(facts_of(path));
  ASSERT_TRUE(first);
  std::filesystem::rename(folder.copy_plugin("good_minimal_next"), path);
  const auto second = Library::open(facts_of(path));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(),
              AllOf(HasSubstr("restart the host"), HasSubstr("rule: file.unchanged")));
}

TEST(Library, PassesOnTheWordsOfTheSystem) {
  const Folder folder;
  const auto path = folder.copy_plugin("good_minimal");
  const Facts facts = facts_of(path);
  std::filesystem::remove(path);
  const auto library = Library::open(facts);
  ASSERT_FALSE(library);
  EXPECT_THAT(library.error().message(), HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace host::loader
