// plugins/crypto_sodium/key_record.hpp - remembers across starts which key seals here.
//
// A small file in the instance's data folder holds the id of the key that sealed last, so that a
// lost or mistaken key stops the start instead of sealing beside data that it cannot open. The id
// is no secret: it stands in front of every ciphertext. Owns: the file. Thread: any. Blocks: on the
// disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "keyset.hpp"

namespace crypto_sodium {

class KeyRecord {
 public:
  explicit KeyRecord(std::string path) : path_(std::move(path)) {}

  /// Reads the file; a missing one means that no key was used yet. Errors: CORRUPT, PERMISSION,
  /// IO.
  [[nodiscard]] bp::result<void> open();

  /// The key that seals here as of the last start.
  [[nodiscard]] std::optional<std::uint32_t> id() const noexcept { return id_; }

  /// How to go on when the recorded key is missing; empty when there is no record.
  [[nodiscard]] std::string remedy() const;

  /// The recorded key is the present primary or a former one; `present` seals from now on.
  /// Errors: CONFLICT, naming both and the ways out.
  [[nodiscard]] bp::result<void> check(const Keyset& keys, std::uint32_t present) const;

  /// On disk when this returns; nothing is written when it is recorded already. Errors: PERMISSION,
  /// IO.
  [[nodiscard]] bp::result<void> note(std::uint32_t present);

 private:
  std::string path_;
  std::optional<std::uint32_t> id_;
};

}  // namespace crypto_sodium
