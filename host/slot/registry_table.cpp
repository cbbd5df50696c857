// host/slot/registry_table.cpp - bp.registry/1: watching the names of channels and services.
#include <algorithm>
#include <cstring>
#include <utility>

#include "host/name/glob.hpp"
#include "host/registry/name.hpp"
#include "host/slot/slot.hpp"
#include "host/slot/tables.hpp"
#include "host/slot/text.hpp"

namespace host::slot {

namespace {

constexpr std::uint32_t kinds_known = BP_REGISTRY_CHANNEL | BP_REGISTRY_SERVICE;

std::uint32_t what_of(const registry::Event& event) noexcept {
  return event.kind == registry::Kind::Channel ? BP_REGISTRY_CHANNEL : BP_REGISTRY_SERVICE;
}

// Could it match a name at all?
error::Result<void> check_pattern(std::string_view pattern) {
  std::string sample(pattern);
  std::ranges::replace_if(sample, [](char c) { return c == '*' || c == '?'; }, 'x');
  if (!registry::is_name(sample)) {
    return error::fail(BP_E_INVALID, "the pattern '" + registry::printable(pattern) +
                                         "' matches no name; it is 1 to " +
                                         std::to_string(BP_NAME_BYTES_MAX) +
                                         " bytes of letters, digits, '.', '_', '-', '*' and '?'");
  }
  return {};
}

// The law's payload: a header, then the texts.
message::Message payload_of(message::Pool& pool, const registry::Event& event) {
  bp_registry_name head{};
  head.struct_size = sizeof head;
  head.what = what_of(event);
  head.kind = event.channel_kind;
  head.major = event.major;
  head.minor = event.minor;
  std::string bytes(sizeof head, '\0');
  const auto append = [&bytes](std::string_view text) {
    const bp_registry_text place{static_cast<std::uint32_t>(bytes.size()),
                                 static_cast<std::uint32_t>(text.size())};
    bytes += text;
    return place;
  };
  head.name = append(event.name);
  head.type = append(event.type);
  head.instance = append(event.owner);
  std::memcpy(bytes.data(), &head, sizeof head);
  return message::copy_of(pool, std::as_bytes(std::span(bytes.data(), bytes.size())));
}

}  // namespace

struct RegistryTable {
  static error::Result<void> check(const Slot& slot, std::uint32_t kinds,
                                   std::string_view pattern) {
    if ((kinds & ~kinds_known) != 0) {
      return error::fail(BP_E_TOO_NEW, "unknown kinds " + std::to_string(kinds));
    }
    if (kinds == 0) {
      return error::fail(BP_E_INVALID,
                         "kinds is 0; it is BP_REGISTRY_CHANNEL, BP_REGISTRY_SERVICE or both");
    }
    if (auto good = check_pattern(pattern); !good) {
      return good;
    }
    const Permissions& permissions = slot.identity_.permissions;
    const bool seen = name::is_glob(pattern) ||
                      ((kinds & BP_REGISTRY_CHANNEL) != 0 && permissions.sees_channel(pattern)) ||
                      ((kinds & BP_REGISTRY_SERVICE) != 0 && permissions.sees_service(pattern));
    return seen ? error::Result<void>()
                : permissions.allow("watch", permissions.watch, pattern, slot.identity_.id);
  }

