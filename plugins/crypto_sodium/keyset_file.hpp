// plugins/crypto_sodium/keyset_file.hpp - the named keys on disk, sealed under the configured key.
//
// "BPKS" | 0x01 | id of the sealing key, u32 | generation, u64 | nonce (24) | ciphertext | tag
// (16); numbers are big-endian, the cipher is XChaCha20-Poly1305, everything before the nonce is
// authenticated. Written whole or not at all, mode 0600. Thread: any, one at a time. Blocks: on the
// disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stored_keyset.hpp"

namespace crypto_sodium {

/// The key that seals the file: derived from a configured master, for nothing else.
class SealingKey {
 public:
  /// Errors: NO_MEMORY.
  [[nodiscard]] static bp::result<SealingKey> of(const Secret& master);

  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }

  [[nodiscard]] const Cipher& cipher() const noexcept { return cipher_; }

 private:
  SealingKey(std::uint32_t id, Cipher cipher) : id_(id), cipher_(std::move(cipher)) {}

  std::uint32_t id_;
  Cipher cipher_;
};

class KeysetFile {
 public:
  explicit KeysetFile(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Id of the key that the file is sealed under; nothing: there is no file.
  /// Errors: CORRUPT, PERMISSION, IO.
  [[nodiscard]] bp::result<std::optional<std::uint32_t>> sealed_under() const;

  /// With whichever of the keys it is sealed under; an empty set when there is no file.
  /// Errors: CONFLICT (none of them, naming the one), CORRUPT, PERMISSION, IO, NO_MEMORY.
  [[nodiscard]] bp::result<StoredKeyset> read(const std::vector<SealingKey>& keys) const;

  /// On disk when this returns. Errors: PERMISSION, IO, NO_MEMORY.
  [[nodiscard]] bp::result<void> write(const StoredKeyset& keys, const SealingKey& with) const;

 private:
  [[nodiscard]] bp::result<std::optional<Secret>> content() const;
  [[nodiscard]] std::unexpected<bp::error> damaged() const;

  std::string path_;
};

}  // namespace crypto_sodium
