// plugins/crypto_sodium/aead_edge.hpp - bp.crypto.aead/1 towards the host: what runs inline, what
// on the blocking pool, and what is counted.
#pragma once

#include "backplane/contract/typed.hpp"

#include "aead_service.hpp"
#include "instance.hpp"

namespace crypto_sodium {

class AeadEdge {
 public:
  explicit AeadEdge(Instance& in) : in_(in), service_(*in.keys, in.default_algorithm) {}

  // --- inline on any thread ---

  bp::result<bp::buffer> encrypt(const contract::EncryptRequest& request, const bp::call& on) {
    const Key* key = nullptr;
    auto reply =
        service_.encrypt_packed(request, [&on](std::size_t size) { return on.room(size); }, key);
    if (reply) {
      in_.sealed_with(*key);
    }
    return reply;
  }

  bp::result<bp::buffer> decrypt(const contract::DecryptRequest& request, const bp::call& on) {
    if (AeadService::packs(request)) {
      auto reply =
          service_.decrypt_packed(request, [&on](std::size_t size) { return on.room(size); });
      note_refusal(reply, request);
      return reply;
    }
    auto reply = service_.decrypt(request);
    note_refusal(reply, request);
    BP_TRY(reply);
    auto sent = on.reply(bp::contract::outgoing<contract::DecryptReply>(*reply).bytes());
    wipe(reply->plaintext);
    return sent;
  }

  bp::result<contract::RewrapReplyT> rewrap(const contract::RewrapRequest& request) {
    auto reply = service_.rewrap(request);
    note_refusal(reply, request);
    if (reply) {
      in_.sealed_with(reply->key_id);
    }
    return reply;
  }

  [[nodiscard]] bp::result<contract::DescribeReplyT> describe(
      const contract::DescribeRequest& /*none*/) const {
    return service_.describe();
  }

  // --- on the blocking pool ---

  bp::task<bp::result<contract::EncryptManyReplyT>> encrypt_many(
      const contract::EncryptManyRequest& request) {
    auto reply = co_await in_.cx.run_blocking([&] { return service_.encrypt_many(request); });
    count_each(reply);
    co_return reply;
  }

  bp::task<bp::result<contract::DecryptManyReplyT>> decrypt_many(
      const contract::DecryptManyRequest& request) {
    auto reply = co_await in_.cx.run_blocking([&] { return service_.decrypt_many(request); });
    if (reply) {
      note_refusals(*reply, request);
    }
    co_return reply;
  }

  bp::task<bp::result<contract::RewrapManyReplyT>> rewrap_many(
      const contract::RewrapManyRequest& request) {
    auto reply = co_await in_.cx.run_blocking([&] { return service_.rewrap_many(request); });
    count_each(reply);
    if (reply) {
      note_refusals(*reply, request);
    }
    co_return reply;
  }

  bp::task<bp::result<contract::EncryptWithPasswordReplyT>> encrypt_with_password(
      const contract::EncryptWithPasswordRequest& request) {
    const auto pass = co_await in_.password_gate.enter();
    BP_CO_TRY(pass);
    co_return co_await in_.cx.run_blocking(
        [&] { return AeadService::encrypt_with_password(request); });
  }

  bp::task<bp::result<contract::DecryptWithPasswordReplyT>> decrypt_with_password(
      const contract::DecryptWithPasswordRequest& request) {
    const auto pass = co_await in_.password_gate.enter();
    BP_CO_TRY(pass);
    co_return co_await in_.cx.run_blocking(
        [&] { return AeadService::decrypt_with_password(request); });
  }

 private:
  template <typename Reply, typename Request>
  void note_refusal(const bp::result<Reply>& reply, const Request& request) {
    if (!reply && reply.error().code() == BP_E_DECRYPT) {
      in_.refused(bytes_of(request.ciphertext()));
    }
  }

  template <typename Reply, typename Request>
  void note_refusals(const Reply& reply, const Request& request) {
    for (std::size_t i = 0; i < reply.items.size(); ++i) {
      if (reply.items[i]->code == BP_E_DECRYPT) {
        const auto at = static_cast<flatbuffers::uoffset_t>(i);
        in_.refused(bytes_of(request.items()->Get(at)->ciphertext()));
      }
    }
  }

  template <typename Reply>
  void count_each(const bp::result<Reply>& reply) {
    if (!reply) {
      return;
    }
    for (const auto& item : reply->items) {
      if (item->reply != nullptr) {
        in_.sealed_with(item->reply->key_id);
      }
    }
  }

  Instance& in_;
  AeadService service_;
};

}  // namespace crypto_sodium
