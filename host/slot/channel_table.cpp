// host/slot/channel_table.cpp - bp.chan/1: open, reserve, send, receive, acknowledge.
#include <algorithm>
#include <cstring>
#include <utility>

#include "host/slot/call_stack.hpp"
#include "host/slot/channel_desc.hpp"
#include "host/slot/slot.hpp"
#include "host/slot/tables.hpp"
#include "host/slot/text.hpp"

namespace host::slot {

struct ChannelTable {
  static error::Result<bp_chan> open_end(Slot& slot, const bp_chan_desc& desc,
                                         std::uint64_t token) {
    if (auto active = slot.check_active("opening a channel"); !active) {
      return std::unexpected(std::move(active).error());
    }
    auto settings = settings_of(desc);
    if (!settings) {
      return std::unexpected(std::move(settings).error());
    }
    auto group = group_of(desc);
    if (!group) {
      return std::unexpected(std::move(group).error());
    }
    const bool sending = desc.direction == BP_DIR_SEND;
    const Permissions& permissions = slot.identity_.permissions;
    auto allowed = sending ? permissions.allow("publish", permissions.publish, settings->name,
                                               slot.identity_.id)
                           : permissions.allow("subscribe", permissions.subscribe, settings->name,
                                               slot.identity_.id);
    if (!allowed) {
      return std::unexpected(std::move(allowed).error());
    }
    auto schema = settings->type == "json" || settings->type == "bytes"
                      ? nullptr
                      : slot.schema_of(settings->type);
    if (schema && settings->schema == 0) {
      settings->schema = schema::Schema::hash(**schema->table(settings->type));
    }
    registry::Registry& registry = slot.surroundings_.exchange.registry();
    for (;;) {
      auto entry = registry.open_channel(*settings, slot.identity_.id, schema);
      if (!entry) {
        return std::unexpected(std::move(entry).error());
      }
      auto handle =
          sending ? add_sender(slot, *entry, token)
                  : add_receiver(
                        slot, *entry, token, false,
                        {.group = *group, .flags = desc.flags, .concurrency = desc.concurrency});
      if (!handle) {
        registry.drop_unused(*entry->channel);
      } else if (*handle == 0) {
        continue;  // the channel had been found, and went
      }
      return handle;
    }
  }

  // 0: the channel is retired.
  static error::Result<bp_chan> add_sender(Slot& slot, const registry::ChannelEntry& entry,
                                           std::uint64_t token) {
    Slot::End end;
    end.token = token;
    end.entry = entry;
    auto handle = slot.add_end(std::move(end));
    if (!handle) {
      return handle;
    }
    auto sender = entry.channel->open_sender([weak = slot.weak_from_this(), handle = *handle] {
      if (const auto self = weak.lock()) {
        Slot::Item item;
        item.event.type = BP_EV_WRITABLE;
        item.event.handle = handle;
        self->push(std::move(item));
      }
    });
    std::optional<std::shared_ptr<Slot::End>> unwanted;
    const std::lock_guard lock(slot.mutex_);
    if (!sender) {
      unwanted = slot.ends_.remove(*handle);
      return 0;
    }
    if (std::shared_ptr<Slot::End>* made = slot.ends_.find(*handle)) {
      if (SendGate* gate = slot.gates_.prepare(*handle)) {
        slot.begin_lending(*gate);
        gate->sender = sender.get();
        gate->bytes_max = entry.channel->settings().message_bytes_max;
        GateTable<SendGate>::open(*gate, *handle);
      }
      (*made)->sender = std::move(sender);
    }
    return handle;
  }

  // 0: the channel is retired.
  static error::Result<bp_chan> add_receiver(Slot& slot, const registry::ChannelEntry& entry,
                                             std::uint64_t token, bool json,
                                             channel::Channel::ReceiverOptions options) {
    Slot::End end;
    end.token = token;
    end.entry = entry;
    end.json = json;
    auto handle = slot.add_end(std::move(end));
    if (!handle) {
      return handle;
    }
    options.owner = slot.identity_.id;
    options.ready = [weak = slot.weak_from_this(), handle = *handle] {
      if (const auto self = weak.lock()) {
        self->end_ready(handle);
      }
    };
    auto receiver = entry.channel->open_receiver(std::move(options));
    std::optional<std::shared_ptr<Slot::End>> unwanted;
    const std::lock_guard lock(slot.mutex_);
    if (!receiver) {
      unwanted = slot.ends_.remove(*handle);
      return 0;
    }
    if (std::shared_ptr<Slot::End>* made = slot.ends_.find(*handle)) {
      (*made)->receiver = std::move(receiver);
    }
    return handle;
  }

