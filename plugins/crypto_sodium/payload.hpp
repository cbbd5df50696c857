// plugins/crypto_sodium/payload.hpp - the fields of requests: bytes, bytes or text, names of keys.
//
// Thread: any. What is returned points into the request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <flatbuffers/flatbuffers.h>

#include "keyset.hpp"

namespace crypto_sodium {

using ByteVector = flatbuffers::Vector<std::uint8_t>;

inline constexpr std::size_t batch_items_max = 1000;

[[nodiscard]] inline Bytes bytes_of(const ByteVector* vector) noexcept {
  return vector == nullptr ? Bytes() : Bytes(vector->data(), vector->size());
}

[[nodiscard]] inline Bytes bytes_of(const flatbuffers::String* text) noexcept {
  return text == nullptr ? Bytes()
                         : Bytes(reinterpret_cast<const std::uint8_t*>(text->data()), text->size());
}

[[nodiscard]] inline std::string_view text_of(const flatbuffers::String* text) noexcept {
  return text == nullptr ? std::string_view() : text->string_view();
}

[[nodiscard]] inline std::vector<std::uint8_t> to_vector(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

/// A field that comes as bytes or as text, or not at all. Errors: INVALID (both).
[[nodiscard]] inline bp::result<Bytes> either(const ByteVector* bytes,
                                              const flatbuffers::String* text,
                                              std::string_view names) {
  if (bytes != nullptr && text != nullptr) [[unlikely]] {
    return bp::fail(BP_E_INVALID, "the request has both " + std::string(names) + "; give one");
  }
  return text != nullptr ? bytes_of(text) : bytes_of(bytes);
}

/// `message` or `text`, of at most plaintext_bytes_max. Errors: INVALID, TOO_LARGE.
[[nodiscard]] bp::result<Bytes> message_of(const ByteVector* bytes,
                                           const flatbuffers::String* text);

/// The named key, if it is for this. Errors: NOT_FOUND, UNSUPPORTED.
[[nodiscard]] bp::result<const Ring*> ring_of(const Keyset& keys, const flatbuffers::String* name,
                                              Purpose purpose);

/// One that seals messages, with either algorithm or with one. Errors: NOT_FOUND, UNSUPPORTED.
[[nodiscard]] bp::result<const Ring*> message_ring_of(const Keyset& keys,
                                                      const flatbuffers::String* name);

/// "the default key", "key 'a'".
[[nodiscard]] std::string name_of(const Ring& ring);

/// A primary that was found, and is not destroyed. Errors: UNAVAILABLE.
[[nodiscard]] bp::result<const Key*> sealing_key(const Ring& ring, Algorithm algorithm);

/// Its secret, for as long as it is held. Errors: UNAVAILABLE (destroyed meanwhile).
[[nodiscard]] bp::result<Key::Use> use_of(const Ring& ring, const Key& key);

}  // namespace crypto_sodium
