// plugins/crypto_sodium/keyset.hpp - the keys of an instance: of each name one seals, others open.
//
// The keys named in the configuration are the first versions of the default key, whose name is
// empty. Everything else comes from the keyset file, at the start and with each change. Objects are
// only ever added, so that sealing and opening find them without a lock.
// Thread: sealing(), opening(), find(), has() and keys() any; the rest one owner at a time.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "stored_keyset.hpp"

namespace crypto_sodium {

inline constexpr std::size_t master_keys_max = 16;  // named in the configuration

/// A named key: its versions, of which one is the primary.
class Ring {
 public:
  Ring(std::string name, Purpose purpose) : name_(std::move(name)), purpose_(purpose) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  [[nodiscard]] Purpose purpose() const noexcept { return purpose_; }

  [[nodiscard]] const Version* primary() const noexcept {
    return primary_.load(std::memory_order_acquire);
  }

  /// The primary of those named in the configuration; only the default ring has one.
  [[nodiscard]] const Version* configured() const noexcept { return configured_; }

  [[nodiscard]] std::uint32_t min_version() const noexcept {
    return min_version_.load(std::memory_order_relaxed);
  }

  /// Every version, oldest first.
  [[nodiscard]] std::vector<const Version*> versions() const;

  /// Null: no such version.
  [[nodiscard]] const Version* find(std::uint32_t number) const;

  /// The key that seals (signs, derives) with this algorithm; null when there is none.
  [[nodiscard]] const Key* sealing(Algorithm algorithm, Framing framing) const noexcept;

 private:
  friend class Keyset;

  std::string name_;
  Purpose purpose_;
  std::atomic<const Version*> primary_{nullptr};
  const Version* configured_ = nullptr;
  std::atomic<std::uint32_t> min_version_{0};
  mutable std::mutex busy_;  // versions_
  std::vector<std::unique_ptr<Version>> versions_;
};

class Keyset {
 public:
  /// What a stored keyset adds to this one: derived, but not yet to be seen.
  class Change {
   public:
    explicit Change(StoredKeyset to) : to_(std::move(to)) {}

   private:
    friend class Keyset;

    struct Fresh {
      Ring* ring;
      std::unique_ptr<Version> version;
    };

    StoredKeyset to_;
    std::vector<std::unique_ptr<Ring>> rings_;
    std::vector<Fresh> versions_;
  };

  Keyset();

  /// The configured key that seals in the default ring; exactly one. Errors: STATE when there is
  /// one already.
  [[nodiscard]] bp::result<void> add_primary(const Secret& master);

  /// A configured former primary: opens while enabled, never seals. Errors: EXISTS, FULL.
  [[nodiscard]] bp::result<void> add_former(const Secret& master, KeyState state);

  /// Derives whatever is new in `to`. Nobody notices. Errors: EXISTS (an id that is taken), FULL,
  /// NO_MEMORY.
  [[nodiscard]] bp::result<Change> prepare(StoredKeyset to) const;

  /// Makes it known. Blocks: see Version::set_state().
  void commit(Change change);

  [[nodiscard]] const Ring& default_ring() const noexcept { return *inside_->rings[0].load(); }

  /// The named key; empty is the default one. Null: there is none.
  [[nodiscard]] const Ring* find(std::string_view name) const noexcept;

  /// Every named key, the default one first.
  [[nodiscard]] std::vector<const Ring*> rings() const;

  /// The default ring's key that seals with this algorithm; null when there is none.
  [[nodiscard]] const Key* sealing(Algorithm algorithm, Framing framing) const noexcept {
    return default_ring().sealing(algorithm, framing);
  }

  /// The key with this id in its prefix; null when unknown, disabled, destroyed or too old.
  [[nodiscard]] const Key* opening(std::uint32_t id, Framing framing) const noexcept;

  /// The key of any algorithm, framing and state.
  [[nodiscard]] const Key* any(std::uint32_t id) const noexcept;

  [[nodiscard]] bool has(std::uint32_t id) const noexcept { return any(id) != nullptr; }

  /// Every key, those of the default ring first, the configured primary's before all.
  [[nodiscard]] std::vector<const Key*> keys() const;

  /// Those of the raw format, the primary's first: nothing in a ciphertext tells them apart.
  [[nodiscard]] const std::vector<const Key*>& raw_keys() const noexcept { return raw_keys_; }

 private:
  static constexpr std::size_t slots = 1U << 13U;  // a power of two
  static constexpr std::size_t keys_max = slots / 2;

  struct Inside {
    std::array<std::atomic<const Key*>, slots> by_id{};
    std::array<std::atomic<Ring*>, rings_max> rings{};
  };

  [[nodiscard]] bp::result<void> add(const Secret& master, KeyState state, bool primary);
  [[nodiscard]] bp::result<void> check_new(const Version& version) const;
  [[nodiscard]] Ring* ring(std::string_view name) const noexcept;
  void publish(const Version& version);

  std::unique_ptr<Inside> inside_;
  std::vector<std::unique_ptr<Ring>> owned_;
  std::vector<const Key*> raw_keys_;
  std::size_t known_keys_ = 0;
};

}  // namespace crypto_sodium
