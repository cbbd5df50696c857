// plugins/crypto_sodium/keyset.hpp - the keys of an instance: one seals, the others open.
//
// One 32-byte master key never works under two algorithms: each algorithm gets its own key and its
// own key id from it by HKDF. Only the raw format uses the master itself, because foreign programs
// know nothing else. A keyset is filled at start and then only read. Thread: filling owner, else
// any.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "cipher.hpp"
#include "secret.hpp"

namespace crypto_sodium {

inline constexpr std::size_t master_keys_max = 16;

/// Random 96-bit nonces may repeat with probability 2^-33 after 2^32 messages; we stop at half.
inline constexpr std::uint64_t gcm_messages_max = 1ULL << 31U;

enum class KeyState : std::uint8_t { Enabled = 1, Disabled = 2 };

/// Keyed: 0x01 || key id || nonce || ciphertext || tag. Raw: nonce || ciphertext || tag.
enum class Framing : std::uint8_t { Keyed = 1, Raw = 2 };

class Key {
 public:
  struct Facts {
    std::uint32_t id;
    Algorithm algorithm;
    Framing framing;
    KeyState state;
    bool primary;
  };

  Key(Facts facts, Cipher cipher) : facts_(facts), cipher_(std::move(cipher)) {}

  [[nodiscard]] const Facts& facts() const noexcept { return facts_; }

  [[nodiscard]] const Cipher& cipher() const noexcept { return cipher_; }

  /// How many messages this key has sealed, and how many it may; 0 means no limit.
  [[nodiscard]] std::uint64_t sealed_messages() const noexcept { return sealed_.load(); }

  [[nodiscard]] std::uint64_t sealed_messages_max() const noexcept {
    return facts_.algorithm == Algorithm::Aes256Gcm ? gcm_messages_max : 0;
  }

  /// Takes one message from the nonce budget. Errors: UNAVAILABLE when it is spent.
  [[nodiscard]] bp::result<void> spend_nonce() const;

  /// Continues a count kept from an earlier run; never lowers it.
  void resume_from(std::uint64_t sealed_messages) const noexcept;

 private:
  Facts facts_;
  Cipher cipher_;
  mutable std::atomic<std::uint64_t> sealed_{0};
};

class Keyset {
 public:
  /// The key that seals from now on; exactly one. Errors: STATE when there is one already.
  [[nodiscard]] bp::result<void> add_primary(const Secret& master);

  /// A former primary: opens while enabled, never seals. Errors: EXISTS, FULL.
  [[nodiscard]] bp::result<void> add_former(const Secret& master, KeyState state);

  /// The key that seals with this algorithm; null when there is none.
  [[nodiscard]] const Key* sealing(Algorithm algorithm, Framing framing) const noexcept;

  /// The enabled key with this id in its prefix; null when unknown or disabled.
  [[nodiscard]] const Key* opening(std::uint32_t id) const noexcept;

  /// Is this the id of any key here, whatever its algorithm, framing and state?
  [[nodiscard]] bool has(std::uint32_t id) const noexcept;

  /// Every key, the primary's first.
  [[nodiscard]] const std::vector<std::unique_ptr<Key>>& keys() const noexcept { return keys_; }

 private:
  [[nodiscard]] bp::result<void> add(const Secret& master, KeyState state, bool primary);

  std::vector<std::unique_ptr<Key>> keys_;
};

/// Would a keyset with this master key have a key of this id?
[[nodiscard]] bp::result<bool> leads_to(const Secret& master, std::uint32_t id);

}  // namespace crypto_sodium
