// plugins/crypto_sodium/keys_edge.hpp - bp.crypto.keys/1 towards the host: one change at a time,
// each on the blocking pool and in the audit.
#pragma once

#include <string>
#include <string_view>

#include "instance.hpp"
#include "payload.hpp"

namespace crypto_sodium {

class KeysEdge {
 public:
  explicit KeysEdge(Instance& in) : in_(in), service_(*in.store, *in.keys, in.default_algorithm) {}

  using KeyReply = bp::task<bp::result<keys_contract::KeyReplyT>>;

  KeyReply create(const keys_contract::CreateRequest& request, const bp::call& on) {
    return change("keys.create", request.name(), 1, on,
                  [this, &request] { return service_.create(request, Instance::now_s()); });
  }

  KeyReply rotate(const keys_contract::RotateRequest& request, const bp::call& on) {
    return change("keys.rotate", request.name(), 0, on,
                  [this, &request] { return service_.rotate(request, Instance::now_s()); });
  }

  KeyReply enable(const keys_contract::EnableRequest& request, const bp::call& on) {
    return set_state("keys.enable", request, KeyState::Enabled, on);
  }

  KeyReply disable(const keys_contract::DisableRequest& request, const bp::call& on) {
    return set_state("keys.disable", request, KeyState::Disabled, on);
  }

  KeyReply destroy(const keys_contract::DestroyRequest& request, const bp::call& on) {
    return set_state("keys.destroy", request, KeyState::Destroyed, on);
  }

  KeyReply set_min_version(const keys_contract::SetMinVersionRequest& request, const bp::call& on) {
    return change("keys.set_min_version", request.name(), request.min_version(), on,
                  [this, &request] { return service_.set_min_version(request); });
  }

  bp::task<bp::result<keys_contract::DescribeReplyT>> describe(
      const keys_contract::DescribeRequest& request) {
    const auto pass = co_await in_.change_gate.enter();
    BP_CO_TRY(pass);
    co_return service_.describe(request);
  }

  /// Not a task: it is quick, and the strand is where the audit is written.
  bp::result<keys_contract::DataKeyReplyT> data_key(const keys_contract::DataKeyRequest& request,
                                                    const bp::call& on) {
    auto reply = service_.data_key(request);
    tell("keys.data_key", request.name(), 0, reply ? reply->key_id : 0, on.caller(),
         reply ? BP_OK : reply.error().code());
    if (reply) {
      in_.sealed_with(reply->key_id);
    }
    return reply;
  }

  bp::result<keys_contract::OpenDataKeyReplyT> open_data_key(
      const keys_contract::OpenDataKeyRequest& request, const bp::call& on) {
    auto reply = service_.open_data_key(request);
    tell("keys.open_data_key", nullptr, 0, named_key(bytes_of(request.wrapped())), on.caller(),
         reply ? BP_OK : reply.error().code());
    return reply;
  }

 private:
  template <typename Request>
  KeyReply set_state(std::string_view what, const Request& request, KeyState state,
                     const bp::call& on) {
    return change(what, request.name(), request.version(), on, [this, &request, state] {
      return service_.set_state(request.name(), request.version(), state);
    });
  }

  template <typename Change>
  KeyReply change(std::string_view what, const flatbuffers::String* name, std::uint32_t version,
                  bp::call on, Change change) {
    // Asked before the first wait: afterwards the caller may be gone.
    const auto who = on.caller();
    const auto pass = co_await in_.change_gate.enter();
    BP_CO_TRY(pass);
    bp::result<void> noted;
    auto reply = co_await in_.cx.run_blocking([&] {
      auto changed = change();
      if (changed && text_of(name).empty()) {
        noted = in_.note_primary();
      }
      return changed;
    });
    if (!noted) {
      in_.cx.warn("the id of the new primary was not recorded", "error", noted.error());
    }
    const std::uint32_t now =
        reply && version == 0 && !reply->key->versions.empty()
            ? reply->key->versions.back()->version  // a rotation: the one that was made
            : version;
    tell(what, name, now, 0, who, reply ? BP_OK : reply.error().code());
    co_return reply;
  }

  void tell(std::string_view what, const flatbuffers::String* name, std::uint32_t version,
            std::uint32_t key_id, const bp::result<std::string>& who, bp_status outcome) {
    in_.audit.tell({.what = what,
                    .who = who ? *who : std::string("?"),  // nobody waits any more
                    .key = std::string(text_of(name)),
                    .version = version,
                    .key_id = key_id,
                    .outcome = outcome});
  }

  Instance& in_;
  KeysService service_;
};

}  // namespace crypto_sodium
