// plugins/crypto_sodium/aead_service.cpp - reads requests, asks the engine, fills replies.
#include "aead_service.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backplane/cpp/utf8.hpp"

namespace crypto_sodium {
namespace {

constexpr std::string_view message_names = "'plaintext' and 'text'";
constexpr std::string_view associated_names = "'associated_data' and 'associated_text'";

template <typename Request>
bp::result<Bytes> associated_data_in(const Request& request) {
  return either(request.associated_data(), request.associated_text(), associated_names);
}

constexpr Framing framing_of(bool raw) noexcept {
  return raw ? Framing::Raw : Framing::Keyed;
}

/// What the key seals with when the request does not say.
Algorithm default_of(const Ring& ring, Algorithm otherwise) noexcept {
  switch (ring.purpose()) {
    case Purpose::XChaCha20Poly1305:
      return Algorithm::XChaCha20Poly1305;
    case Purpose::Aes256Gcm:
      return Algorithm::Aes256Gcm;
    default:
      return otherwise;
  }
}

/// The key's own state, or that it is too old: then it opens nothing either.
contract::KeyState to_contract(const Key& key) noexcept {
  switch (key.state()) {
    case KeyState::Destroyed:
      return contract::KeyState::Destroyed;
    case KeyState::Disabled:
      return contract::KeyState::Disabled;
    case KeyState::Enabled:
      break;
  }
  return contract::KeyState::Enabled;
}

contract::Algorithm to_contract(Algorithm algorithm) noexcept {
  return algorithm == Algorithm::Aes256Gcm ? contract::Algorithm::Aes256Gcm
                                           : contract::Algorithm::XChaCha20Poly1305;
}

std::string text_if_valid(Bytes plaintext) {
  const std::string_view text(reinterpret_cast<const char*>(plaintext.data()), plaintext.size());
  return bp::utf8::valid(text) ? std::string(text) : std::string();
}

template <typename Request>
bp::result<void> check_batch(const flatbuffers::Vector<flatbuffers::Offset<Request>>* items,
                             std::size_t bytes) {
  if (items != nullptr && items->size() > batch_items_max) {
    return bp::fail(BP_E_TOO_LARGE, std::to_string(items->size()) + " items are more than " +
                                        std::to_string(batch_items_max) + "; make several calls");
  }
  if (bytes > plaintext_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE,
                    "the items have " + std::to_string(bytes) + " bytes together, more than " +
                        std::to_string(plaintext_bytes_max) + "; make several calls");
  }
  return {};
}

/// What is inside the ciphertexts of a batch.
template <typename Request>
std::size_t sealed_bytes_of(const flatbuffers::Vector<flatbuffers::Offset<Request>>* items) {
  std::size_t bytes = 0;
  if (items != nullptr) {
    for (const Request* item : *items) {
      const std::size_t size = bytes_of(item->ciphertext()).size();
      bytes += size - std::min(size, overhead_bytes_max);
    }
  }
  return bytes;
}

/// One item's own success or failure.
template <typename ResultT, typename ReplyT>
std::unique_ptr<ResultT> item_of(bp::result<ReplyT> answer) {
  auto item = std::make_unique<ResultT>();
  if (answer) {
    item->reply = std::make_unique<ReplyT>(std::move(*answer));
  } else {
    item->code = answer.error().code();
    item->message = answer.error().text();
  }
  return item;
}

/// The results of a batch, in its order.
template <typename ResultT, typename Request, typename Work>
std::vector<std::unique_ptr<ResultT>> each_of(
    const flatbuffers::Vector<flatbuffers::Offset<Request>>* items, Work work) {
  std::vector<std::unique_ptr<ResultT>> results;
  if (items != nullptr) {
    for (const Request* item : *items) {
      results.push_back(item_of<ResultT>(work(*item)));
    }
  }
  return results;
}

}  // namespace

bp::result<AeadService::SealOrder> AeadService::order_of(
    const contract::EncryptRequest& request) const {
  const auto plaintext = either(request.plaintext(), request.text(), message_names);
  BP_TRY(plaintext);
  const auto associated_data = associated_data_in(request);
  BP_TRY(associated_data);
  const auto ring = message_ring_of(keys_, request.key());
  BP_TRY(ring);
  // The raw format exists for AES-256-GCM only, so there it needs no naming.
  Algorithm algorithm =
      request.raw() ? Algorithm::Aes256Gcm : default_of(**ring, default_algorithm_);
  switch (request.algorithm()) {
    case contract::Algorithm::Default:
      break;
    case contract::Algorithm::XChaCha20Poly1305:
      algorithm = Algorithm::XChaCha20Poly1305;
      break;
    case contract::Algorithm::Aes256Gcm:
      algorithm = Algorithm::Aes256Gcm;
      break;
    default:
      return bp::fail(BP_E_INVALID, "algorithm " +
                                        std::to_string(static_cast<unsigned>(request.algorithm())) +
                                        " is unknown; use XChaCha20Poly1305 or Aes256Gcm");
  }
  return SealOrder{*ring, algorithm, framing_of(request.raw()), *plaintext, *associated_data};
}

bp::result<contract::EncryptReplyT> AeadService::encrypt(
    const contract::EncryptRequest& request) const {
  const auto order = order_of(request);
  BP_TRY(order);
  auto sealed = aead_.seal(*order->with, order->algorithm, order->framing, order->plaintext,
                           order->associated_data);
  BP_TRY(sealed);
  contract::EncryptReplyT reply;
  reply.ciphertext = std::move(sealed->bytes);
  reply.key_id = sealed->key->facts().id;
  reply.algorithm = to_contract(order->algorithm);
  return reply;
}

