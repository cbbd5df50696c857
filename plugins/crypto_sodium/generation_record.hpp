// plugins/crypto_sodium/generation_record.hpp - remembers across starts how new the keyset was.
//
// A small file beside the keyset holds the highest generation of it that was ever used, and the id
// of the key that sealed it, so that a lost keyset or an old copy stops the start instead of going
// on without the keys that data are sealed with. The keyset is written first and this record
// second, both before a change takes effect: whatever the record tells of is on disk, and a crash
// between the two leaves a keyset that is newer, which is right. It guards against mishaps; whoever
// may write here may change both. Owns: the file. Thread: one at a time. Blocks: on the disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keyset_file.hpp"

namespace crypto_sodium {

class GenerationRecord {
 public:
  explicit GenerationRecord(std::string path) : path_(std::move(path)) {}

  /// Reads the file; a missing one means that no keyset was used yet. Errors: CORRUPT, PERMISSION,
  /// IO.
  [[nodiscard]] bp::result<void> open();

  /// The highest generation that was used; 0: none.
  [[nodiscard]] std::uint64_t generation() const noexcept { return seen_.generation; }

  /// There is a keyset, or none was ever used. Errors: NOT_FOUND, naming the way out.
  [[nodiscard]] bp::result<void> check_found(const std::string& keyset, bool found) const;

  /// The keyset's generation is the recorded one or a later one, and the recorded one was sealed
  /// under one of `keys`. Errors: CONFLICT, naming both generations (or the key) and the way out.
  [[nodiscard]] bp::result<void> check(const std::string& keyset, std::uint64_t generation,
                                       const std::vector<SealingKey>& keys) const;

  /// On disk when this returns; nothing is written when it is recorded already, or nothing was used
  /// (generation 0). Errors: PERMISSION, IO.
  [[nodiscard]] bp::result<void> note(std::uint64_t generation, std::uint32_t sealed_under);

 private:
  struct Seen {
    std::uint64_t generation = 0;
    std::uint32_t sealed_under = 0;

    bool operator==(const Seen&) const = default;
  };

  [[nodiscard]] static std::optional<Seen> parse(std::string_view text);
  [[nodiscard]] std::string remedy() const;

  std::string path_;
  Seen seen_;
};

}  // namespace crypto_sodium
