// plugins/crypto_sodium/private_file.hpp - files only their owner reads, written whole or never.
//
// The one part of this plugin that is about POSIX. Thread: any. Blocks: on the disk.
#pragma once

#include <string>

#include "secret.hpp"

namespace crypto_sodium {

/// Who else may read a file: nobody; or whom an access control list names, whose mask then stands
/// in the place of the group's permissions.
enum class Readers : std::uint8_t { Owner, OwnerAndAcl };

/// The whole content. Errors: NOT_FOUND, PERMISSION (not ours to read, or readable by group or
/// others: the text names the chmod), TOO_LARGE, IO; each names the file.
[[nodiscard]] bp::result<Secret> read_private_file(const std::string& path,
                                                   std::size_t size_bytes_max,
                                                   Readers readers = Readers::Owner);

/// Creates the file (mode 0600) and a missing last folder (mode 0700); on disk when this returns.
/// Whoever reads it sees all of it: of many creators at once one wins and is told true; the others
/// get false and find the winner's file. Errors: PERMISSION, IO.
[[nodiscard]] bp::result<bool> create_private_file(const std::string& path, Bytes content);

/// Same, but an older file is replaced.
[[nodiscard]] bp::result<void> replace_private_file(const std::string& path, Bytes content);

}  // namespace crypto_sodium
