// plugins/crypto_sodium/private_file.cpp - open, check and publish files by descriptor.
#include "private_file.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sodium.h>
#include <system_error>
#include <unistd.h>

#include <sys/stat.h>

namespace crypto_sodium {
namespace {

constexpr mode_t others_mask = S_IRWXG | S_IRWXO;
constexpr std::size_t scratch_name_bytes = 8;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }

  [[nodiscard]] int number() const noexcept { return number_; }

  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

/// errno as an error: what was done to which file, and why it failed.
bp::error failure(const std::string& action, const std::string& path) {
  const int cause = errno;
  bp_status code = BP_E_IO;
  if (cause == ENOENT || cause == ENOTDIR) {
    code = BP_E_NOT_FOUND;
  } else if (cause == EACCES || cause == EPERM) {
    code = BP_E_PERMISSION;
  }
  return {code, "cannot " + action + " '" + path + "': " + std::generic_category().message(cause)};
}

bp::result<void> check_readers(const struct stat& facts, const std::string& path, Readers readers) {
  const mode_t refused = readers == Readers::Owner ? others_mask : others_mask & ~mode_t{S_IRGRP};
  if (!S_ISREG(facts.st_mode)) {
    return bp::fail(BP_E_INVALID, "'" + path + "' is not a regular file; name one");
  }
  if ((facts.st_mode & refused) != 0) {
    return bp::fail(BP_E_PERMISSION,
                    "'" + path + "' may be read by others than its owner; run: chmod 600 '" + path +
                        "' (and think of the key as known if it was so for long)");
  }
  return {};
}

bool write_all(int descriptor, Bytes content) noexcept {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return false;
    }
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

bp::result<void> sync_folder(const std::string& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.is_open() || ::fsync(descriptor.number()) != 0) {
    return std::unexpected(failure("write to disk the folder", folder));
  }
  return {};
}

std::string scratch_name(const std::string& path) {
  std::array<std::uint8_t, scratch_name_bytes> random{};
  std::array<char, (2 * scratch_name_bytes) + 1> text{};
  randombytes_buf(random.data(), random.size());
  sodium_bin2hex(text.data(), text.size(), random.data(), random.size());
  return path + "." + text.data() + ".new";
}

/// Writes `content` under a name nobody else uses, next to `path`, and syncs it.
bp::result<std::string> write_scratch(const std::string& path, Bytes content) {
  const std::string folder = folder_of(path);
  if (::mkdir(folder.c_str(), S_IRWXU) == 0) {
    BP_TRY(sync_folder(folder_of(folder)));
  }
  std::string scratch = scratch_name(path);
  const Descriptor descriptor(
      ::open(scratch.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!descriptor.is_open()) {
    return std::unexpected(failure("create", scratch));
  }
  if (!write_all(descriptor.number(), content) || ::fsync(descriptor.number()) != 0) {
    bp::error why = failure("write", scratch);
    ::unlink(scratch.c_str());
    return std::unexpected(std::move(why));
  }
  return scratch;
}

}  // namespace

bp::result<Secret> read_private_file(const std::string& path, std::size_t size_bytes_max,
                                     Readers readers) {
  // O_NONBLOCK: a named pipe must not hold the start up; it is refused below.
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts{};
  if (!descriptor.is_open() || ::fstat(descriptor.number(), &facts) != 0) {
    return std::unexpected(failure("read", path));
  }
  BP_TRY(check_readers(facts, path, readers));
  auto content = Secret::allocate(size_bytes_max + 1);
  if (!content) {
    return content;
  }
  const WritableBytes memory = content->writable();
  std::size_t filled = 0;
  while (filled < memory.size()) {
    const ssize_t got = ::read(descriptor.number(), &memory[filled], memory.size() - filled);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return std::unexpected(failure("read", path));
    }
    if (got == 0) {
      break;
    }
    filled += static_cast<std::size_t>(got);
  }
  if (filled > size_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "'" + path + "' has more than " +
                                        std::to_string(size_bytes_max) +
                                        " bytes; is it the right file?");
  }
  content->truncate(filled);
  content->freeze();
  return content;
}

bp::result<bool> create_private_file(const std::string& path, Bytes content) {
  const auto scratch = write_scratch(path, content);
  if (!scratch) {
    return std::unexpected(scratch.error());
  }
  // link() is open(O_EXCL) for a file that is already complete: it fails when the name is taken.
  const bool created = ::link(scratch->c_str(), path.c_str()) == 0;
  const bool taken = !created && errno == EEXIST;
  bp::error why = failure("create", path);
  ::unlink(scratch->c_str());
  if (!created && !taken) {
    return std::unexpected(std::move(why));
  }
  BP_TRY(sync_folder(folder_of(path)));
  return created;
}

bp::result<void> replace_private_file(const std::string& path, Bytes content) {
  const auto scratch = write_scratch(path, content);
  if (!scratch) {
    return std::unexpected(scratch.error());
  }
  if (::rename(scratch->c_str(), path.c_str()) != 0) {
    bp::error why = failure("replace", path);
    ::unlink(scratch->c_str());
    return std::unexpected(std::move(why));
  }
  return sync_folder(folder_of(path));
}

}  // namespace crypto_sodium
