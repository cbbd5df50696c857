// plugins/crypto_sodium/key.hpp - one key for one algorithm, and the version of a named key it is
// of.
//
// A version is one 32-byte master. It never works under two algorithms: each algorithm gets its own
// key and its own key id from it by HKDF. Only the raw format uses the master itself, because
// foreign programs know nothing else. Key and version objects live as long as the keyset; what is
// secret in them is wiped when the version is destroyed, after the last user has left.
// Thread: any, unless said otherwise.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cipher.hpp"
#include "secret.hpp"

namespace crypto_sodium {

/// Random 96-bit nonces may repeat with probability 2^-33 after 2^32 messages; we stop at half.
inline constexpr std::uint64_t gcm_messages_max = 1ULL << 31U;

/// From here on a new version is wanted, so that there is one before the limit is reached.
inline constexpr std::uint64_t gcm_messages_rotate_from = gcm_messages_max - (1ULL << 20U);

inline constexpr std::size_t users_flagged_max = 8;

enum class KeyState : std::uint8_t { Enabled = 1, Disabled = 2, Destroyed = 3 };

/// Keyed: 0x01 || key id || nonce || ciphertext || tag. Raw: nonce || ciphertext || tag.
/// Stream: as Keyed, for chunks. Sign, mac and kdf keys are Keyed.
enum class Framing : std::uint8_t { Keyed = 1, Raw = 2, Stream = 3 };

/// What a named key is for; Messages seals with either algorithm. The numbers are on disk.
enum class Purpose : std::uint8_t {
  Messages = 0,
  XChaCha20Poly1305 = 1,
  Aes256Gcm = 2,
  Ed25519 = 3,
  HmacSha256 = 4,
  HkdfSha256 = 5
};

class Ring;
class Version;

class Key {
 public:
  struct Facts {
    std::uint32_t id;
    Algorithm algorithm;
    Framing framing;
  };

  class Use;

  Key(Facts facts, const Version& of, Cipher cipher)
      : facts_(facts), version_(of), cipher_(std::move(cipher)) {}

  Key(Facts facts, const Version& of, Secret secret)
      : facts_(facts), version_(of), secret_(std::move(secret)) {}

  [[nodiscard]] const Facts& facts() const noexcept { return facts_; }

  [[nodiscard]] const Version& version() const noexcept { return version_; }

  [[nodiscard]] KeyState state() const noexcept;

  /// Does it seal (or sign) new messages?
  [[nodiscard]] bool primary() const noexcept;

  /// May it open (or verify): enabled, and of a version that is not too old?
  [[nodiscard]] bool opens() const noexcept;

  /// The secret inside; empty when it was destroyed. Nothing wipes it while the use lives.
  [[nodiscard]] std::optional<Use> use() const noexcept;

  /// How many messages this key has sealed, and how many it may; 0 means no limit, and then threads
  /// that seal at the same moment may be counted as one.
  [[nodiscard]] std::uint64_t sealed_messages() const noexcept { return sealed_.load(); }

  [[nodiscard]] std::uint64_t sealed_messages_max() const noexcept {
    return facts_.algorithm == Algorithm::Aes256Gcm ? gcm_messages_max : 0;
  }