bp::result<contract::RewrapReplyT> AeadService::rewrap(
    const contract::RewrapRequest& request) const {
  const auto associated_data = associated_data_in(request);
  BP_TRY(associated_data);
  const Bytes ciphertext = bytes_of(request.ciphertext());
  auto opened = aead_.open(Framing::Keyed, ciphertext, *associated_data);
  BP_TRY(opened);
  const Key& before = *opened->key;
  contract::RewrapReplyT reply;
  if (before.primary()) {
    reply.ciphertext = to_vector(ciphertext);
    reply.key_id = before.facts().id;
  } else {
    auto sealed = aead_.seal(before.version().ring(), before.facts().algorithm, Framing::Keyed,
                             opened->plaintext, *associated_data);
    wipe(opened->plaintext);
    BP_TRY(sealed);
    reply.ciphertext = std::move(sealed->bytes);
    reply.key_id = sealed->key->facts().id;
    reply.changed = true;
  }
  wipe(opened->plaintext);
  return reply;
}

bp::result<contract::RewrapManyReplyT> AeadService::rewrap_many(
    const contract::RewrapManyRequest& request) const {
  BP_TRY(check_batch(request.items(), sealed_bytes_of(request.items())));
  contract::RewrapManyReplyT reply;
  reply.items = each_of<contract::RewrapResultT>(
      request.items(), [this](const contract::RewrapRequest& item) { return rewrap(item); });
  return reply;
}

bp::result<Bytes> AeadService::associated_data_of(const contract::DecryptRequest& request) {
  return associated_data_in(request);
}

bp::result<contract::DecryptReplyT> AeadService::decrypt(
    const contract::DecryptRequest& request) const {
  const auto associated_data = associated_data_in(request);
  BP_TRY(associated_data);
  auto opened =
      aead_.open(framing_of(request.raw()), bytes_of(request.ciphertext()), *associated_data);
  BP_TRY(opened);
  contract::DecryptReplyT reply;
  if (!request.omit_text()) {
    reply.text = text_if_valid(opened->plaintext);
  }
  reply.plaintext = std::move(opened->plaintext);
  reply.key_id = opened->key->facts().id;
  reply.algorithm = to_contract(opened->key->facts().algorithm);
  return reply;
}

bp::result<contract::EncryptManyReplyT> AeadService::encrypt_many(
    const contract::EncryptManyRequest& request) const {
  std::size_t bytes = 0;
  if (request.items() != nullptr) {
    for (const contract::EncryptRequest* item : *request.items()) {
      bytes += bytes_of(item->plaintext()).size() + bytes_of(item->text()).size();
    }
  }
  BP_TRY(check_batch(request.items(), bytes));
  contract::EncryptManyReplyT reply;
  reply.items = each_of<contract::EncryptResultT>(
      request.items(), [this](const contract::EncryptRequest& item) { return encrypt(item); });
  return reply;
}

bp::result<contract::DecryptManyReplyT> AeadService::decrypt_many(
    const contract::DecryptManyRequest& request) const {
  BP_TRY(check_batch(request.items(), sealed_bytes_of(request.items())));
  contract::DecryptManyReplyT reply;
  reply.items = each_of<contract::DecryptResultT>(
      request.items(), [this](const contract::DecryptRequest& item) { return decrypt(item); });
  return reply;
}

bp::result<contract::EncryptWithPasswordReplyT> AeadService::encrypt_with_password(
    const contract::EncryptWithPasswordRequest& request, std::uint32_t iterations_min) {
  const auto plaintext = either(request.plaintext(), request.text(), message_names);
  BP_TRY(plaintext);
  const auto associated_data = associated_data_in(request);
  BP_TRY(associated_data);
  auto sealed = seal_with_password(
      bytes_of(request.password()), *plaintext, *associated_data, framing_of(request.raw()),
      {.iterations = request.iterations(), .iterations_min = iterations_min});
  BP_TRY(sealed);
  contract::EncryptWithPasswordReplyT reply;
  reply.ciphertext = std::move(*sealed);
  return reply;
}

bp::result<contract::DecryptWithPasswordReplyT> AeadService::decrypt_with_password(
    const contract::DecryptWithPasswordRequest& request) {
  const auto associated_data = associated_data_in(request);
  BP_TRY(associated_data);
  auto opened = open_with_password(bytes_of(request.password()), bytes_of(request.ciphertext()),
                                   *associated_data, framing_of(request.raw()));
  BP_TRY(opened);
  contract::DecryptWithPasswordReplyT reply;
  reply.text = text_if_valid(opened->plaintext);
  reply.plaintext = std::move(opened->plaintext);
  reply.iterations = opened->iterations;
  reply.needs_reseal = opened->iterations < pbkdf2_iterations_min;
  return reply;
}

contract::DescribeReplyT AeadService::describe() const {
  contract::DescribeReplyT reply;
  reply.default_algorithm = to_contract(default_algorithm_);
  for (const Key* key : keys_.keys()) {
    const Key::Facts& facts = key->facts();
    if (!is_cipher(facts.algorithm) || facts.framing == Framing::Stream) {
      continue;
    }
    auto description = std::make_unique<contract::KeyDescriptionT>();
    description->key_id = facts.id;
    description->algorithm = to_contract(facts.algorithm);
    description->state = to_contract(*key);
    description->primary = key->primary();
    description->key = key->version().ring().name();
    description->version = key->version().facts().number;
    description->raw = facts.framing == Framing::Raw;
    description->sealed_messages = key->sealed_messages();
    description->sealed_messages_max = key->sealed_messages_max();
    reply.keys.push_back(std::move(description));
  }
  return reply;
}

}  // namespace crypto_sodium
