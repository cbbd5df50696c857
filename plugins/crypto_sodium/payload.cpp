// plugins/crypto_sodium/payload.cpp - looks once at what a request says, for every service alike.
#include "payload.hpp"

#include "aead.hpp"

namespace crypto_sodium {
namespace {

std::string_view purpose_name(Purpose purpose) noexcept {
  return purpose == Purpose::Messages ? "messages" : name(static_cast<Algorithm>(purpose));
}

bp::result<const Ring*> known_ring(const Keyset& keys, const flatbuffers::String* name) {
  const Ring* ring = keys.find(text_of(name));
  if (ring == nullptr) {
    return bp::fail(BP_E_NOT_FOUND, "there is no key '" + std::string(text_of(name)) +
                                        "'; make it with bp.crypto.keys/1 Create");
  }
  return ring;
}

std::unexpected<bp::error> wrong_purpose(const Ring& ring, std::string_view wanted) {
  return bp::fail(BP_E_UNSUPPORTED, name_of(ring) + " is for " +
                                        std::string(purpose_name(ring.purpose())) + ", not for " +
                                        std::string(wanted) + "; name another");
}

}  // namespace

bp::result<Bytes> message_of(const ByteVector* bytes, const flatbuffers::String* text) {
  auto message = either(bytes, text, "'message' and 'text'");
  BP_TRY(message);
  BP_TRY(check_sizes(message->size(), 0));
  return message;
}

std::string name_of(const Ring& ring) {
  return ring.name().empty() ? "the default key" : "key '" + ring.name() + "'";
}

bp::result<const Ring*> ring_of(const Keyset& keys, const flatbuffers::String* name,
                                Purpose purpose) {
  const auto ring = known_ring(keys, name);
  if (ring && (*ring)->purpose() != purpose) {
    return wrong_purpose(**ring, purpose_name(purpose));
  }
  return ring;
}

bp::result<const Ring*> message_ring_of(const Keyset& keys, const flatbuffers::String* name) {
  if (name == nullptr) [[likely]] {
    return &keys.default_ring();
  }
  const auto ring = known_ring(keys, name);
  if (ring && (*ring)->purpose() > Purpose::Aes256Gcm) {
    return wrong_purpose(**ring, "messages");
  }
  return ring;
}

bp::result<const Key*> sealing_key(const Ring& ring, Algorithm algorithm) {
  const Key* key = ring.sealing(algorithm, Framing::Keyed);
  if (key == nullptr) {
    return bp::fail(BP_E_UNAVAILABLE, name_of(ring) + " has no primary version; rotate it");
  }
  return key;
}

bp::result<Key::Use> use_of(const Ring& ring, const Key& key) {
  auto use = key.use();
  if (!use) {
    return bp::fail(BP_E_UNAVAILABLE, name_of(ring) + " was destroyed meanwhile");
  }
  return std::move(*use);
}

}  // namespace crypto_sodium
