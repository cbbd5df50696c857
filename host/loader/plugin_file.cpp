// host/loader/plugin_file.cpp - opens without waiting, checks what it opened, reads all of it.
#include "host/loader/plugin_file.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include "host/loader/refusal.hpp"

namespace host::loader {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}

  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;

  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_;
};

std::string reason(int number) {
  return std::generic_category().message(number);
}

error::Error cannot_open(const std::filesystem::path& path, int number) {
  if (number == ENOENT || number == ENOTDIR) {
    return refusal(path, Rule::FilePresent, "there is no such file");
  }
  return refusal(path, Rule::FileReadable, "cannot be opened: " + reason(number));
}

FileIdentity identity_of(const struct stat& facts) noexcept {
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  return {.device = facts.st_dev,
          .inode = facts.st_ino,
          .bytes = static_cast<std::uint64_t>(facts.st_size),
          .modified_ns = (facts.st_mtim.tv_sec * ns_per_s) + facts.st_mtim.tv_nsec};
}

std::string_view kind_of(const struct stat& facts) noexcept {
  if (S_ISDIR(facts.st_mode)) {
    return "is a directory";
  }
  if (S_ISFIFO(facts.st_mode)) {
    return "is a FIFO";
  }
  return S_ISSOCK(facts.st_mode) ? "is a socket" : "is a device";
}

}  // namespace

error::Result<PluginFile> read_plugin_file(const std::filesystem::path& path) {
  struct stat facts{};
  // Looked at before it is opened, because opening a device may do something; and again afterwards,
  // because the path may name something else by then.
  if (::stat(path.c_str(), &facts) != 0) {
    return std::unexpected(cannot_open(path, errno));
  }
  if (!S_ISREG(facts.st_mode)) {
    return std::unexpected(refusal(path, Rule::FileRegular, std::string(kind_of(facts))));
  }
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.number() < 0 || ::fstat(file.number(), &facts) != 0) {
    return std::unexpected(cannot_open(path, errno));
  }
  if (!S_ISREG(facts.st_mode)) {
    return std::unexpected(refusal(path, Rule::FileRegular, std::string(kind_of(facts))));
  }
  PluginFile result{.identity = identity_of(facts), .bytes = {}};
  if (result.identity.bytes > file_bytes_max) {
    return std::unexpected(refusal(
        path, Rule::FileSize,
        fmt::format("has {} bytes, the limit is {}", result.identity.bytes, file_bytes_max)));
  }
  result.bytes.resize(result.identity.bytes);
  std::size_t have = 0;
  while (have < result.bytes.size()) {
    const ssize_t got =
        ::read(file.number(), result.bytes.data() + have, result.bytes.size() - have);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return std::unexpected(refusal(path, Rule::FileReadable, "cannot be read: " + reason(errno)));
    }
    if (got == 0) {
      break;  // it became shorter meanwhile; the facts will say so
    }
    have += static_cast<std::size_t>(got);
  }
  result.bytes.resize(have);
  return result;
}

error::Result<FileIdentity> identify(const std::filesystem::path& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) {
    return std::unexpected(cannot_open(path, errno));
  }
  return identity_of(facts);
}

error::Result<std::string> sha256_hex(std::span<const std::byte> bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return error::fail(
        BP_E_UNSUPPORTED,
        "SHA-256 failed: OpenSSL does not provide it; fix: enable OpenSSL's default provider");
  }
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += fmt::format("{:02x}", digest.at(i));
  }
  return text;
}

}  // namespace host::loader
