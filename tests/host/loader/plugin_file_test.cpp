// tests/host/loader/plugin_file_test.cpp - only regular files are read, and nothing is waited for.
#include "host/loader/plugin_file.hpp"

#include <cstring>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/host/loader/folder.hpp"

namespace host::loader {
namespace {

using testing::HasSubstr;

TEST(PluginFile, ReadsAllBytesAndTheIdentity) {
  const Folder folder;
  const auto path = folder.write("a.so", std::string(100'000, 'x'));
  const auto file = read_plugin_file(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->bytes.size(), 100'000U);
  EXPECT_EQ(file->identity.bytes, 100'000U);
  EXPECT_EQ(identify(path), file->identity);
  folder.write("b.so", "other");
  std::filesystem::rename(folder.path() / "b.so", path);
  EXPECT_NE(identify(path), file->identity);
}

TEST(PluginFile, RefusesWhatIsMissing) {
  const Folder folder;
  const auto file = read_plugin_file(folder.path() / "absent.so");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), BP_E_NOT_FOUND);
  EXPECT_THAT(file.error().message(),
              HasSubstr("absent.so' refused: there is no such file; rule: file.present"));
  EXPECT_EQ(identify(folder.path() / "absent.so").error().code(), BP_E_NOT_FOUND);
}

TEST(PluginFile, RefusesADirectoryAndADevice) {
  const Folder folder;
  EXPECT_THAT(read_plugin_file(folder.path()).error().message(),
              HasSubstr("is a directory; rule: file.regular"));
  EXPECT_THAT(read_plugin_file("/dev/null").error().message(),
              HasSubstr("is a device; rule: file.regular"));
}

TEST(PluginFile, RefusesAFifoWithoutWaitingForAWriter) {
  const Folder folder;
  const auto path = folder.path() / "pipe.so";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto file = read_plugin_file(path);
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message(), HasSubstr("is a FIFO; rule: file.regular"));
}

TEST(PluginFile, RefusesASocket) {
  const Folder folder;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = (folder.path() / "s.so").string();
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_THAT(read_plugin_file(path).error().message(),
              HasSubstr("is a socket; rule: file.regular"));
  ::close(socket);
}

TEST(PluginFile, RefusesWhatMayNotBeRead) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may read everything";
  }
  const Folder folder;
  const auto path = folder.write("secret.so", "x");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  const auto file = read_plugin_file(path);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), BP_E_PERMISSION);
  EXPECT_THAT(file.error().message(), HasSubstr("rule: file.readable"));
}

TEST(PluginFile, RefusesALoopOfLinks) {
  const Folder folder;
  std::filesystem::create_symlink("loop.so", folder.path() / "loop.so");
  EXPECT_THAT(read_plugin_file(folder.path() / "loop.so").error().message(),
              HasSubstr("rule: file.readable"));
}

TEST(PluginFile, RefusesAFileAboveTheLimit) {
  const Folder folder;
  const auto path = folder.write("large.so", "x");
  std::filesystem::resize_file(path, file_bytes_max + 1);  // sparse: takes no space
  const auto file = read_plugin_file(path);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), BP_E_TOO_LARGE);
}

TEST(PluginFile, ComputesSha256) {
  constexpr std::string_view text = "abc";  // FIPS 180-4, example B.1
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span(text))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace host::loader
