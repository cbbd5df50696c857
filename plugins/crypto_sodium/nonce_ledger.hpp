// plugins/crypto_sodium/nonce_ledger.hpp - keeps the number of used nonces across restarts.
//
// The file says at least as much as was used: while running it is written ahead by a margin, so
// that sealing never waits for a disk; a crash costs the margin, a clean stop next to nothing.
// Owns: the file. Thread: due() any; open() and record() one at a time.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "keyset.hpp"

namespace crypto_sodium {

inline constexpr std::uint64_t nonce_margin = 1U << 16U;  // 2^15 crashes use up a key's 2^31
inline constexpr std::uint64_t nonce_margin_at_stop = 1U << 10U;  // inline calls still under way

class NonceLedger {
 public:
  /// The keyset outlives this object.
  NonceLedger(std::string path, const Keyset& keys) : path_(std::move(path)), keys_(keys) {}

  /// Continues the counts of the keys from the file; a missing file is an empty one.
  /// Blocks: on the disk. Errors: CORRUPT, PERMISSION, IO.
  [[nodiscard]] bp::result<void> open();

  /// True once when the file should be written because of what `key` sealed: whoever is told so
  /// sees to it that record() runs.
  [[nodiscard]] bool due(const Key& key) noexcept;

  /// Has any key sealed since open()? If not, there is nothing to record.
  [[nodiscard]] bool used() const;

  /// Writes the count of every key, plus `margin` for those used. Blocks: on the disk. Errors:
  /// PERMISSION, IO.
  [[nodiscard]] bp::result<void> record(std::uint64_t margin);

 private:
  [[nodiscard]] bool read_line(std::string_view line);

  std::string path_;
  const Keyset& keys_;
  std::map<std::uint32_t, std::uint64_t> at_start_;  // by key id, as the file said
  std::vector<std::string> foreign_;                 // lines of keys that are not there now: kept
  std::atomic<bool> asked_{false};
};

}  // namespace crypto_sodium
