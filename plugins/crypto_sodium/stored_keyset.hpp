// plugins/crypto_sodium/stored_keyset.hpp - the named keys of an instance as they are kept on disk.
//
// Values: an operation copies the set, changes the copy, has it written, and then made known.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "key.hpp"

namespace crypto_sodium {

inline constexpr std::size_t rings_max = 64;
inline constexpr std::size_t versions_max = 256;  // of one ring, with those that were destroyed
inline constexpr std::size_t key_name_bytes_max = 64;

struct StoredVersion {
  std::uint32_t number = 0;
  KeyState state = KeyState::Enabled;
  std::int64_t created_s = 0;
  std::shared_ptr<const Secret> master;  // null when it was destroyed
};

struct StoredRing {
  std::string name;  // empty: the default key, which the configured ones belong to
  Purpose purpose = Purpose::Messages;
  std::uint32_t primary = 0;  // 0: the configured key, in the default ring
  std::uint32_t min_version = 0;
  std::vector<StoredVersion> versions;  // by number

  [[nodiscard]] StoredVersion* find(std::uint32_t number) noexcept {
    const auto found = std::ranges::find(versions, number, &StoredVersion::number);
    return found == versions.end() ? nullptr : &*found;
  }

  [[nodiscard]] std::uint32_t last_number() const noexcept {
    return versions.empty() ? 0 : versions.back().number;
  }
};

struct StoredKeyset {
  std::uint64_t generation = 0;  // grows with every change
  std::vector<StoredRing> rings;

  [[nodiscard]] StoredRing* find(std::string_view name) noexcept {
    const auto found = std::ranges::find(rings, name, &StoredRing::name);
    return found == rings.end() ? nullptr : &*found;
  }
};

}  // namespace crypto_sodium
