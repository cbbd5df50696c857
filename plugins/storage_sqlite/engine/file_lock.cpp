// plugins/storage_sqlite/engine/file_lock.cpp - flock(2) on a file beside the database.
//
// SQLite's own locks would let a second process in between two transactions; ours lasts as long as
// the instance does. flock also separates two instances inside one process, fcntl locks would not.
#include "engine/file_lock.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <sys/file.h>

namespace storage_sqlite::engine {
namespace {

constexpr std::size_t pid_bytes_max = 32;
constexpr mode_t owner_and_group_mode = 0640;

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

std::string holder_of(int descriptor) {
  std::array<char, pid_bytes_max> text{};
  const ssize_t bytes = ::pread(descriptor, text.data(), text.size() - 1, 0);
  std::string holder(text.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  while (!holder.empty() && holder.back() == '\n') {
    holder.pop_back();
  }
  return holder.empty() ? "another process" : "process " + holder;
}

}  // namespace

bp::result<FileLock> FileLock::hold(const std::string& database_path) {
  const std::string path = database_path + ".lock";
  FileLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, owner_and_group_mode));
  if (lock.descriptor_ < 0) {
    return bp::fail(BP_E_IO, "CANTOPEN: cannot open the lock file '" + path + "': " +
                                 reason(errno) + "; check that the folder exists and is writable");
  }
  if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int error_number = errno;
    if (error_number != EWOULDBLOCK) {
      return bp::fail(BP_E_IO, "IO: cannot lock '" + path + "': " + reason(error_number));
    }
    return bp::fail(BP_E_BUSY, "BUSY: '" + database_path + "' is in use by " +
                                   holder_of(lock.descriptor_) + " (it holds '" + path +
                                   "'); stop it, or give this instance another `path`");
  }
  // The number only helps people who read it: failing to write it changes nothing.
  const std::string holder = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.descriptor_, 0) == 0) {
    (void)!::pwrite(lock.descriptor_, holder.data(), holder.size(), 0);
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

// The file stays: removing it would let two processes lock two different files of one name.
FileLock::~FileLock() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

}  // namespace storage_sqlite::engine
