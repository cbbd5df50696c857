// host/slot/channel_table.cpp - bp.chan/1: open, reserve, send, receive, acknowledge.
#include <algorithm>
#include <cstring>
#include <utility>

#include "host/slot/call_stack.hpp"
#include "host/slot/slot.hpp"
#include "host/slot/tables.hpp"
#include "host/slot/text.hpp"

namespace host::slot {

namespace {

bool is_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= BP_NAME_BYTES_MAX && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::unexpected<error::Error> invalid(std::string text) {
  return error::fail(BP_E_INVALID, std::move(text));
}

error::Result<channel::Settings> settings_of(const bp_chan_desc& desc) {
  if (desc.struct_size < sizeof(bp_chan_desc)) {
    return invalid("bp_chan_desc.struct_size is " + std::to_string(desc.struct_size) +
                   ", below version 1.0's " + std::to_string(sizeof(bp_chan_desc)));
  }
  if (!tail_is_zero(&desc, desc.struct_size, sizeof(bp_chan_desc))) {
    return error::fail(BP_E_TOO_NEW, "bp_chan_desc has fields that this host does not know");
  }
  const std::string_view name = view_of(desc.name);
  if (!is_name(name)) {
    return invalid("a channel's name is 1 to " + std::to_string(BP_NAME_BYTES_MAX) +
                   " bytes of letters, digits, '.', '_' and '-'");
  }
  const std::string where = "channel '" + std::string(name) + "': ";
  if (desc.kind != BP_KIND_QUEUE && desc.kind != BP_KIND_BROADCAST) {
    return invalid(where + "kind " + std::to_string(desc.kind) +
                   " is neither queue (1) nor broadcast (2)");
  }
  if (desc.direction != BP_DIR_SEND && desc.direction != BP_DIR_RECEIVE) {
    return invalid(where + "direction " + std::to_string(desc.direction) +
                   " is neither send (1) nor receive (2)");
  }
  if ((desc.flags & ~std::uint32_t{BP_CHAN_GATING | BP_CHAN_CONFIRMING}) != 0) {
    return error::fail(BP_E_TOO_NEW, where + "unknown flags " + std::to_string(desc.flags));
  }
  if (desc.on_full > BP_FULL_DROP_OLDEST) {
    return invalid(where + "unknown policy on_full " + std::to_string(desc.on_full));
  }
  if (desc.capacity > BP_CHAN_CAPACITY_MAX || desc.concurrency > BP_CHAN_CONCURRENCY_MAX ||
      desc.message_bytes_max > BP_MESSAGE_BYTES_MAX) {
    return error::fail(BP_E_RANGE,
                       where + "capacity is at most " + std::to_string(BP_CHAN_CAPACITY_MAX) +
                           ", concurrency " + std::to_string(BP_CHAN_CONCURRENCY_MAX) +
                           ", message_bytes_max " + std::to_string(BP_MESSAGE_BYTES_MAX));
  }
  channel::Settings settings;
  settings.name = name;
  settings.kind = desc.kind;
  settings.type =
      desc.type.len == 0 ? "bytes" : std::string(view_of(desc.type).substr(0, BP_NAME_BYTES_MAX));
  settings.schema = desc.schema;
  settings.capacity = desc.capacity == 0 ? BP_CHAN_CAPACITY_DEFAULT : desc.capacity;
  settings.message_bytes_max =
      desc.message_bytes_max == 0 ? BP_MESSAGE_BYTES_MAX : desc.message_bytes_max;
  settings.on_full = desc.on_full == 0 ? std::uint32_t{BP_FULL_BLOCK} : desc.on_full;
  return settings;
}

}  // namespace

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
    auto entry = slot.surroundings_.exchange.registry().open_channel(*settings, slot.identity_.id,
                                                                     std::move(schema));
    if (!entry) {
      return std::unexpected(std::move(entry).error());
    }
    return sending ? add_sender(slot, *entry, token)
                   : add_receiver(slot, *entry, token, desc.flags, desc.concurrency, false);
  }

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
    const std::lock_guard lock(slot.mutex_);
    if (std::shared_ptr<Slot::End>* made = slot.ends_.find(*handle)) {
      (*made)->sender = std::move(sender);
    }
    return handle;
  }

  static error::Result<bp_chan> add_receiver(Slot& slot, const registry::ChannelEntry& entry,
                                             std::uint64_t token, std::uint32_t flags,
                                             std::uint32_t concurrency, bool json) {
    Slot::End end;
    end.token = token;
    end.entry = entry;
    end.json = json;
    auto handle = slot.add_end(std::move(end));
    if (!handle) {
      return handle;
    }
    channel::Channel::ReceiverOptions options;
    options.owner = slot.identity_.id;
    options.flags = flags;
    options.concurrency = concurrency;
    options.ready = [weak = slot.weak_from_this(), handle = *handle] {
      if (const auto self = weak.lock()) {
        self->end_ready(handle);
      }
    };
    auto receiver = entry.channel->open_receiver(std::move(options));
    const std::lock_guard lock(slot.mutex_);
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

  static bp_status BP_CALL reserve(const bp_host* host, bp_chan channel, std::uint64_t size,
                                   bp_buf* out_lease) {
    Slot& slot = Slot::of(host);
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
  static bp_status publish(Slot& slot, bp_chan channel, bp_buf* buf,
                           std::shared_ptr<channel::Confirmation> confirmation) {
    const auto end = find(slot, channel);
    if (!end) {
      return BP_E_STALE;
    }
    if (!end->sender || buf == nullptr) {
      return BP_E_INVALID;
    }
    channel::Envelope envelope;
    {
      const std::lock_guard lock(slot.mutex_);
      if (const bp_status status = slot.leases_.part(*buf, envelope.message); status < 0) {
        return status;
      }
    }
    envelope.confirmation = std::move(confirmation);
    const bp_status status = end->sender->send(std::move(envelope));
    if (status < 0 && status != BP_E_DROPPED) {
      return status;
    }
    std::optional<Lease> lease;
    {
      const std::lock_guard lock(slot.mutex_);
      lease = slot.leases_.remove(buf->lease);
    }
    if (lease && lease->receiver) {
      lease->receiver->ack(lease->delivery);  // forwarded: done with here
    }
    *buf = bp_buf{};
    return status;
  }

  static bp_status BP_CALL send(const bp_host* host, bp_chan channel, bp_buf* lease) {
    return publish(Slot::of(host), channel, lease, nullptr);
  }

  static bp_status BP_CALL send_confirmed(const bp_host* host, bp_chan channel, bp_buf* lease,
                                          std::uint64_t token, bp_call* out_call) {
    Slot& slot = Slot::of(host);
    const auto registered = slot.register_call("a confirmed send", token);
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
    Slot& slot = Slot::of(host);
    const std::lock_guard lock(slot.mutex_);
    Lease* lease = buf == nullptr ? nullptr : slot.leases_.find(buf->lease);
    if (lease == nullptr) {
      return BP_E_STALE;
    }
    lease->lent = false;
    return BP_OK;
  }

  static std::optional<Lease> take(Slot& slot, const bp_buf* buf, bool message, bp_status& status) {
    const std::lock_guard lock(slot.mutex_);
    const Lease* lease = buf == nullptr ? nullptr : slot.leases_.find(buf->lease);
    if (lease == nullptr || lease->lent) {
      status = BP_E_STALE;
      return std::nullopt;
    }
    if (message && !lease->receiver) {
      status = BP_E_INVALID;
      return std::nullopt;
    }
    status = BP_OK;
    return slot.leases_.remove(buf->lease);
  }

  static bp_status BP_CALL release(const bp_host* host, bp_buf* buf) {
    bp_status status = BP_OK;
    if (const auto lease = take(Slot::of(host), buf, false, status)) {
      if (lease->receiver) {
        lease->receiver->ack(lease->delivery);
      }
      *buf = bp_buf{};
    }
    return status;
  }

  static bp_status BP_CALL ack(const bp_host* host, bp_buf* buf) {
    bp_status status = BP_OK;
    if (const auto lease = take(Slot::of(host), buf, true, status)) {
      lease->receiver->ack(lease->delivery);
      *buf = bp_buf{};
    }
    return status;
  }

  static bp_status BP_CALL nack(const bp_host* host, bp_buf* buf, std::uint64_t delay_ns,
                                bp_status why, const bp_error* error) {
    bp_status status = BP_OK;
    if (const auto lease = take(Slot::of(host), buf, true, status)) {
      lease->receiver->nack(lease->delivery, delay_ns,
                            error::Error::from_abi(why < 0 ? why : BP_E_UNKNOWN, error));
      *buf = bp_buf{};
    }
    return status;
  }

  static bp_status BP_CALL close(const bp_host* host, bp_chan channel) {
    Slot& slot = Slot::of(host);
    std::optional<std::shared_ptr<Slot::End>> end;
    {
      const std::lock_guard lock(slot.mutex_);
      end = slot.ends_.remove(channel);
    }
    if (!end) {
      return BP_E_STALE;
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
    const auto end = find(Slot::of(host), channel);
    if (!end) {
      return BP_E_STALE;
    }
    if (!end->sender || out_word == nullptr) {
      return BP_E_INVALID;
    }
    *out_word = end->entry.channel->activity_word();  // channels live as long as the registry
    return BP_OK;
  }
};

error::Result<bp_chan> open_json_receiver(Slot& slot, const registry::ChannelEntry& entry,
                                          std::uint64_t token, std::uint32_t flags) {
  return ChannelTable::add_receiver(slot, entry, token, flags, 0, true);
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
      ChannelTable::activity,
  };
  return &table;
}

}  // namespace host::slot
