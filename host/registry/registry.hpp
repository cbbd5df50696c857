// host/registry/registry.hpp - which channel and which service carries which name.
//
// Lookups take no lock (reader.hpp for those who look often); changes take turns. Watches are told
// what changed, behind the lock, by the thread that made the change.
//
// A channel goes when nobody uses it any more.
//
// Owns: the channels; shares the services with their providers. Thread: any. Errors: INVALID (a
// name that is none), CONFLICT, EXISTS, NOT_FOUND, UNSUPPORTED, BUSY.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/channel/channel.hpp"
#include "host/channel/sender.hpp"
#include "host/error/error.hpp"
#include "host/registry/entry.hpp"
#include "host/registry/grace.hpp"
#include "host/registry/reader.hpp"
#include "host/registry/watch.hpp"

namespace host::registry {

inline constexpr std::size_t channels_max = 65'536;
inline constexpr std::size_t services_max = 65'536;

class Registry {
 public:
  // `adjust` applies the manifest's overrides to a channel that is about to be made.
  Registry(std::function<void(channel::Settings&)> adjust, channel::Surroundings surroundings);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The channel of that name, made when it is new. CONFLICT names what differs from the other ends.
  [[nodiscard]] error::Result<ChannelEntry> open_channel(
      const channel::Settings& wanted, const std::string& who,
      std::shared_ptr<const schema::Schema> schema);

  // Takes it out, with an event, when nobody uses it (see channel::Channel::retire). Whoever found
  // it meanwhile gets no end of it, and asks for the channel again.
  void drop_unused(channel::Channel& channel);

  // NOT_FOUND with the nearest name.
  [[nodiscard]] error::Result<ChannelEntry> find_channel(std::string_view name) const;

  // NOT_FOUND or UNSUPPORTED (version), with what there is instead.
  [[nodiscard]] error::Result<ServiceEntry> find_service(std::string_view name, std::uint32_t major,
                                                         std::uint32_t min_minor = 0) const;

  // By name.
  [[nodiscard]] std::vector<ChannelEntry> channels() const;
  [[nodiscard]] std::vector<ServiceEntry> services() const;

  // ---- changes of services: each is one step, for readers and among writers

  // What is to carry the name afterwards, given who does (null: nobody); nothing: nobody.
  // An error changes nothing. Runs under the registry's lock: must not call the registry.
  using Decide =
      std::function<error::Result<std::optional<ServiceEntry>>(const ServiceEntry* there)>;

  [[nodiscard]] error::Result<void> update_service(std::string_view name, std::uint32_t major,
                                                   const Decide& decide);

  // EXISTS when the name is taken.
  [[nodiscard]] error::Result<void> add_service(ServiceEntry entry);

  // As add_service(), but what the same owner provides already is replaced, and answered.
  [[nodiscard]] error::Result<std::optional<ServiceEntry>> put_service(ServiceEntry entry);

  // CONFLICT unless `expected` carries the name now.
  [[nodiscard]] error::Result<void> replace_service(const service::Service& expected,
                                                    ServiceEntry entry);

  // Only if `service` still carries its name.
  void remove_service(const service::Service& service);

  // All services of an instance, in one step and one batch of events. They are answered, by name.
  std::vector<ServiceEntry> withdraw(std::string_view owner);

  // ---- events

  // Of names that match the pattern (`*` any run of characters, `?` one). What is there already is
  // told before this returns, as if it had just appeared; then every change, once. BUSY: too many.
  [[nodiscard]] error::Result<Watch> watch(std::string pattern, Told told);

  // What is there now, as watch() begins.
  [[nodiscard]] std::vector<Event> present(std::string_view pattern) const;

 private:
  friend class Reader;
  friend class Watch;
  class Aftermath;

  [[nodiscard]] error::Result<ChannelEntry> make_channel(
      const channel::Settings& wanted, const std::string& who,
      std::shared_ptr<const schema::Schema> schema, Aftermath& after);
  void take_out(const ServiceTable::Node& there, Aftermath& after);
  [[nodiscard]] error::Result<void> put_in(std::string_view name, std::uint32_t major,
                                           const ServiceTable::Node* there, ServiceEntry wanted,
                                           Aftermath& after);
  [[nodiscard]] channel::Surroundings watching_use(channel::Surroundings surroundings);
  void tell(std::span<const Event> events, Aftermath& after);
  void end(Watcher& watcher);
  [[nodiscard]] std::vector<std::string> channel_names() const;
  [[nodiscard]] std::vector<std::string> service_keys() const;
  [[nodiscard]] std::string other_versions(std::string_view name, std::uint32_t major) const;

  const std::function<void(channel::Settings&)> adjust_;
  const std::shared_ptr<Registry*> alive_ = std::make_shared<Registry*>(this);
  const channel::Surroundings surroundings_;
  mutable std::mutex mutex_;  // of writers, and of the seats of readers
  mutable Grace grace_;
  ChannelTable channels_;
  ServiceTable services_;
  std::vector<std::shared_ptr<Watcher>> watchers_;
};

}  // namespace host::registry