  /// Takes one message from the nonce budget. Errors: UNAVAILABLE when it is spent.
  [[nodiscard]] bp::result<void> spend_nonce() const {
    if (facts_.algorithm != Algorithm::Aes256Gcm) {
      sealed_.store(sealed_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return {};
    }
    if (sealed_.fetch_add(1, std::memory_order_relaxed) >= gcm_messages_max) [[unlikely]] {
      return budget_spent();
    }
    return {};
  }

  /// Is so little of the nonce budget left that a new version should take over?
  [[nodiscard]] bool worn() const noexcept {
    return facts_.algorithm == Algorithm::Aes256Gcm &&
           sealed_.load(std::memory_order_relaxed) >= gcm_messages_rotate_from;
  }

  /// Continues a count kept from an earlier run; never lowers it.
  void resume_from(std::uint64_t sealed_messages) const noexcept;

  /// More messages than this: time to write the count to disk (NonceLedger).
  std::atomic<std::uint64_t>& count_due_from() const noexcept { return count_due_from_; }

 private:
  friend class Version;

  [[nodiscard]] bp::result<void> budget_spent() const;

  Facts facts_;
  const Version& version_;
  std::optional<Cipher> cipher_;
  std::optional<Secret> secret_;
  mutable std::atomic<std::uint64_t> sealed_{0};
  mutable std::atomic<std::uint64_t> count_due_from_{0};
};

class Version {
 public:
  struct Facts {
    std::uint32_t number = 0;  // from 1 in a keyset; 0: named in the configuration
    std::int64_t created_s = 0;
  };

  Version(Facts facts, const Ring& ring, KeyState state)
      : facts_(facts), ring_(ring), state_(state) {}

  Version(const Version&) = delete;
  Version& operator=(const Version&) = delete;

  /// Derives the keys for a purpose; `raw` where the master itself seals the raw format.
  /// Owner, before anybody sees it. Errors: NO_MEMORY, UNSUPPORTED.
  [[nodiscard]] bp::result<void> derive(const Secret& master, Purpose purpose, bool raw);

  [[nodiscard]] const Facts& facts() const noexcept { return facts_; }

  [[nodiscard]] bool configured() const noexcept { return facts_.number == 0; }

  [[nodiscard]] const Ring& ring() const noexcept { return ring_; }

  [[nodiscard]] KeyState state() const noexcept { return state_.load(std::memory_order_acquire); }

  /// Null when the purpose has no such key, or when it was destroyed before this start.
  [[nodiscard]] const Key* find(Algorithm algorithm, Framing framing) const noexcept;

  [[nodiscard]] const std::vector<std::unique_ptr<Key>>& keys() const noexcept { return keys_; }

  /// Destroyed: waits for users who are inside, then wipes; there is no way back.
  /// Blocks: for the longest message that is being sealed. Owner only.
  void set_state(KeyState state) noexcept;

  /// Is anybody using a key of it?
  [[nodiscard]] bool used() const noexcept;

 private:
  friend class Key::Use;
  friend class Key;

  Facts facts_;
  const Ring& ring_;
  std::atomic<KeyState> state_;
  std::vector<std::unique_ptr<Key>> keys_;
  /// Who is inside: the first few by a flag that is put back by a plain store, more by counting.
  mutable std::array<std::atomic<bool>, users_flagged_max> flags_{};
  mutable std::atomic<std::uint32_t> users_{0};
};

class Key::Use {
 public:
  /// `flag`: of the place inside; null: the user was counted.
  Use(const Key& key, std::atomic<bool>* flag) noexcept : key_(&key), flag_(flag) {}

  Use(Use&& other) noexcept : key_(std::exchange(other.key_, nullptr)), flag_(other.flag_) {}

  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  Use& operator=(Use&&) = delete;

  ~Use() {
    if (key_ == nullptr) {
      return;
    }
    if (flag_ != nullptr) {
      flag_->store(false, std::memory_order_release);
    } else {
      key_->version_.users_.fetch_sub(1, std::memory_order_release);
    }
  }

  [[nodiscard]] const Cipher& cipher() const noexcept { return *key_->cipher_; }

  [[nodiscard]] Bytes secret() const noexcept { return key_->secret_->bytes(); }

 private:
  const Key* key_;
  std::atomic<bool>* flag_;
};

/// The id that a master's key with this label has; the label is part of the format.
[[nodiscard]] bp::result<std::uint32_t> key_id(const Secret& master, std::string_view label);

/// Would a version with this master have a key of this id?
[[nodiscard]] bp::result<bool> leads_to(const Secret& master, std::uint32_t id);

}  // namespace crypto_sodium