  static std::shared_ptr<Slot::End> find(Slot& slot, bp_chan handle) {
    const std::lock_guard lock(slot.mutex_);
    const std::shared_ptr<Slot::End>* end = slot.ends_.find(handle);
    return end == nullptr || slot.state_ == Slot::State::stopped ? nullptr : *end;
  }

  static bp_status BP_CALL open(const bp_host* host, bp_inst instance, const bp_chan_desc* desc,
                                std::uint64_t token, bp_chan* out_channel, bp_error* error) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (desc == nullptr || out_channel == nullptr) {
      return refuse({BP_E_INVALID, "desc and out_channel must not be NULL"}, error);
    }
    auto handle = open_end(slot, *desc, token);
    if (!handle) {
      return refuse(handle.error(), error);
    }
    *out_channel = *handle;
    return BP_OK;
  }

  // The short way: room in the end's own lane. Its lease is told by the gate alone.
  static bp_status BP_CALL reserve(const bp_host* host, bp_chan channel, std::uint64_t size,
                                   bp_buf* out_lease) {
    Slot& slot = Slot::of(host);
    if (SendGate* gate = slot.gates_.enter(channel)) [[likely]] {
      std::byte* room = size <= gate->bytes_max ? gate->sender->reserve(size) : nullptr;
      if (room != nullptr) [[likely]] {
        *out_lease = {room, size, size, gate->leases.next(channel & handle_index_max)};
        gate->leave();
        return BP_OK;
      }
      gate->leave();
    }
    return reserve_from_pool(host, slot, channel, size, out_lease);
  }

  [[gnu::noinline]] static bp_status reserve_from_pool(const bp_host* host, Slot& slot,
                                                       bp_chan channel, std::uint64_t size,
                                                       bp_buf* out_lease) {
    const auto end = find(slot, channel);
    if (!end) {
      return BP_E_STALE;
    }
    if (!end->sender) {
      return BP_E_INVALID;
    }
    if (size > end->entry.channel->settings().message_bytes_max) {
      return BP_E_TOO_LARGE;
    }
    if (end->sender->blocked()) {
      return BP_E_WOULD_BLOCK;
    }
    return core_table()->alloc(host, slot.instance_, size, out_lease);
  }

  // What a send takes out of a lease: its part as an envelope, and the lease itself when the send
  // succeeded.
  [[gnu::noinline]] static bp_status publish(Slot& slot, bp_chan channel, bp_buf* buf,
                                             std::shared_ptr<channel::Confirmation> confirmation) {
    const auto end = find(slot, channel);
    if (!end) {
      return BP_E_STALE;
    }
    if (!end->sender || buf == nullptr) {
      return BP_E_INVALID;
    }
    channel::Envelope envelope;
    if (const bp_status status = slot.part_of(*buf, envelope.message); status < 0) {
      return status;
    }
    envelope.confirmation = std::move(confirmation);
    const bp_status status = end->sender->send(std::move(envelope));
    if (status < 0 && status != BP_E_DROPPED) {
      return status;
    }
    slot.give_up_lease(buf->lease);
    *buf = bp_buf{};
    return status;
  }

  static bp_status BP_CALL send(const bp_host* host, bp_chan channel, bp_buf* lease) {
    Slot& slot = Slot::of(host);
    if (lease == nullptr) {
      return BP_E_INVALID;
    }
    SendGate* gate = slot.gates_.enter(channel);
    if (gate == nullptr) [[unlikely]] {
      return publish(slot, channel, lease, nullptr);
    }
    if (!gate->holds(lease->lease)) [[unlikely]] {
      gate->leave();
      return publish(slot, channel, lease, nullptr);
    }
    const auto offset = offset_within(*lease, gate->sender->lent(), gate->sender->lent_bytes());
    if (!offset) [[unlikely]] {
      gate->leave();
      return BP_E_INVALID;
    }
    const bool in_turn = CallStack::in_turn_of(slot);
    const bp_status status = gate->sender->send_lent(*offset, lease->size, in_turn);
    if (in_turn) {
      slot.settle_later(*gate);
    }
    gate->leave();
    if (status == BP_OK || status == BP_E_DROPPED) {
      *lease = bp_buf{};
    }
    return status;
  }

