// plugins/crypto_sodium/key.cpp - derives keys and ids, counts what they sealed, wipes them.
#include "key.hpp"

#include <algorithm>
#include <array>
#include <sodium.h>
#include <string>
#include <thread>

#include "derivation.hpp"
#include "keyset.hpp"

namespace crypto_sodium {
namespace {

struct Variant {
  Algorithm algorithm;
  Framing framing;
  Purpose purpose;         // besides Messages, where that has it, too
  std::string_view label;  // part of the format: changing one orphans every ciphertext
};

constexpr std::array<Variant, 7> variants{{
    {Algorithm::XChaCha20Poly1305, Framing::Keyed, Purpose::XChaCha20Poly1305,
     "bp.crypto.aead/1 XChaCha20-Poly1305"},
    {Algorithm::Aes256Gcm, Framing::Keyed, Purpose::Aes256Gcm, "bp.crypto.aead/1 AES-256-GCM"},
    {Algorithm::Aes256Gcm, Framing::Raw, Purpose::Messages, "bp.crypto.aead/1 AES-256-GCM raw"},
    {Algorithm::XChaCha20Poly1305, Framing::Stream, Purpose::XChaCha20Poly1305,
     "bp.crypto.stream/1 XChaCha20-Poly1305"},
    {Algorithm::Ed25519, Framing::Keyed, Purpose::Ed25519, "bp.crypto.sign/1 Ed25519"},
    {Algorithm::HmacSha256, Framing::Keyed, Purpose::HmacSha256, "bp.crypto.mac/1 HMAC-SHA256"},
    {Algorithm::HkdfSha256, Framing::Keyed, Purpose::HkdfSha256, "bp.crypto.kdf/1 HKDF-SHA256"},
}};

bool is_of(const Variant& variant, Purpose purpose, bool raw) noexcept {
  if (variant.framing == Framing::Raw) {
    return raw;
  }
  return variant.purpose == purpose ||
         (purpose == Purpose::Messages && is_cipher(variant.algorithm));
}

/// libsodium keeps the seed and the public key in one secret of 64 bytes.
bp::result<Secret> signing_key(const Secret& seed) {
  auto key = Secret::allocate(crypto_sign_SECRETKEYBYTES);
  if (key) {
    std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> public_key{};
    crypto_sign_seed_keypair(public_key.data(), key->writable().data(), seed.bytes().data());
    key->freeze();
  }
  return key;
}

bp::result<Secret> secret_of(const Variant& variant, const Secret& master) {
  if (variant.framing == Framing::Raw) {
    return Secret::copy_of(master.bytes());
  }
  auto derived = hkdf_sha256(master.bytes(), variant.label);
  return derived && variant.algorithm == Algorithm::Ed25519 ? signing_key(*derived)
                                                            : std::move(derived);
}

}  // namespace

bp::result<std::uint32_t> key_id(const Secret& master, std::string_view label) {
  auto digest = hkdf_sha256(master.bytes(), std::string(label) + " id");
  if (!digest) {
    return std::unexpected(std::move(digest).error());
  }
  std::uint32_t id = 0;
  for (const std::uint8_t byte : digest->bytes().first(sizeof(id))) {
    id = (id << 8U) | byte;
  }
  return std::max(id, 1U);  // 0 means "no key" in contracts
}

bp::result<bool> leads_to(const Secret& master, std::uint32_t id) {
  for (const Variant& variant : variants) {
    const auto own = key_id(master, variant.label);
    if (!own) {
      return std::unexpected(own.error());
    }
    if (*own == id) {
      return true;
    }
  }
  return false;
}

KeyState Key::state() const noexcept {
  return version_.state();
}

bool Key::primary() const noexcept {
  // The raw format has no key id to find another key by: it stays with the configured key.
  return facts_.framing == Framing::Raw ? version_.ring().configured() == &version_
                                        : version_.ring().primary() == &version_;
}

bool Key::opens() const noexcept {
  return state() == KeyState::Enabled && version_.facts().number >= version_.ring().min_version();
}

std::optional<Key::Use> Key::use() const noexcept {
  // Sequentially consistent on both sides: either we see that it is destroyed, or set_state() sees
  // that we are inside.
  std::atomic<bool>* flag = nullptr;
  for (auto& place : version_.flags_) {
    if (!place.exchange(true)) {
      flag = &place;
      break;
    }
  }
  if (flag == nullptr) [[unlikely]] {
    version_.users_.fetch_add(1);
  }
  std::optional<Use> use(std::in_place, *this, flag);
  if (version_.state_.load() == KeyState::Destroyed) [[unlikely]] {
    use.reset();
  }
  return use;
}

bp::result<void> Key::budget_spent() const {
  return bp::fail(BP_E_UNAVAILABLE,
                  "AES-256-GCM key " + std::to_string(facts_.id) +
                      " has sealed 2^31 messages, its safe limit for random nonces; rotate it "
                      "(bp.crypto.keys/1 Rotate), or make a new key the primary ('key' in the "
                      "config) and move this one to 'former_keys'");
}

void Key::resume_from(std::uint64_t sealed_messages) const noexcept {
  std::uint64_t now = sealed_.load();
  while (now < sealed_messages && !sealed_.compare_exchange_weak(now, sealed_messages)) {
  }
}

bp::result<void> Version::derive(const Secret& master, Purpose purpose, bool raw) {
  for (const Variant& variant : variants) {
    if (!is_of(variant, purpose, raw)) {
      continue;
    }
    const auto id = key_id(master, variant.label);
    auto secret = secret_of(variant, master);
    if (!id || !secret) {
      return std::unexpected(id ? std::move(secret).error() : id.error());
    }
    const Key::Facts facts{*id, variant.algorithm, variant.framing};
    if (!is_cipher(variant.algorithm)) {
      keys_.push_back(std::make_unique<Key>(facts, *this, std::move(*secret)));
      continue;
    }
    auto cipher = Cipher::open(variant.algorithm, std::move(*secret));
    if (!cipher) {
      return std::unexpected(std::move(cipher).error());
    }
    keys_.push_back(std::make_unique<Key>(facts, *this, std::move(*cipher)));
  }
  return {};
}

const Key* Version::find(Algorithm algorithm, Framing framing) const noexcept {
  for (const auto& key : keys_) {
    if (key->facts().algorithm == algorithm && key->facts().framing == framing) {
      return key.get();
    }
  }
  return nullptr;
}

bool Version::used() const noexcept {
  return users_.load() != 0 ||
         std::ranges::any_of(flags_, [](const auto& flag) { return flag.load(); });
}

void Version::set_state(KeyState state) noexcept {
  state_.store(state);
  if (state != KeyState::Destroyed) {
    return;
  }
  while (used()) {
    std::this_thread::yield();
  }
  for (const auto& key : keys_) {
    key->cipher_.reset();
    key->secret_.reset();
  }
}

}  // namespace crypto_sodium
