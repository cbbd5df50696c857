// plugins/crypto_sodium/aead_edge.hpp - bp.crypto.aead/1 towards the host: what runs inline, what
// on the blocking pool, and what is counted.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "backplane/contract/typed.hpp"

#include "aead_service.hpp"
#include "instance.hpp"

namespace crypto_sodium {

class AeadEdge {
 public:
  explicit AeadEdge(Instance& in) : in_(in), service_(*in.keys, in.default_algorithm) {}

  // --- inline on any thread ---

  bp::result<bp::buffer> encrypt(const contract::EncryptRequest& request, const bp::call& on) {
    Room room(on);
    auto reply =
        service_.encrypt_packed(request, [&](std::size_t size) { return room.take(size); });
    if (!reply) {
      return std::unexpected(std::move(reply).error());
    }
    in_.sealed_with(*reply->second);
    return room.reply(std::move(reply->first));
  }

  bp::result<bp::buffer> decrypt(const contract::DecryptRequest& request, const bp::call& on) {
    if (!AeadService::packs(request)) {
      auto reply = service_.decrypt(request);
      note_refusal(reply, request);
      BP_TRY(reply);
      auto sent = on.reply(bp::contract::outgoing<contract::DecryptReply>(*reply).bytes());
      wipe(reply->plaintext);
      return sent;
    }
    Room room(on);
    auto reply =
        service_.decrypt_packed(request, [&](std::size_t size) { return room.take(size); });
    note_refusal(reply, request);
    BP_TRY(reply);
    return room.reply(std::move(*reply));
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
  /// Where a reply is written: a small one here, from where it is copied to the caller; a large one
  /// in memory of the host, where it stays.
  class Room {
   public:
    class Memory {
     public:
      explicit Memory(std::span<std::uint8_t> here) : here_(here) {}

      explicit Memory(bp::buffer lent) : lent_(std::move(lent)) {}

      [[nodiscard]] void* data() noexcept {
        return here_.empty() ? static_cast<void*>(lent_.data()) : here_.data();
      }

      [[nodiscard]] std::size_t size() const noexcept {
        return here_.empty() ? lent_.size() : here_.size();
      }

     private:
      friend class Room;

      std::span<std::uint8_t> here_;
      bp::buffer lent_;
    };

    explicit Room(const bp::call& on) : on_(on) {}

    bp::result<Memory> take(std::size_t size) {
      if (size <= small_.size()) {
        return Memory(std::span(small_).first(size));
      }
      auto lent = on_.alloc(size);
      BP_TRY(lent);
      return Memory(std::move(*lent));
    }

    bp::result<bp::buffer> reply(Memory memory) const {
      return memory.here_.empty() ? bp::result<bp::buffer>(std::move(memory.lent_))
                                  : on_.reply(std::as_bytes(memory.here_));
    }

   private:
    const bp::call& on_;
    alignas(8) std::array<std::uint8_t, BP_INLINE_REPLY_BYTES> small_;
  };

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
