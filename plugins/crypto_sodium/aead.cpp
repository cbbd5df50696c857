// plugins/crypto_sodium/aead.cpp - frames, nonces, and the search for the right key.
#include "aead.hpp"

#include <algorithm>
#include <string>

namespace crypto_sodium {
namespace {

/// Opens nonce || ciphertext || tag with one key; `out` is as long as what is inside.
bp::result<void> open_body(const Key& key, Bytes body, Bytes associated_data, WritableBytes out) {
  const auto use = key.use();
  if (!use) {
    return decryption_failed();
  }
  const std::size_t nonce_size = nonce_bytes(key.facts().algorithm);
  return use->cipher().open(body.first(nonce_size), body.subspan(nonce_size), associated_data, out);
}

bp::result<Opened> open_with(const Key& key, Bytes body, Bytes associated_data) {
  const std::size_t overhead = nonce_bytes(key.facts().algorithm) + tag_bytes;
  if (body.size() < overhead) {
    return decryption_failed();
  }
  Opened opened{std::vector<std::uint8_t>(body.size() - overhead), &key};
  BP_TRY(open_body(key, body, associated_data, opened.plaintext));
  return opened;
}

bp::result<void> check_limit(const char* what, std::size_t bytes, std::size_t bytes_max) {
  if (bytes > bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, std::string(what) + " of " + std::to_string(bytes) +
                                        " bytes is above the limit of " +
                                        std::to_string(bytes_max) + " bytes; split it");
  }
  return {};
}

}  // namespace

bp::result<void> sizes_refused(std::size_t plaintext_bytes, std::size_t associated_data_bytes) {
  BP_TRY(check_limit("a message", plaintext_bytes, plaintext_bytes_max));
  return check_limit("associated data", associated_data_bytes, associated_data_bytes_max);
}

void write_prefix(WritableBytes out, std::uint32_t key_id) noexcept {
  out[0] = format_version;
  for (std::size_t i = 0; i < sizeof(key_id); ++i) {
    out[1 + i] = static_cast<std::uint8_t>(key_id >> (24U - (8U * i)));
  }
}

std::uint32_t named_key(Bytes sealed) noexcept {
  if (sealed.size() < key_prefix_bytes || sealed[0] != format_version) {
    return 0;
  }
  std::uint32_t id = 0;
  for (const std::uint8_t byte : sealed.subspan(1, sizeof(id))) {
    id = (id << 8U) | byte;
  }
  return id;
}

bp::result<Sealed> Aead::seal(Algorithm algorithm, Framing framing, Bytes plaintext,
                              Bytes associated_data) const {
  return seal(keys_.default_ring(), algorithm, framing, plaintext, associated_data);
}

bp::result<Sealed> Aead::seal(const Ring& with, Algorithm algorithm, Framing framing,
                              Bytes plaintext, Bytes associated_data) const {
  BP_TRY(check_sizes(plaintext.size(), associated_data.size()));
  Sealed sealed{std::vector<std::uint8_t>(sealed_bytes(algorithm, framing, plaintext.size())),
                nullptr};
  const auto key = seal_to(with, algorithm, framing, plaintext, associated_data, sealed.bytes);
  if (!key) {
    return std::unexpected(key.error());
  }
  sealed.key = *key;
  return sealed;
}

bp::result<const Key*> Aead::seal_to(const Ring& with, Algorithm algorithm, Framing framing,
                                     Bytes plaintext, Bytes associated_data,
                                     WritableBytes out) const {
  const Key* key = with.sealing(algorithm, framing);
  if (key == nullptr) {
    return bp::fail(
        BP_E_UNSUPPORTED,
        "no primary key seals " + std::string(name(algorithm)) +
            (framing == Framing::Raw ? " in the raw format; raw is AES-256-GCM only, with the key "
                                       "of the configuration"
                                     : ""));
  }
  BP_TRY(seal_with(*key, plaintext, associated_data, out));
  return key;
}

bp::result<void> Aead::seal_with(const Key& key, Bytes plaintext, Bytes associated_data,
                                 WritableBytes out) const {
  BP_TRY(check_sizes(plaintext.size(), associated_data.size()));
  const auto use = key.use();
  if (!use) {
    return bp::fail(BP_E_UNAVAILABLE, "the key was destroyed meanwhile; use another");
  }
  BP_TRY(key.spend_nonce());
  const Key::Facts& facts = key.facts();
  const std::size_t prefix_size = facts.framing == Framing::Raw ? 0 : key_prefix_bytes;
  const std::size_t nonce_size = nonce_bytes(facts.algorithm);
  if (facts.framing != Framing::Raw) {
    write_prefix(out, facts.id);
  }
  const WritableBytes nonce = out.subspan(prefix_size, nonce_size);
  BP_TRY(nonces_->fill(nonce));
  return use->cipher().seal(nonce, plaintext, associated_data,
                            out.subspan(prefix_size + nonce_size));
}

const Key* Aead::key_of(Framing framing, Bytes sealed) const noexcept {
  const std::uint32_t id = named_key(sealed);
  return id == 0 ? nullptr : keys_.opening(id, framing);
}

std::optional<std::size_t> Aead::opened_bytes(const Key& key, Bytes sealed) noexcept {
  const std::size_t overhead = sealed_bytes(key.facts().algorithm, key.facts().framing, 0);
  return sealed.size() < overhead ? std::nullopt : std::optional(sealed.size() - overhead);
}

bp::result<void> Aead::open_to(const Key& key, Bytes sealed, Bytes associated_data,
                               WritableBytes out) {
  BP_TRY(check_sizes(out.size(), associated_data.size()));
  return open_body(key, sealed.subspan(key_prefix_bytes), associated_data, out);
}

bp::result<Opened> Aead::open(Framing framing, Bytes sealed, Bytes associated_data) const {
  const std::size_t overhead = std::min(sealed.size(), overhead_bytes_max);
  BP_TRY(check_sizes(sealed.size() - overhead, associated_data.size()));
  return framing == Framing::Raw ? open_raw(sealed, associated_data)
                                 : open_keyed(framing, sealed, associated_data);
}

bp::result<Opened> Aead::open_keyed(Framing framing, Bytes sealed, Bytes associated_data) const {
  const Key* key = key_of(framing, sealed);
  return key == nullptr ? decryption_failed()
                        : open_with(*key, sealed.subspan(key_prefix_bytes), associated_data);
}

bp::result<Opened> Aead::open_raw(Bytes sealed, Bytes associated_data) const {
  // Nothing names the key, so every enabled one may try; the primary, listed first, goes first.
  for (const Key* key : keys_.raw_keys()) {
    if (!key->opens()) {
      continue;
    }
    auto opened = open_with(*key, sealed, associated_data);
    if (opened || opened.error().code() != BP_E_DECRYPT) {
      return opened;
    }
  }
  return decryption_failed();
}

}  // namespace crypto_sodium
