// plugins/transport_ws/tls/file.cpp - open once, look at what was opened, read it.
#include "tls/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/stat.h>

namespace transport_ws::tls {

namespace {

constexpr mode_t others_mask = S_IRWXG | S_IRWXO;

class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }

  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_;
};

bp::error failure(std::string_view action, const std::string& path) {
  const int cause = errno;
  bp_status code = BP_E_IO;
  std::string_view fix = "look at the file system";
  if (cause == ENOENT || cause == ENOTDIR) {
    code = BP_E_NOT_FOUND;
    fix =
        "put the file there, or name the right one (a relative path starts at the instance's "
        "data folder)";
  } else if (cause == EACCES || cause == EPERM) {
    code = BP_E_PERMISSION;
    fix = "let the user of the process read it";
  }
  return {code, fmt::format("cannot {} '{}': {}; fix: {}", action, path,
                            std::generic_category().message(cause), fix)};
}

bp::result<void> check(const struct stat& facts, const std::string& path, Readers readers) {
  if (!S_ISREG(facts.st_mode)) {
    return bp::fail(BP_E_INVALID, fmt::format("'{}' is not a regular file; fix: name one", path));
  }
  if (readers == Readers::Owner && (facts.st_mode & others_mask) != 0) {
    return bp::fail(
        BP_E_PERMISSION,
        fmt::format("'{0}' may be read by others than its owner; fix: chmod 600 '{0}' (and think "
                    "of the key as known if it was so for long)",
                    path));
  }
  if (facts.st_size > static_cast<off_t>(file_bytes_max)) {
    return bp::fail(BP_E_TOO_LARGE, fmt::format("'{}' has more than {} bytes; fix: name the file "
                                                "that holds keys or certificates",
                                                path, file_bytes_max));
  }
  return {};
}

}  // namespace

bp::result<std::string> read_file(const std::string& path, Readers readers) {
  const Descriptor descriptor(path);
  struct stat facts{};
  if (descriptor.number() < 0 || ::fstat(descriptor.number(), &facts) != 0) {
    return std::unexpected(failure("open", path));
  }
  BP_TRY(check(facts, path, readers));
  std::string content(file_bytes_max, '\0');
  std::size_t have = 0;
  for (;;) {
    const ssize_t got = ::read(descriptor.number(), content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return std::unexpected(failure("read", path));
    }
    have += static_cast<std::size_t>(got);
    if (got == 0 || have == content.size()) {
      content.resize(have);
      return content;
    }
  }
}

Facts facts_of(const std::string& path) noexcept {
  struct stat facts{};
  if (path.empty() || ::stat(path.c_str(), &facts) != 0) {
    return {};
  }
  return {static_cast<std::int64_t>(facts.st_dev),
          static_cast<std::int64_t>(facts.st_ino),
          facts.st_size,
          facts.st_mtim.tv_sec,
          facts.st_mtim.tv_nsec,
          facts.st_ctim.tv_sec,
          facts.st_ctim.tv_nsec};
}

std::string path_in(std::string_view folder, const std::string& path) {
  return path.empty() ? path : (std::filesystem::path(folder) / path).string();
}

}  // namespace transport_ws::tls
