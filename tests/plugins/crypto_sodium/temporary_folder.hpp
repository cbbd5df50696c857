// tests/plugins/crypto_sodium/temporary_folder.hpp - a folder that goes away with the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace crypto_sodium::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "crypto_sodium.XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }

  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::string file(std::string_view name) const { return (path_ / name).string(); }

  /// Writes a file that only its owner reads, or one with the given permissions.
  std::string write(
      std::string_view name, std::string_view content,
      std::filesystem::perms permissions = std::filesystem::perms::owner_read |
                                           std::filesystem::perms::owner_write) const {
    const std::string path = file(name);
    std::ofstream(path, std::ios::binary) << content;
    std::filesystem::permissions(path, permissions);
    return path;
  }

  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_),
                                                  std::filesystem::directory_iterator()));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace crypto_sodium::testing
