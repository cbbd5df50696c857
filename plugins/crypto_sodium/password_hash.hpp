// plugins/crypto_sodium/password_hash.hpp - bp.crypto.password/1: passwords as Argon2id hashes.
//
// Knows the contract, not the host. Thread: any. Blocks: hash and verify, for tens of milliseconds
// of computing and the memory they are told to use; they belong on the blocking pool.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backplane/contract/crypto_password_generated.h"

#include "secret.hpp"

namespace crypto_sodium {

namespace password_contract = bp::crypto::password;

inline constexpr std::uint32_t argon2_memory_kib_min = 8 * 1024;
inline constexpr std::uint32_t argon2_memory_kib_max = 1024 * 1024;
inline constexpr std::uint32_t argon2_passes_max = 16;
inline constexpr std::size_t password_hash_bytes_max = 128;

/// What a new hash costs; OWASP's first choice unless configured.
struct Argon2Cost {
  std::uint32_t memory_kib = 19'456;
  std::uint32_t passes = 2;

  friend bool operator==(const Argon2Cost&, const Argon2Cost&) = default;
};

class PasswordService {
 public:
  explicit PasswordService(Argon2Cost cost) : cost_(cost) {}

  /// Errors: INVALID (empty), TOO_LARGE, NO_MEMORY.
  [[nodiscard]] bp::result<password_contract::HashReplyT> hash(
      const password_contract::HashRequest& request) const;

  /// A wrong password is an answer. Errors: INVALID (not a hash of ours), RANGE (one that would
  /// cost more than this plugin is willing to spend), TOO_LARGE.
  [[nodiscard]] bp::result<password_contract::VerifyReplyT> verify(
      const password_contract::VerifyRequest& request) const;

  /// Errors: INVALID.
  [[nodiscard]] bp::result<password_contract::NeedsRehashReplyT> needs_rehash(
      const password_contract::NeedsRehashRequest& request) const;

 private:
  Argon2Cost cost_;
};

/// The cost written in "$argon2id$v=19$m=<KiB>,t=<passes>,p=1$..."; nothing: another form.
[[nodiscard]] std::optional<Argon2Cost> cost_of(std::string_view hash) noexcept;

}  // namespace crypto_sodium
