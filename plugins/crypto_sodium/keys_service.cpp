// plugins/crypto_sodium/keys_service.cpp - changes keys, tells about them, and makes data keys.
#include "keys_service.hpp"

#include <sodium.h>

#include "payload.hpp"

namespace crypto_sodium {
namespace {

/// Keeps a data key from being opened as a message with the same associated data.
std::string data_key_context(const flatbuffers::String* context) {
  return "bp.crypto.keys/1 data key:" + std::string(text_of(context));
}

Bytes as_bytes(const std::string& text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::unique_ptr<keys_contract::KeyVersionT> describe_version(const Version& version) {
  auto told = std::make_unique<keys_contract::KeyVersionT>();
  told->version = version.facts().number;
  told->state = static_cast<keys_contract::KeyState>(version.state());
  told->primary = version.ring().primary() == &version;
  told->created_s = version.facts().created_s;
  for (const auto& key : version.keys()) {
    told->key_ids.push_back(key->facts().id);
    if (key->facts().algorithm == Algorithm::Aes256Gcm) {
      told->sealed_messages += key->sealed_messages();
    }
    if (key->facts().algorithm == Algorithm::Ed25519) {
      told->public_key = public_key_of(*key);
    }
  }
  return told;
}

std::unique_ptr<keys_contract::KeyDescriptionT> describe_ring(const Ring& ring) {
  auto told = std::make_unique<keys_contract::KeyDescriptionT>();
  told->name = ring.name();
  told->algorithm = static_cast<keys_contract::Algorithm>(ring.purpose());
  told->min_version = ring.min_version();
  for (const Version* version : ring.versions()) {
    told->versions.push_back(describe_version(*version));
  }
  return told;
}

}  // namespace

std::vector<std::uint8_t> public_key_of(const Key& key) {
  const auto use = key.use();
  std::vector<std::uint8_t> public_key;
  if (use) {
    public_key.resize(crypto_sign_PUBLICKEYBYTES);
    crypto_sign_ed25519_sk_to_pk(public_key.data(), use->secret().data());
  }
  return public_key;
}

bp::result<keys_contract::KeyReplyT> KeysService::reply_about(std::string_view name) const {
  keys_contract::KeyReplyT reply;
  reply.key = describe_ring(*keys_.find(name));
  return reply;
}

bp::result<keys_contract::KeyReplyT> KeysService::create(
    const keys_contract::CreateRequest& request, std::int64_t now_s) {
  if (request.algorithm() > keys_contract::Algorithm::MAX) {
    return bp::fail(
        BP_E_INVALID,
        "algorithm " + std::to_string(static_cast<unsigned>(request.algorithm())) + " is unknown");
  }
  const std::string_view name = text_of(request.name());
  BP_TRY(store_.create(name, static_cast<Purpose>(request.algorithm()), now_s));
  return reply_about(name);
}

bp::result<keys_contract::KeyReplyT> KeysService::rotate(
    const keys_contract::RotateRequest& request, std::int64_t now_s) {
  const std::string_view name = text_of(request.name());
  BP_TRY(store_.rotate(name, now_s));
  return reply_about(name);
}

bp::result<keys_contract::KeyReplyT> KeysService::set_state(const flatbuffers::String* name,
                                                            std::uint32_t version, KeyState state) {
  BP_TRY(store_.set_state(text_of(name), version, state));
  return reply_about(text_of(name));
}

bp::result<keys_contract::KeyReplyT> KeysService::set_min_version(
    const keys_contract::SetMinVersionRequest& request) {
  BP_TRY(store_.set_min_version(text_of(request.name()), request.min_version()));
  return reply_about(text_of(request.name()));
}

bp::result<keys_contract::DescribeReplyT> KeysService::describe(
    const keys_contract::DescribeRequest& request) const {
  keys_contract::DescribeReplyT reply;
  reply.generation = store_.generation();
  reply.sealed_under = store_.sealed_under();
  for (const Ring* ring : keys_.rings()) {
    if (request.name() == nullptr || ring->name() == text_of(request.name())) {
      reply.keys.push_back(describe_ring(*ring));
    }
  }
  if (reply.keys.empty()) {
    return bp::fail(BP_E_NOT_FOUND,
                    "there is no key '" + std::string(text_of(request.name())) + "'");
  }
  return reply;
}

bp::result<keys_contract::DataKeyReplyT> KeysService::data_key(
    const keys_contract::DataKeyRequest& request) const {
  const auto ring = message_ring_of(keys_, request.name());
  BP_TRY(ring);
  const auto fresh = Secret::random(key_bytes);
  BP_TRY(fresh);
  const Algorithm algorithm = (*ring)->purpose() == Purpose::Messages
                                  ? default_algorithm_
                                  : static_cast<Algorithm>((*ring)->purpose());
  const std::string context = data_key_context(request.context());
  auto sealed = aead_.seal(**ring, algorithm, Framing::Keyed, fresh->bytes(), as_bytes(context));
  BP_TRY(sealed);
  keys_contract::DataKeyReplyT reply;
  if (!request.omit_plaintext()) {
    reply.plaintext = to_vector(fresh->bytes());
  }
  reply.wrapped = std::move(sealed->bytes);
  reply.key_id = sealed->key->facts().id;
  return reply;
}

bp::result<keys_contract::OpenDataKeyReplyT> KeysService::open_data_key(
    const keys_contract::OpenDataKeyRequest& request) const {
  const std::string context = data_key_context(request.context());
  auto opened = aead_.open(Framing::Keyed, bytes_of(request.wrapped()), as_bytes(context));
  BP_TRY(opened);
  keys_contract::OpenDataKeyReplyT reply;
  reply.plaintext = std::move(opened->plaintext);
  reply.key_id = opened->key->facts().id;
  return reply;
}

}  // namespace crypto_sodium
