// host/slot/json_table.cpp - bp.json/1: any channel and any service by name, as JSON.
#include <algorithm>
#include <utility>

#include "host/registry/name.hpp"
#include "host/slot/call_stack.hpp"
#include "host/slot/slot.hpp"
#include "host/slot/tables.hpp"
#include "host/slot/text.hpp"

namespace host::slot {

// channel_table.cpp
error::Result<bp_chan> open_json_receiver(Slot& slot, const registry::ChannelEntry& entry,
                                          std::uint64_t token, std::uint32_t flags);

namespace {

message::TraceContext context_of(const std::uint8_t* trace) {
  message::TraceContext context{};
  if (trace != nullptr) {
    std::copy_n(trace, context.size(), context.begin());
  }
  return context;
}

}  // namespace

struct JsonTable {
  static bp_status BP_CALL publish(const bp_host* host, bp_inst instance, const bp_str* channel,
                                   const bp_str* json, const std::uint8_t* trace,
                                   std::uint64_t token, bp_call* out_call, bp_error* error) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (auto good = registry::check_name("a channel's name", view_of(channel)); !good) {
      return refuse(good.error(), error);
    }
    const Identity& identity = slot.identity_;
    if (auto allowed = identity.permissions.allow("publish", identity.permissions.publish,
                                                  view_of(channel), identity.id);
        !allowed) {
      return refuse(allowed.error(), error);
    }
    const auto registered = slot.register_call("publishing by name", {token, nullptr, 0});
    if (!registered) {
      return refuse(registered.error(), error);
    }
    const bp_call handle = *registered;
    const message::TraceContext context = context_of(trace);
    auto taken = slot.surroundings_.exchange.publish(
        view_of(channel), view_of(json), trace == nullptr ? nullptr : &context,
        [weak = slot.weak_from_this(), handle](const std::optional<error::Error>& failure) {
          if (const auto self = weak.lock()) {
            self->reply_arrived(handle, BP_EV_REPLY, 0,
                                failure ? service::Reply::failure(*failure) : service::Reply{});
          }
        });
    return finish(slot, std::move(taken), handle, out_call, error);
  }

  template <typename Value>
  static bp_status finish(Slot& slot, error::Result<Value>&& taken, bp_call handle,
                          bp_call* out_call, bp_error* error) {
    if (!taken) {
      const std::lock_guard lock(slot.mutex_);
      slot.calls_.remove(handle);
      return refuse(taken.error(), error);
    }
    if (out_call != nullptr) {
      *out_call = handle;
    }
    return BP_OK;
  }

  static bp_status BP_CALL call(const bp_host* host, bp_inst instance, const bp_str* service,
                                const bp_str* method, const bp_str* json, std::uint64_t deadline_ns,
                                const std::uint8_t* trace, std::uint64_t token, bp_call* out_call,
                                bp_error* error) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    const Identity& identity = slot.identity_;
    const auto name = exchange::parse_service_name(view_of(service));
    if (!name) {
      return refuse(name.error(), error);
    }
    if (auto allowed =
            identity.permissions.allow("use", identity.permissions.use, name->name, identity.id);
        !allowed) {
      return refuse(allowed.error(), error);
    }
    const auto registered = slot.register_call("calling by name", {token, nullptr, 0});
    if (!registered) {
      return refuse(registered.error(), error);
    }
    const bp_call handle = *registered;
    const std::uint64_t deadline =
        deadline_ns != 0 ? deadline_ns : runtime::now_ns() + identity.call_timeout_ns;
    const message::TraceContext context = context_of(trace);
    // An inline method must not come back to us by way of others, whichever thread this is.
    const CallStack::Frame frame(slot);
    auto made = slot.surroundings_.exchange.call(
        {view_of(service), view_of(method), view_of(json), deadline,
         trace == nullptr ? nullptr : &context, identity.id},
        [weak = slot.weak_from_this(), handle](error::Result<std::string> reply) {
          if (const auto self = weak.lock()) {
            self->json_arrived(handle, std::move(reply));
          }
        });
    if (made && *made) {
      slot.call_is_out(handle, *made);
    }
    return finish(slot, std::move(made), handle, out_call, error);
  }

  static bp_status BP_CALL subscribe(const bp_host* host, bp_inst instance, const bp_str* channel,
                                     std::uint32_t flags, std::uint64_t token, bp_chan* out_channel,
                                     bp_error* error) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (auto active = slot.check_active("subscribing"); !active) {
      return refuse(active.error(), error);
    }
    if (out_channel == nullptr) {
      return refuse({BP_E_INVALID, "out_channel must not be NULL"}, error);
    }
    if ((flags & ~std::uint32_t{BP_CHAN_GATING | BP_CHAN_CONFIRMING}) != 0) {
      return refuse({BP_E_TOO_NEW, "unknown flags " + std::to_string(flags)}, error);
    }
    if (auto good = registry::check_name("a channel's name", view_of(channel)); !good) {
      return refuse(good.error(), error);
    }
    const Identity& identity = slot.identity_;
    if (auto allowed = identity.permissions.allow("subscribe", identity.permissions.subscribe,
                                                  view_of(channel), identity.id);
        !allowed) {
      return refuse(allowed.error(), error);
    }
    auto entry = slot.surroundings_.exchange.registry().find_channel(view_of(channel));
    if (!entry) {
      return refuse(entry.error(), error);
    }
    auto handle = open_json_receiver(slot, *entry, token, flags);
    if (!handle) {
      return refuse(handle.error(), error);
    }
    if (*handle == 0) {
      return refuse({BP_E_NOT_FOUND, "channel '" + std::string(view_of(channel)) + "' just went"},
                    error);
    }
    *out_channel = *handle;
    return BP_OK;
  }
};

void Slot::json_arrived(bp_call handle, error::Result<std::string> reply) {
  if (!reply) {
    reply_arrived(handle, BP_EV_REPLY, 0, service::Reply::failure(std::move(reply).error()));
    return;
  }
  service::Reply answer;
  answer.message = message::copy_of(surroundings_.exchange.pool(),
                                    std::as_bytes(std::span(reply->data(), reply->size())));
  if (!answer.message.block) {
    answer = service::Reply::failure({BP_E_TOO_LARGE, "the reply is too large for a message"});
  }
  reply_arrived(handle, BP_EV_REPLY, BP_EVF_JSON, std::move(answer));
}

const bp_json_api* json_table() noexcept {
  static constexpr bp_json_api table{
      sizeof(bp_json_api), 0, JsonTable::publish, JsonTable::call, JsonTable::subscribe,
  };
  return &table;
}

}  // namespace host::slot