  static bp_status BP_CALL publish_copies(const bp_host* host, bp_chan channel,
                                          const bp_buf* messages, std::uint32_t count,
                                          std::uint32_t* out_taken) {
    Slot& slot = Slot::of(host);
    if (messages == nullptr && count > 0) {
      return BP_E_INVALID;
    }
    std::uint32_t taken = 0;
    bp_status status = BP_OK;
    const bool in_turn = CallStack::in_turn_of(slot);
    if (SendGate* gate = slot.gates_.enter(channel)) {
      taken = gate->sender->send_copies(messages, count, gate->bytes_max);
      if (taken > 0 && in_turn) {
        slot.settle_later(*gate);
      } else if (taken > 0) {
        gate->sender->settle();
      }
      gate->leave();
    }
    while (taken < count && (status == BP_OK || status == BP_E_DROPPED)) {
      status = publish_copy(host, slot, channel, messages[taken]);
      taken += status == BP_OK || status == BP_E_DROPPED ? 1 : 0;
    }
    if (out_taken != nullptr) {
      *out_taken = taken;
    }
    return status;
  }

  static bp_status publish_copy(const bp_host* host, Slot& slot, bp_chan channel,
                                const bp_buf& message) {
    if (message.lease != 0) {
      return BP_E_INVALID;
    }
    bp_buf lease{};
    if (const bp_status status = reserve(host, channel, message.size, &lease); status < 0) {
      return status;
    }
    if (message.size > 0) {
      std::memcpy(lease.data, message.data, message.size);
    }
    lease.size = message.size;
    const bp_status status = send(host, channel, &lease);
    if (lease.lease != 0) {
      slot.give_up_lease(lease.lease);
    }
    return status;
  }

  static bp_status BP_CALL send_confirmed(const bp_host* host, bp_chan channel, bp_buf* lease,
                                          std::uint64_t token, bp_call* out_call) {
    Slot& slot = Slot::of(host);
    const auto registered = slot.register_call("a confirmed send", {token, nullptr, 0});
    if (!registered) {
      return registered.error().code();
    }
    const bp_call handle = *registered;
    auto confirmation = std::make_shared<channel::Confirmation>(
        [weak = slot.weak_from_this(), handle](const std::optional<error::Error>& error) {
          if (const auto self = weak.lock()) {
            self->reply_arrived(handle, BP_EV_CONFIRMED, 0,
                                error ? service::Reply::failure(*error) : service::Reply{});
          }
        });
    const bp_status status = publish(slot, channel, lease, std::move(confirmation));
    if (status < 0 && status != BP_E_DROPPED) {
      const std::lock_guard lock(slot.mutex_);
      slot.calls_.remove(handle);
      return status;
    }
    if (out_call != nullptr) {
      *out_call = handle;
    }
    return status;
  }

  static bp_status BP_CALL retain(const bp_host* host, bp_buf* buf) {
    return buf == nullptr ? BP_E_STALE : Slot::of(host).retain(*buf);
  }

  static std::optional<Lease> take(Slot& slot, const bp_buf* buf, bp_status& status) {
    const std::lock_guard lock(slot.mutex_);
    const Lease* lease = buf == nullptr ? nullptr : slot.leases_.find(buf->lease);
    if (lease == nullptr) {
      status = BP_E_STALE;
      return std::nullopt;
    }
    if (!lease->receiver) {
      status = BP_E_INVALID;
      return std::nullopt;
    }
    status = BP_OK;
    return slot.leases_.remove(buf->lease);
  }

  static bp_status BP_CALL release(const bp_host* host, bp_buf* buf) {
    if (buf == nullptr || !Slot::of(host).give_up_lease(buf->lease)) {
      return BP_E_STALE;
    }
    *buf = bp_buf{};
    return BP_OK;
  }

  static bp_status BP_CALL ack(const bp_host* host, bp_buf* buf) {
    bp_status status = BP_OK;
    if (const auto lease = take(Slot::of(host), buf, status)) {
      // It may have gone back to the queue: its end was closed by the host, not by the plugin.
      status = lease->receiver->ack(lease->delivery) ? BP_OK : BP_E_STALE;
      *buf = bp_buf{};
    }
    return status;
  }

