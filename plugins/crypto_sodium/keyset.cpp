// plugins/crypto_sodium/keyset.cpp - derives keys and ids, finds them, counts what they sealed.
#include "keyset.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "derivation.hpp"

namespace crypto_sodium {
namespace {

struct Variant {
  Algorithm algorithm;
  Framing framing;
  std::string_view label;  // part of the format: changing one orphans every ciphertext
};

constexpr std::array<Variant, 3> variants{{
    {Algorithm::XChaCha20Poly1305, Framing::Keyed, "bp.crypto.aead/1 XChaCha20-Poly1305"},
    {Algorithm::Aes256Gcm, Framing::Keyed, "bp.crypto.aead/1 AES-256-GCM"},
    {Algorithm::Aes256Gcm, Framing::Raw, "bp.crypto.aead/1 AES-256-GCM raw"},
}};

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

}  // namespace

bp::result<void> Key::spend_nonce() const {
  const std::uint64_t before = sealed_.fetch_add(1, std::memory_order_relaxed);
  if (facts_.algorithm == Algorithm::Aes256Gcm && before >= gcm_messages_max) {
    return bp::fail(BP_E_UNAVAILABLE, "AES-256-GCM key " + std::to_string(facts_.id) +
                                          " has sealed 2^31 messages, its safe limit for random "
                                          "nonces; make a new key the primary ('key' in the config)"
                                          " and move this one to 'former_keys'");
  }
  return {};
}

void Key::resume_from(std::uint64_t sealed_messages) const noexcept {
  std::uint64_t now = sealed_.load();
  while (now < sealed_messages && !sealed_.compare_exchange_weak(now, sealed_messages)) {
  }
}

bp::result<void> Keyset::add_primary(const Secret& master) {
  if (!keys_.empty()) {
    return bp::fail(BP_E_STATE, "the primary key comes first, and there is only one");
  }
  return add(master, KeyState::Enabled, true);
}

bp::result<void> Keyset::add_former(const Secret& master, KeyState state) {
  return add(master, state, false);
}

bp::result<void> Keyset::add(const Secret& master, KeyState state, bool primary) {
  if (keys_.size() >= master_keys_max * variants.size()) {
    return bp::fail(BP_E_FULL, "a keyset has at most " + std::to_string(master_keys_max) +
                                   " keys; rewrap what the oldest sealed, then remove it");
  }
  std::vector<std::unique_ptr<Key>> added;
  for (const Variant& variant : variants) {
    const auto id = key_id(master, variant.label);
    auto key = variant.framing == Framing::Raw ? Secret::copy_of(master.bytes())
                                               : hkdf_sha256(master.bytes(), variant.label);
    if (!id || !key) {
      return std::unexpected(id ? std::move(key).error() : id.error());
    }
    if (has(*id)) {
      return bp::fail(BP_E_EXISTS, "key " + std::to_string(*id) +
                                       " is in the keyset twice; remove one from the config");
    }
    auto cipher = Cipher::open(variant.algorithm, std::move(*key));
    if (!cipher) {
      return std::unexpected(std::move(cipher).error());
    }
    added.push_back(std::make_unique<Key>(
        Key::Facts{*id, variant.algorithm, variant.framing, state, primary}, std::move(*cipher)));
  }
  std::ranges::move(added, std::back_inserter(keys_));
  return {};
}

bool Keyset::has(std::uint32_t id) const noexcept {
  return std::ranges::any_of(keys_, [id](const auto& key) { return key->facts().id == id; });
}

const Key* Keyset::sealing(Algorithm algorithm, Framing framing) const noexcept {
  const auto found = std::ranges::find_if(keys_, [&](const auto& key) {
    const Key::Facts& facts = key->facts();
    return facts.primary && facts.algorithm == algorithm && facts.framing == framing;
  });
  return found == keys_.end() ? nullptr : found->get();
}

const Key* Keyset::opening(std::uint32_t id) const noexcept {
  const auto found = std::ranges::find_if(keys_, [&](const auto& key) {
    const Key::Facts& facts = key->facts();
    return facts.id == id && facts.framing == Framing::Keyed && facts.state == KeyState::Enabled;
  });
  return found == keys_.end() ? nullptr : found->get();
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

}  // namespace crypto_sodium
