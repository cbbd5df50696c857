// plugins/crypto_sodium/key_store.hpp - changes named keys: on disk first, then for everybody.
//
// A change that cannot be written does not happen. (When only the record of its generation cannot,
// it is not used either, but the next start finds it in the file, unless another change replaced
// it.) Owns: the stored set. Thread: one at a time. Blocks: on the disk, and for whoever still uses
// a key that is destroyed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "generation_record.hpp"
#include "keyset.hpp"
#include "keyset_file.hpp"

namespace crypto_sodium {

class KeyStore {
 public:
  /// The keyset has its configured keys and outlives this object.
  KeyStore(KeysetFile file, GenerationRecord record, Keyset& live)
      : file_(std::move(file)), record_(std::move(record)), live_(live) {}

  /// Before there are keys: id of the one that the file is sealed under; nothing: no file is there,
  /// and none was ever used. Errors: NOT_FOUND (it was), and those of reading.
  [[nodiscard]] bp::result<std::optional<std::uint32_t>> find_file();

  /// Takes in what the file holds. `keys`: the present sealing key, then former ones; a file that
  /// is sealed under one of these is sealed anew. Errors: KeysetFile's, GenerationRecord's (it is
  /// missing, or older than it was) and Keyset::prepare()'s.
  [[nodiscard]] bp::result<void> open(std::vector<SealingKey> keys);

  /// A new named key with its first version. Errors: INVALID (name), EXISTS, FULL, and those of
  /// writing.
  [[nodiscard]] bp::result<void> create(std::string_view name, Purpose purpose, std::int64_t now_s);

  /// A new version seals from now on; the others still open. Errors: NOT_FOUND, FULL (destroy
  /// some), and those of writing.
  [[nodiscard]] bp::result<void> rotate(std::string_view name, std::int64_t now_s);

  /// Errors: NOT_FOUND, STATE (the primary; destroying what is enabled; whatever was destroyed; a
  /// configured key), and those of writing.
  [[nodiscard]] bp::result<void> set_state(std::string_view name, std::uint32_t version,
                                           KeyState state);

  /// Older versions open nothing any more; the minimum may be lowered again. Errors: NOT_FOUND,
  /// RANGE (above the primary), and those of writing.
  [[nodiscard]] bp::result<void> set_min_version(std::string_view name, std::uint32_t number);

  [[nodiscard]] std::uint64_t generation() const noexcept { return stored_.generation; }

  /// Id of the configured key that the file is sealed under.
  [[nodiscard]] std::uint32_t sealed_under() const noexcept { return keys_.front().id(); }

  /// A name has 1 to key_name_bytes_max letters, digits, '.', '_' and '-'.
  [[nodiscard]] static bp::result<void> check_name(std::string_view name);

 private:
  [[nodiscard]] bp::result<StoredRing*> find(StoredKeyset& in, std::string_view name) const;
  [[nodiscard]] bp::result<void> take(StoredKeyset next);

  KeysetFile file_;
  GenerationRecord record_;
  Keyset& live_;
  std::vector<SealingKey> keys_;
  StoredKeyset stored_;
};

}  // namespace crypto_sodium
