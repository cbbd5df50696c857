// plugins/crypto_sodium/secret.hpp - bytes that must not leak: guarded, locked, wiped, unprintable.
//
// Owns: its memory. Thread: values; reading a frozen secret from many threads is fine.
// Locking into RAM is best effort (RLIMIT_MEMLOCK may forbid it); guard pages and wiping are not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>

#include "backplane/cpp/error.hpp"

namespace crypto_sodium {

using Bytes = std::span<const std::uint8_t>;
using WritableBytes = std::span<std::uint8_t>;

inline constexpr std::size_t key_bytes = 32;

class Secret {
 public:
  /// Zeroed memory of this size, still writable. Errors: NO_MEMORY.
  [[nodiscard]] static bp::result<Secret> allocate(std::size_t size_bytes);

  /// A frozen copy; wiping the original is the caller's business.
  [[nodiscard]] static bp::result<Secret> copy_of(Bytes bytes);

  /// Fresh random bytes from the operating system, frozen.
  [[nodiscard]] static bp::result<Secret> random(std::size_t size_bytes);

  [[nodiscard]] Bytes bytes() const noexcept { return {memory_.get(), size_bytes_}; }

  /// Only before freeze(): writing to a frozen secret ends the process, as it should.
  [[nodiscard]] WritableBytes writable() noexcept { return {memory_.get(), size_bytes_}; }

  /// Makes the memory read-only until it is wiped.
  void freeze() noexcept;

  /// Shortens what bytes() shows; the memory behind stays and is wiped with the rest.
  void truncate(std::size_t size_bytes) noexcept;

  friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

 private:
  struct Wipe {
    void operator()(std::uint8_t* memory) const noexcept;
  };

  Secret(std::uint8_t* memory, std::size_t size_bytes) : memory_(memory), size_bytes_(size_bytes) {}

  std::unique_ptr<std::uint8_t, Wipe> memory_;
  std::size_t size_bytes_;
};

/// Wipes an ordinary buffer that held key or plaintext bytes; the compiler may not remove it.
void wipe(WritableBytes bytes) noexcept;

}  // namespace crypto_sodium