  static error::Result<bp_watch> open(Slot& slot, std::uint32_t kinds, std::string_view pattern,
                                      std::uint64_t token) {
    registry::Registry& registry = slot.surroundings_.exchange.registry();
    const Permissions& permissions = slot.identity_.permissions;
    auto made = std::make_shared<Slot::OpenWatch>(
        token,
        [&permissions, kinds](const registry::Event& event) {
          return (kinds & what_of(event)) != 0 &&
                 (event.kind == registry::Kind::Channel ? permissions.sees_channel(event.name)
                                                        : permissions.sees_service(event.name));
        },
        [&registry, text = std::string(pattern)] { return registry.present(text); });
    bp_watch handle = 0;
    {
      const std::lock_guard lock(slot.mutex_);
      if (slot.state_ != Slot::State::active) {
        return std::unexpected(slot.not_active("watching names"));
      }
      handle = slot.watches_.add(made);
    }
    if (handle == 0) {
      return error::fail(BP_E_BUSY, "an instance has at most " +
                                        std::to_string(BP_REGISTRY_WATCHES_MAX) +
                                        " watches of names");
    }
    auto watch = registry.watch(
        std::string(pattern), [weak = slot.weak_from_this(), open = std::weak_ptr(made),
                               handle](std::span<const registry::Event> events) {
          const auto self = weak.lock();  // first: what it may see is read from it
          const auto there = open.lock();
          if (self && there && there->names.note(events)) {
            arm(*self, handle);
          }
        });
    if (!watch) {
      const std::lock_guard lock(slot.mutex_);
      slot.watches_.remove(handle);
      return std::unexpected(std::move(watch).error());
    }
    {
      const std::lock_guard lock(slot.mutex_);
      if (slot.watches_.find(handle) != nullptr) {
        made->watch = std::move(*watch);  // else it was withdrawn meanwhile, and ends here
      }
    }
    if (made->names.end_snapshot()) {
      arm(slot, handle);
    }
    return handle;
  }

  // One item stands for all that waits; it is made an event when it is admitted.
  static void arm(Slot& slot, bp_watch handle) {
    Slot::Item item;
    item.event.type = BP_EV_REGISTRY;
    item.event.handle = handle;
    slot.push(std::move(item));
  }

  static bp_status BP_CALL watch(const bp_host* host, bp_inst instance, std::uint32_t kinds,
                                 const bp_str* pattern, std::uint64_t token, bp_watch* out_watch,
                                 bp_error* error) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (pattern == nullptr || out_watch == nullptr) {
      return refuse({BP_E_INVALID, "pattern and out_watch must not be NULL"}, error);
    }
    if (auto good = check(slot, kinds, view_of(pattern)); !good) {
      return refuse(good.error(), error);
    }
    auto handle = open(slot, kinds, view_of(pattern), token);
    if (!handle) {
      return refuse(handle.error(), error);
    }
    *out_watch = *handle;
    return BP_OK;
  }

  static bp_status BP_CALL unwatch(const bp_host* host, bp_watch watch) {
    Slot& slot = Slot::of(host);
    std::optional<std::shared_ptr<Slot::OpenWatch>> gone;
    registry::Watch ended;  // waits for a callback that runs: not under the lock
    const std::lock_guard lock(slot.mutex_);
    gone = slot.watches_.remove(watch);
    if (gone) {
      ended = std::move((*gone)->watch);
    }
    return gone ? BP_OK : BP_E_STALE;
  }
};

// Under the lock. Makes the item the next event of its watch.
bool Slot::admit_names(Item& item) {
  const std::shared_ptr<OpenWatch>* open = watches_.find(item.event.handle);
  if (open == nullptr || state_ != State::active) {
    return false;
  }
  bool taken = false;
  const bool more = (*open)->names.take([&](const NameWatch::News& news) {
    if (news.what != nullptr) {
      item.payload = payload_of(surroundings_.exchange.pool(), *news.what);
      if (!item.payload.block) {
        return false;  // told with the next change, when there is memory
      }
    }
    item.event.token = (*open)->token;
    item.event.method = news.method;
    item.event.seq = news.changes;
    taken = true;
    return true;
  });
  if (more) {
    Item again;
    again.event.type = BP_EV_REGISTRY;
    again.event.handle = item.event.handle;
    items_.push_back(std::move(again));
  }
  return taken;
}

const bp_registry_api* registry_table() noexcept {
  static constexpr bp_registry_api table{sizeof(bp_registry_api), 0, RegistryTable::watch,
                                         RegistryTable::unwatch};
  return &table;
}

}  // namespace host::slot
