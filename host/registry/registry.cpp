// host/registry/registry.cpp - two maps and the rules of agreement.
#include "host/registry/registry.hpp"

#include "host/name/nearest.hpp"

namespace host::registry {

namespace {

std::string_view kind_name(std::uint32_t kind) noexcept {
  return kind == BP_KIND_QUEUE ? "queue" : "broadcast";
}

error::Result<void> agree(const channel::Settings& there, const channel::Settings& wanted,
                          const std::string& who) {
  const auto differs = [&](std::string_view what, std::string_view a, std::string_view b) {
    return error::fail(BP_E_CONFLICT, "channel '" + there.name + "' is of " + std::string(what) +
                                          " '" + std::string(a) + "', but '" + who + "' wants '" +
                                          std::string(b) + "'");
  };
  if (there.kind != wanted.kind) {
    return differs("kind", kind_name(there.kind), kind_name(wanted.kind));
  }
  if (there.type != wanted.type) {
    return differs("type", there.type, wanted.type);
  }
  if (there.schema != 0 && wanted.schema != 0 && there.schema != wanted.schema) {
    return differs("schema", std::to_string(there.schema), std::to_string(wanted.schema));
  }
  return {};
}

}  // namespace

error::Result<ChannelEntry> Registry::open_channel(const channel::Settings& wanted,
                                                   const std::string& who,
                                                   std::shared_ptr<const schema::Schema> schema) {
  const std::unique_lock lock(mutex_);
  const auto found = channels_.find(wanted.name);
  if (found != channels_.end()) {
    if (auto agreed = agree(found->second.channel->settings(), wanted, who); !agreed) {
      return std::unexpected(std::move(agreed).error());
    }
    if (!found->second.schema && schema) {
      auto table = schema->table(wanted.type);
      if (table) {
        found->second.schema = std::move(schema);
        found->second.table = *table;
      }
    }
    return found->second;
  }
  if (channels_.size() >= channels_max) {
    return error::fail(BP_E_BUSY, "the host has " + std::to_string(channels_max) +
                                      " channels, which is the limit");
  }
  ChannelEntry entry;
  if (schema) {
    auto table = schema->table(wanted.type);
    if (!table) {
      return std::unexpected(
          std::move(table).error().during("opening channel '" + wanted.name + "'"));
    }
    entry.schema = std::move(schema);
    entry.table = *table;
  }
  channel::Settings settings = wanted;
  if (adjust_) {
    adjust_(settings);
  }
  entry.channel = std::make_shared<channel::Channel>(std::move(settings), surroundings_);
  channels_.emplace(wanted.name, entry);
  return entry;
}

std::vector<std::string> Registry::channel_names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : channels_) {
    names.push_back(name);
  }
  return names;
}

error::Result<ChannelEntry> Registry::find_channel(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = channels_.find(name);
  if (found == channels_.end()) {
    return error::fail(BP_E_NOT_FOUND, "no channel '" +
                                           std::string(name.substr(0, BP_NAME_BYTES_MAX)) + "'" +
                                           name::hint(name, channel_names()));
  }
  return found->second;
}

error::Result<void> Registry::add_service(ServiceEntry entry) {
  const service::Service::Description& description = entry.service->description();
  const std::string key = description.name + "/" + std::to_string(description.major);
  const std::unique_lock lock(mutex_);
  if (const auto found = services_.find(key); found != services_.end()) {
    return error::fail(BP_E_EXISTS, "service '" + key + "' is provided by '" +
                                        found->second.service->description().owner + "' already");
  }
  if (services_.size() >= services_max) {
    return error::fail(BP_E_BUSY, "the host has " + std::to_string(services_max) +
                                      " services, which is the limit");
  }
  services_.emplace(key, std::move(entry));
  return {};
}

void Registry::remove_service(const service::Service& service) {
  const std::unique_lock lock(mutex_);
  const auto found = services_.find(service.description().name + "/" +
                                    std::to_string(service.description().major));
  if (found != services_.end() && found->second.service.get() == &service) {
    services_.erase(found);
  }
}

error::Result<ServiceEntry> Registry::find_service(std::string_view name, std::uint32_t major,
                                                   std::uint32_t min_minor) const {
  const std::string key =
      std::string(name.substr(0, BP_NAME_BYTES_MAX)) + "/" + std::to_string(major);
  const std::shared_lock lock(mutex_);
  const auto found = services_.find(key);
  if (found == services_.end()) {
    std::vector<std::string> keys;
    for (const auto& [other, entry] : services_) {
      keys.push_back(other);
    }
    return error::fail(BP_E_NOT_FOUND,
                       "no running plugin provides service '" + key + "'" + name::hint(key, keys));
  }
  const service::Service::Description& there = found->second.service->description();
  if (there.minor < min_minor) {
    return error::fail(BP_E_UNSUPPORTED, "service '" + key + "' of '" + there.owner +
                                             "' has version " + std::to_string(there.major) + "." +
                                             std::to_string(there.minor) + ", but " +
                                             std::to_string(major) + "." +
                                             std::to_string(min_minor) + " is wanted");
  }
  return found->second;
}

std::vector<ChannelEntry> Registry::channels() const {
  const std::shared_lock lock(mutex_);
  std::vector<ChannelEntry> entries;
  for (const auto& [name, entry] : channels_) {
    entries.push_back(entry);
  }
  return entries;
}

std::vector<ServiceEntry> Registry::services() const {
  const std::shared_lock lock(mutex_);
  std::vector<ServiceEntry> entries;
  for (const auto& [key, entry] : services_) {
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace host::registry
