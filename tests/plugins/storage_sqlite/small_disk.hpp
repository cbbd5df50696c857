// tests/plugins/storage_sqlite/small_disk.hpp - a file system of 4 MiB, as far as this process may
// mount one.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include <sys/mount.h>

namespace storage_sqlite::testing {

class SmallDisk {
 public:
  explicit SmallDisk(std::string folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    mounted_ = ::mount("none", folder_.c_str(), "tmpfs", 0, "size=4m") == 0;
  }

  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  SmallDisk(SmallDisk&&) = delete;
  SmallDisk& operator=(SmallDisk&&) = delete;

  ~SmallDisk() {
    if (mounted_) {
      ::umount2(folder_.c_str(), MNT_DETACH);
    }
  }

  [[nodiscard]] bool mounted() const noexcept { return mounted_; }

  [[nodiscard]] std::string path(const std::string& file) const { return folder_ + "/" + file; }

  [[nodiscard]] bool make_read_only() const {
    return ::mount("none", folder_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }

 private:
  std::string folder_;
  bool mounted_ = false;
};

}  // namespace storage_sqlite::testing
