// host/daemon/folders.cpp - flock(2) on a file in the data folder: gone when the process is gone,
// however it ended.
#include "host/daemon/folders.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <sys/file.h>

namespace host::daemon {

namespace {

error::Result<void> make(const std::filesystem::path& folder, const char* key) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    return error::fail(BP_E_IO, "making the folder '" + folder.string() + "': " + failed.message() +
                                    "; fix: set " + key + " to a folder this user may write to");
  }
  return {};
}

}  // namespace

error::Result<Folders> Folders::claim(const std::filesystem::path& data_dir,
                                      const std::filesystem::path& runtime_dir) {
  if (auto made = make(data_dir, "host.data_dir"); !made) {
    return std::unexpected(std::move(made).error());
  }
  if (auto made = make(runtime_dir, "host.runtime_dir"); !made) {
    return std::unexpected(std::move(made).error());
  }
  const std::filesystem::path file = data_dir / "host.lock";
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) {
    return error::fail(BP_E_IO, "opening '" + file.string() + "': " + std::strerror(errno) +
                                    "; fix: make host.data_dir writable for this user");
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> pid{};
    const auto size = ::read(lock, pid.data(), pid.size() - 1);
    ::close(lock);
    return error::fail(BP_E_BUSY,
                       "the data folder '" + data_dir.string() + "' is in use by process " +
                           (size > 0 ? std::string(pid.data()) : "unknown") +
                           "; fix: stop that host, or give this one its own host.data_dir");
  }
  const std::string pid = std::to_string(::getpid());
  [[maybe_unused]] const int cut = ::ftruncate(lock, 0);
  [[maybe_unused]] const auto written = ::pwrite(lock, pid.data(), pid.size(), 0);
  return Folders(lock);
}

Folders::Folders(Folders&& other) noexcept : lock_(std::exchange(other.lock_, -1)) {}

Folders::~Folders() {
  if (lock_ >= 0) {
    ::close(lock_);
  }
}

}  // namespace host::daemon
