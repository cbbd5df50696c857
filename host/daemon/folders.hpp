// host/daemon/folders.hpp - the daemon's folders, and the lock that keeps a second host out of its
// data.
//
// Owns: the lock, for its life. Thread: one. Errors: BUSY naming the other process, IO with the
// fix.
#pragma once

#include <filesystem>

#include "host/error/error.hpp"

namespace host::daemon {

class Folders {
 public:
  [[nodiscard]] static error::Result<Folders> claim(const std::filesystem::path& data_dir,
                                                    const std::filesystem::path& runtime_dir);
  Folders(Folders&& other) noexcept;
  Folders(const Folders&) = delete;
  Folders& operator=(const Folders&) = delete;
  Folders& operator=(Folders&&) = delete;
  ~Folders();

 private:
  explicit Folders(int lock) : lock_(lock) {}

  int lock_;
};

}  // namespace host::daemon
