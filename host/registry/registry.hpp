// host/registry/registry.hpp - which channel and which service carries which name.
//
// Owns: the channels; shares the services with their providers. Thread: any. Errors: CONFLICT,
// EXISTS, NOT_FOUND.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/channel/channel.hpp"
#include "host/error/error.hpp"
#include "host/schema/schema.hpp"
#include "host/service/service.hpp"

namespace host::registry {

inline constexpr std::size_t channels_max = 65'536;
inline constexpr std::size_t services_max = 65'536;

struct ChannelEntry {
  std::shared_ptr<channel::Channel> channel;
  std::shared_ptr<const schema::Schema> schema;  // of a typed channel
  const schema::Table* table = nullptr;
};

struct ServiceEntry {
  std::shared_ptr<service::Service> service;
  std::shared_ptr<const schema::Schema> schema;  // null: bytes only
};

class Registry {
 public:
  // `adjust` applies the manifest's overrides to a channel that is about to be made.
  Registry(std::function<void(channel::Settings&)> adjust, channel::Surroundings surroundings)
      : adjust_(std::move(adjust)), surroundings_(std::move(surroundings)) {}

  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The channel of that name, made when it is new. CONFLICT names what differs from the other ends.
  [[nodiscard]] error::Result<ChannelEntry> open_channel(
      const channel::Settings& wanted, const std::string& who,
      std::shared_ptr<const schema::Schema> schema);

  // NOT_FOUND with the nearest name.
  [[nodiscard]] error::Result<ChannelEntry> find_channel(std::string_view name) const;

  [[nodiscard]] error::Result<void> add_service(ServiceEntry entry);

  // Only if `service` still carries its name.
  void remove_service(const service::Service& service);

  // NOT_FOUND or UNSUPPORTED (version), with what there is instead.
  [[nodiscard]] error::Result<ServiceEntry> find_service(std::string_view name, std::uint32_t major,
                                                         std::uint32_t min_minor = 0) const;

  [[nodiscard]] std::vector<ChannelEntry> channels() const;
  [[nodiscard]] std::vector<ServiceEntry> services() const;

 private:
  [[nodiscard]] std::vector<std::string> channel_names() const;

  std::function<void(channel::Settings&)> adjust_;
  channel::Surroundings surroundings_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, ChannelEntry, std::less<>> channels_;
  std::map<std::string, ServiceEntry, std::less<>> services_;  // by "name/major"
};

}  // namespace host::registry
