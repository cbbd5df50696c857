// tests/plugins/transport_ws/tls/file_test.cpp - what is read, what is refused, and what counts as
// a change.
#include "tls/file.hpp"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "paper.hpp"

namespace transport_ws::tls {
namespace {

TEST(File, IsReadWhole) {
  const Folder folder;
  const std::string content(100'000, 'x');
  const std::string path = folder.write("a", content);
  EXPECT_EQ(*read_file(path, Readers::Owner), content);
  EXPECT_EQ(*read_file(folder.write("empty", ""), Readers::Anybody), "");
}

TEST(File, WithAKeyMustBeItsOwnersAlone) {
  const Folder folder;
  const std::string path = folder.write("key", "secret");
  for (const auto open :
       {std::filesystem::perms::others_read, std::filesystem::perms::group_read}) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | open);
    const auto refused = read_file(path, Readers::Owner);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), BP_E_PERMISSION);
    EXPECT_NE(refused.error().message().find("fix: chmod 600 '" + path + "'"), std::string::npos);
    EXPECT_EQ(refused.error().message().find("secret"), std::string::npos);
    EXPECT_TRUE(read_file(path, Readers::Anybody));
  }
}

TEST(File, ThatIsNoneIsNamedWithTheFix) {
  const Folder folder;
  const auto missing = read_file(folder.at("nothing"), Readers::Anybody);
  EXPECT_EQ(missing.error().code(), BP_E_NOT_FOUND);
  EXPECT_NE(missing.error().message().find(folder.at("nothing")), std::string::npos);
  EXPECT_NE(missing.error().message().find("fix: "), std::string::npos);
  EXPECT_EQ(read_file(folder.path(), Readers::Anybody).error().code(), BP_E_INVALID);
  const std::string large = folder.write("large", std::string(file_bytes_max + 1, 'x'));
  EXPECT_EQ(read_file(large, Readers::Anybody).error().code(), BP_E_TOO_LARGE);
}

TEST(File, ShowsChanges) {
  const Folder folder;
  const Facts none = facts_of(folder.at("a"));
  EXPECT_EQ(none, Facts());
  folder.write("a", "1");
  const Facts first = facts_of(folder.at("a"));
  EXPECT_NE(first, none);
  EXPECT_EQ(facts_of(folder.at("a")), first);
  folder.write("a", "2");
  EXPECT_NE(facts_of(folder.at("a")), first);
}

TEST(File, PathsStartAtTheFolder) {
  EXPECT_EQ(path_in("/data", "tls/a.pem"), "/data/tls/a.pem");
  EXPECT_EQ(path_in("/data", "/etc/a.pem"), "/etc/a.pem");
  EXPECT_EQ(path_in("/data", ""), "");
}

}  // namespace
}  // namespace transport_ws::tls
