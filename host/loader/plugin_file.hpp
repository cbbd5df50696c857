// host/loader/plugin_file.hpp - the bytes of a plugin file, and which file they came from.
//
// Owns: the bytes. Thread: any. Errors: refusals file.present, file.readable, file.regular,
// file.size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "host/error/error.hpp"

namespace host::loader {

inline constexpr std::uint64_t file_bytes_max = std::uint64_t{1024} * 1024 * 1024;

// Tells whether a path still names the file that was read.
struct FileIdentity {
  std::uint64_t device{0};
  std::uint64_t inode{0};
  std::uint64_t bytes{0};
  std::int64_t modified_ns{0};

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct PluginFile {
  FileIdentity identity;
  std::vector<std::byte> bytes;
};

// Reads a regular file. Never waits: a FIFO, a device or a directory is refused.
[[nodiscard]] error::Result<PluginFile> read_plugin_file(const std::filesystem::path& path);

// What the path names now.
[[nodiscard]] error::Result<FileIdentity> identify(const std::filesystem::path& path);

// 64 hexadecimal digits, lower case.
[[nodiscard]] error::Result<std::string> sha256_hex(std::span<const std::byte> bytes);

}  // namespace host::loader