  static bp_status BP_CALL nack(const bp_host* host, bp_buf* buf, std::uint64_t delay_ns,
                                bp_status why, const bp_error* error) {
    bp_status status = BP_OK;
    if (const auto lease = take(Slot::of(host), buf, status)) {
      const bool handed_back = lease->receiver->nack(
          lease->delivery, delay_ns, error::Error::from_abi(why < 0 ? why : BP_E_UNKNOWN, error));
      status = handed_back ? BP_OK : BP_E_STALE;
      *buf = bp_buf{};
    }
    return status;
  }

  static bp_status BP_CALL close(const bp_host* host, bp_chan channel) {
    Slot& slot = Slot::of(host);
    std::optional<std::shared_ptr<Slot::End>> end;
    const SendGate* gate = nullptr;
    {
      const std::lock_guard lock(slot.mutex_);
      end = slot.ends_.remove(channel);
      gate = end ? slot.gates_.bar(channel) : nullptr;
    }
    if (!end) {
      return BP_E_STALE;
    }
    if (gate != nullptr) {
      GateTable<SendGate>::wait_until_empty(*gate);
    }
    if ((*end)->sender) {
      (*end)->sender->mirror_activity(nullptr);
    }
    if ((*end)->receiver) {
      (*end)->receiver->leave();
    }
    return BP_OK;
  }

  static bp_status pause_or_resume(const bp_host* host, bp_chan channel, bool pause) {
    const auto end = find(Slot::of(host), channel);
    if (!end) {
      return BP_E_STALE;
    }
    if (!end->receiver) {
      return BP_E_INVALID;
    }
    if (pause) {
      end->receiver->pause();
    } else {
      end->receiver->resume();
    }
    return BP_OK;
  }

  static bp_status BP_CALL pause(const bp_host* host, bp_chan channel) {
    return pause_or_resume(host, channel, true);
  }

  static bp_status BP_CALL resume(const bp_host* host, bp_chan channel) {
    return pause_or_resume(host, channel, false);
  }

  static bp_status BP_CALL wait_writable(const bp_host* host, bp_chan channel,
                                         std::uint64_t deadline_ns) {
    if (CallStack::any()) {
      return BP_E_STATE;  // a strand must not wait
    }
    const auto end = find(Slot::of(host), channel);
    if (!end) {
      return BP_E_STALE;
    }
    if (!end->sender) {
      return BP_E_INVALID;
    }
    const std::uint64_t now = runtime::now_ns();
    return end->sender->wait_writable(deadline_ns > now ? deadline_ns - now : 0);
  }

  static bp_status BP_CALL activity(const bp_host* host, bp_chan channel,
                                    const std::uint32_t** out_word) {
    Slot& slot = Slot::of(host);
    // Under the lock, so that close() finds the mirror or this finds the end closed.
    const std::lock_guard lock(slot.mutex_);
    const std::shared_ptr<Slot::End>* end = slot.ends_.find(channel);
    SendGate* gate = slot.gates_.at(channel & handle_index_max);
    if (end == nullptr || slot.state_ == Slot::State::stopped) {
      return BP_E_STALE;
    }
    if (!(*end)->sender || gate == nullptr || out_word == nullptr) {
      return BP_E_INVALID;
    }
    (*end)->sender->mirror_activity(&gate->activity);
    *out_word = &gate->activity;
    return BP_OK;
  }
};

error::Result<bp_chan> open_json_receiver(Slot& slot, const registry::ChannelEntry& entry,
                                          std::uint64_t token, std::uint32_t flags) {
  return ChannelTable::add_receiver(slot, entry, token, true, {.flags = flags});
}

const bp_chan_api* channel_table() noexcept {
  static constexpr bp_chan_api table{
      sizeof(bp_chan_api),    0,
      ChannelTable::open,     ChannelTable::reserve,
      ChannelTable::send,     ChannelTable::send_confirmed,
      ChannelTable::retain,   ChannelTable::release,
      ChannelTable::ack,      ChannelTable::nack,
      ChannelTable::close,    ChannelTable::pause,
      ChannelTable::resume,   ChannelTable::wait_writable,
      ChannelTable::activity, ChannelTable::publish_copies,
  };
  return &table;
}

}  // namespace host::slot
