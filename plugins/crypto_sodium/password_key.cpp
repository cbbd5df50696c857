// plugins/crypto_sodium/password_key.cpp - PBKDF2-HMAC-SHA256 and AES-256-GCM in one envelope.
#include "password_key.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <sodium.h>
#include <string>

namespace crypto_sodium {
namespace {

constexpr std::array<std::uint8_t, 4> magic{'B', 'P', 'P', '1'};
constexpr std::size_t gcm_nonce_bytes = nonce_bytes(Algorithm::Aes256Gcm);
constexpr std::size_t body_overhead_bytes = salt_bytes + gcm_nonce_bytes + tag_bytes;

void write_header(WritableBytes out, std::uint32_t iterations) {
  std::ranges::copy(magic, out.begin());
  for (std::size_t i = 0; i < sizeof(iterations); ++i) {
    out[magic.size() + i] = static_cast<std::uint8_t>(iterations >> (24U - (8U * i)));
  }
}

/// The iteration count a message names; nothing when the header is not ours or the count is absurd.
std::optional<std::uint32_t> read_header(Bytes sealed) {
  if (sealed.size() < password_header_bytes ||
      !std::ranges::equal(sealed.first(magic.size()), magic)) {
    return std::nullopt;
  }
  std::uint32_t iterations = 0;
  for (const std::uint8_t byte : sealed.subspan(magic.size(), sizeof(iterations))) {
    iterations = (iterations << 8U) | byte;
  }
  if (iterations == 0 || iterations > pbkdf2_iterations_max) {
    return std::nullopt;
  }
  return iterations;
}

bp::result<Cipher> password_cipher(Bytes password, Bytes salt, std::uint32_t iterations) {
  auto key = pbkdf2_sha256(password, salt, iterations);
  if (!key) {
    return std::unexpected(std::move(key).error());
  }
  return Cipher::open(Algorithm::Aes256Gcm, std::move(*key));
}

bp::result<void> check_policy(Bytes password, Framing framing, const PasswordPolicy& policy) {
  if (password.empty()) {
    return bp::fail(BP_E_INVALID, "the password is empty; give one");
  }
  if (policy.iterations < policy.iterations_min) {
    return bp::fail(BP_E_RANGE, "PBKDF2 with " + std::to_string(policy.iterations) +
                                    " iterations is too weak for a new record; use at least " +
                                    std::to_string(policy.iterations_min));
  }
  if (framing == Framing::Raw && policy.iterations != pbkdf2_iterations_min) {
    return bp::fail(BP_E_RANGE,
                    "the raw format has no place for an iteration count and always "
                    "uses " +
                        std::to_string(pbkdf2_iterations_min) +
                        "; leave 'iterations' out or use the headed format");
  }
  return {};
}

}  // namespace

bp::result<std::vector<std::uint8_t>> seal_with_password(Bytes password, Bytes plaintext,
                                                         Bytes associated_data, Framing framing,
                                                         const PasswordPolicy& policy) {
  BP_TRY(check_policy(password, framing, policy));
  BP_TRY(check_sizes(plaintext.size(), associated_data.size()));
  const std::size_t header = framing == Framing::Keyed ? password_header_bytes : 0;
  std::vector<std::uint8_t> sealed(header + plaintext.size() + body_overhead_bytes);
  const WritableBytes out(sealed);
  if (framing == Framing::Keyed) {
    write_header(out, policy.iterations);
  }
  const WritableBytes salt = out.subspan(header, salt_bytes);
  const WritableBytes nonce = out.subspan(header + salt_bytes, gcm_nonce_bytes);
  randombytes_buf(salt.data(), salt.size());
  randombytes_buf(nonce.data(), nonce.size());
  const auto cipher = password_cipher(password, salt, policy.iterations);
  if (!cipher) {
    return std::unexpected(cipher.error());
  }
  BP_TRY(cipher->seal(nonce, plaintext, associated_data,
                      out.subspan(header + salt_bytes + gcm_nonce_bytes)));
  return sealed;
}

bp::result<PasswordOpened> open_with_password(Bytes password, Bytes sealed, Bytes associated_data,
                                              Framing framing) {
  constexpr std::size_t overhead_max = password_header_bytes + body_overhead_bytes;
  BP_TRY(
      check_sizes(sealed.size() - std::min(sealed.size(), overhead_max), associated_data.size()));
  const auto iterations = framing == Framing::Keyed
                              ? read_header(sealed)
                              : std::optional<std::uint32_t>(pbkdf2_iterations_min);
  const Bytes body =
      framing == Framing::Keyed && iterations ? sealed.subspan(password_header_bytes) : sealed;
  // A length that cannot be right costs no derivation; the length is no secret.
  if (!iterations || body.size() < body_overhead_bytes || password.size() > password_bytes_max) {
    return decryption_failed();
  }
  const auto cipher = password_cipher(password, body.first(salt_bytes), *iterations);
  if (!cipher) {
    return std::unexpected(cipher.error());
  }
  PasswordOpened opened{std::vector<std::uint8_t>(body.size() - body_overhead_bytes), *iterations};
  BP_TRY(cipher->open(body.subspan(salt_bytes, gcm_nonce_bytes),
                      body.subspan(salt_bytes + gcm_nonce_bytes), associated_data,
                      opened.plaintext));
  return opened;
}

}  // namespace crypto_sodium
