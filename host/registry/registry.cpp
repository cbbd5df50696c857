// host/registry/registry.cpp - two tables and the rules of agreement.
#include "host/registry/registry.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "host/name/glob.hpp"
#include "host/name/nearest.hpp"
#include "host/registry/agreement.hpp"

namespace host::registry {

namespace {

// Among more, a typing mistake is not searched for: who asks for nonsense must not cost much.
constexpr std::size_t hint_names_max = 1'000;

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

std::string key_of(std::string_view name, std::uint32_t major) {
  return std::string(name) + "/" + std::to_string(major);
}

Event event_of(Change change, const ChannelTable::Node& node) {
  Event event;
  event.change = change;
  event.kind = Kind::Channel;
  event.name = node.name();
  event.owner = node.entry.opened_by;
  event.type = node.entry.channel.channel->settings().type;
  event.channel_kind = node.entry.channel.channel->settings().kind;
  return event;
}

Event event_of(Change change, const ServiceTable::Node& node) {
  const service::Service::Description& description = node.entry.service->description();
  Event event;
  event.change = change;
  event.kind = Kind::Service;
  event.name = node.name();
  event.major = node.number();
  event.minor = description.minor;
  event.owner = description.owner;
  return event;
}

// The nodes of a table in the order of their names; while their reader sits.
template <typename View>
auto sorted(const View& view) {
  std::vector<std::pair<std::string_view, decltype(view.find("", 0))>> nodes;
  view.for_each([&](const auto& node) { nodes.emplace_back(node.name(), &node); });
  std::ranges::sort(nodes, [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second->number()) < std::pair(b.first, b.second->number());
  });
  return nodes;
}

template <typename View, typename TextOf>
std::vector<std::string> names_for_hint(const View& view, TextOf text_of) {
  std::vector<std::string> names;
  view.for_each([&](const auto& node) {
    if (names.size() < hint_names_max) {
      names.push_back(text_of(node));
    }
  });
  std::ranges::sort(names);
  return names;
}

}  // namespace

// What a change leaves to be done behind the lock: declared before the lock is taken.
class Registry::Aftermath {
 public:
  explicit Aftermath(Registry& registry) : registry_(registry) {}

  Aftermath(const Aftermath&) = delete;
  Aftermath& operator=(const Aftermath&) = delete;

  ~Aftermath() {
    for (const std::shared_ptr<Watcher>& watcher : watchers) {
      watcher->tell();
    }
    std::vector<Grace::Retired> unseen;
    const std::lock_guard lock(registry_.mutex_);
    unseen = registry_.grace_.collect();
  }

  std::vector<std::shared_ptr<Watcher>> watchers;  // have something to tell

 private:
  Registry& registry_;
};

Registry::Registry(std::function<void(channel::Settings&)> adjust,
                   channel::Surroundings surroundings)
    : adjust_(std::move(adjust)),
      surroundings_(watching_use(std::move(surroundings))),
      channels_(grace_, random_seed()),
      services_(grace_, random_seed()) {}

// On another turn where there is one: whoever closed an end may hold locks that watches take, and
// an end that is opened again at once finds its channel.
channel::Surroundings Registry::watching_use(channel::Surroundings surroundings) {
  surroundings.unused = [this, alive = std::weak_ptr(alive_), post = surroundings.post](
                            const std::shared_ptr<channel::Channel>& unused) {
    auto drop = [this, alive, weak = std::weak_ptr(unused)] {
      const auto registry = alive.lock();
      const auto channel = weak.lock();
      if (registry && channel) {
        drop_unused(*channel);
      }
    };
    if (post) {
      post(std::move(drop));
    } else {
      drop();
    }
  };
  return surroundings;
}

void Registry::tell(std::span<const Event> events, Aftermath& after) {
  for (const std::shared_ptr<Watcher>& watcher : watchers_) {
    watcher->add(events);
  }
  after.watchers = watchers_;
}

// ---- channels

error::Result<ChannelEntry> Registry::open_channel(const channel::Settings& wanted,
                                                   const std::string& who,
                                                   std::shared_ptr<const schema::Schema> schema) {
  if (auto good = check_settings(wanted); !good) {
    return std::unexpected(std::move(good).error());
  }
  Aftermath after(*this);
  const std::lock_guard lock(mutex_);
  const ChannelTable::Node* there = channels_.view().find(wanted.name, 0);
  if (there == nullptr) {
    return make_channel(wanted, who, std::move(schema), after);
  }
  const NamedChannel& known = there->entry;
  if (auto agreed = agree(known.channel.channel->settings(), wanted, who); !agreed) {
    return std::unexpected(std::move(agreed).error());
  }
  if (!known.channel.schema && schema) {
    if (auto table = schema->table(wanted.type)) {
      NamedChannel typed = known;
      typed.channel.schema = std::move(schema);
      typed.channel.table = *table;
      there = &channels_.replace(*there, ChannelTable::Node::make(wanted.name, 0, typed));
    }
  }
  return there->entry.channel;
}

error::Result<ChannelEntry> Registry::make_channel(const channel::Settings& wanted,
                                                   const std::string& who,
                                                   std::shared_ptr<const schema::Schema> schema,
                                                   Aftermath& after) {
  if (channels_.size() >= channels_max) {
    return error::fail(BP_E_BUSY, "the host has " + std::to_string(channels_max) +
                                      " channels, which is the limit");
  }
  NamedChannel made{{}, who};
  if (schema) {
    auto table = schema->table(wanted.type);
    if (!table) {
      return std::unexpected(
          std::move(table).error().during("opening channel '" + wanted.name + "'"));
    }
    made.channel.schema = std::move(schema);
    made.channel.table = *table;
  }
  channel::Settings settings = wanted;
  if (adjust_) {
    adjust_(settings);
  }
  made.channel.channel = std::make_shared<channel::Channel>(std::move(settings), surroundings_);
  const ChannelTable::Node& node =
      channels_.add(ChannelTable::Node::make(wanted.name, 0, std::move(made)));
  if (!watchers_.empty()) {
    const Event event = event_of(Change::Appeared, node);
    tell({&event, 1}, after);
  }
  return node.entry.channel;
}

void Registry::drop_unused(channel::Channel& channel) {
  Aftermath after(*this);
  const std::lock_guard lock(mutex_);
  const ChannelTable::Node* there = channels_.view().find(channel.settings().name, 0);
  if (there == nullptr || there->entry.channel.channel.get() != &channel) {
    return;
  }
  grace_.make_room(1);  // before it is retired: a lack of memory changes nothing
  if (!channel.retire()) {
    return;
  }
  const Event event = event_of(Change::Gone, *there);
  channels_.remove(*there);
  tell({&event, 1}, after);
}

error::Result<ChannelEntry> Registry::find_channel(std::string_view name) const {
  if (name.size() <= BP_NAME_BYTES_MAX) {
    const Grace::Visit visit(grace_);
    if (const ChannelTable::Node* found = channels_.view().find(name, 0)) {
      return found->entry.channel;
    }
  }
  if (auto good = check_name("a channel's name", name); !good) {
    return std::unexpected(std::move(good).error());
  }
  return error::fail(BP_E_NOT_FOUND,
                     "no channel '" + std::string(name) + "'" + name::hint(name, channel_names()));
}

std::vector<std::string> Registry::channel_names() const {
  const Grace::Visit visit(grace_);
  return names_for_hint(channels_.view(),
                        [](const ChannelTable::Node& node) { return std::string(node.name()); });
}

std::vector<ChannelEntry> Registry::channels() const {
  const Grace::Visit visit(grace_);
  std::vector<ChannelEntry> entries;
  for (const auto& [name, node] : sorted(channels_.view())) {
    entries.push_back(node->entry.channel);
  }
  return entries;
}

// ---- services

error::Result<void> Registry::update_service(std::string_view name, std::uint32_t major,
                                             const Decide& decide) {
  if (auto good = check_name("a service's name", name); !good) {
    return good;
  }
  Aftermath after(*this);
  const std::lock_guard lock(mutex_);
  const ServiceTable::Node* there = services_.view().find(name, major);
  auto wanted = decide(there == nullptr ? nullptr : &there->entry);
  if (!wanted) {
    return std::unexpected(std::move(wanted).error());
  }
  if (wanted->has_value()) {
    return put_in(name, major, there, std::move(**wanted), after);
  }
  if (there != nullptr) {
    take_out(*there, after);
  }
  return {};
}

void Registry::take_out(const ServiceTable::Node& there, Aftermath& after) {
  const Event event = event_of(Change::Gone, there);
  services_.remove(there);
  tell({&event, 1}, after);
}

error::Result<void> Registry::put_in(std::string_view name, std::uint32_t major,
                                     const ServiceTable::Node* there, ServiceEntry wanted,
                                     Aftermath& after) {
  const service::Service::Description& description = wanted.service->description();
  if (description.name != name || description.major != major) {
    return error::fail(BP_E_INVALID, "service '" + key_of(description.name, description.major) +
                                         "' cannot carry the name '" + key_of(name, major) + "'");
  }
  if (auto good = check_description(description); !good) {
    return good;
  }
  if (there == nullptr && services_.size() >= services_max) {
    return error::fail(BP_E_BUSY, "the host has " + std::to_string(services_max) +
                                      " services, which is the limit");
  }
  const bool news = there == nullptr || wanted.service != there->entry.service;
  std::vector<Event> events;
  if (news && there != nullptr) {
    events.push_back(event_of(Change::Gone, *there));
  }
  auto made = ServiceTable::Node::make(name, major, std::move(wanted));
  if (news) {
    events.push_back(event_of(Change::Appeared, *made));
  }
  if (there == nullptr) {
    services_.add(std::move(made));
  } else {
    services_.replace(*there, std::move(made));
  }
  tell(events, after);
  return {};
}

error::Result<void> Registry::add_service(ServiceEntry entry) {
  const service::Service::Description& description = entry.service->description();
  return update_service(
      description.name, description.major,
      [&](const ServiceEntry* there) -> error::Result<std::optional<ServiceEntry>> {
        if (there != nullptr) {
          return error::fail(BP_E_EXISTS, "service '" +
                                              key_of(description.name, description.major) +
                                              "' is provided by '" +
                                              there->service->description().owner + "' already");
        }
        return entry;
      });
}

error::Result<std::optional<ServiceEntry>> Registry::put_service(ServiceEntry entry) {
  const service::Service::Description& description = entry.service->description();
  std::optional<ServiceEntry> former;
  auto put = update_service(
      description.name, description.major,
      [&](const ServiceEntry* there) -> error::Result<std::optional<ServiceEntry>> {
        if (there == nullptr) {
          return entry;
        }
        if (const std::string& owner = there->service->description().owner;
            owner != description.owner) {
          return error::fail(BP_E_EXISTS, "service '" +
                                              key_of(description.name, description.major) +
                                              "' is provided by '" + owner + "' already");
        }
        former = *there;
        return entry;
      });
  if (!put) {
    return std::unexpected(std::move(put).error());
  }
  return former;
}

error::Result<void> Registry::replace_service(const service::Service& expected,
                                              ServiceEntry entry) {
  const service::Service::Description& description = expected.description();
  return update_service(
      description.name, description.major,
      [&](const ServiceEntry* there) -> error::Result<std::optional<ServiceEntry>> {
        if (there == nullptr || there->service.get() != &expected) {
          return error::fail(
              BP_E_CONFLICT,
              "service '" + key_of(description.name, description.major) + "' of '" +
                  description.owner + "' is not provided any more" +
                  (there == nullptr
                       ? ""
                       : "; now '" + there->service->description().owner + "' provides it"));
        }
        return entry;
      });
}

void Registry::remove_service(const service::Service& service) {
  const service::Service::Description& description = service.description();
  Aftermath after(*this);
  const std::lock_guard lock(mutex_);
  const ServiceTable::Node* there = services_.view().find(description.name, description.major);
  if (there != nullptr && there->entry.service.get() == &service) {
    take_out(*there, after);
  }
}

std::vector<ServiceEntry> Registry::withdraw(std::string_view owner) {
  std::vector<ServiceEntry> withdrawn;
  Aftermath after(*this);
  const std::lock_guard lock(mutex_);
  std::vector<Event> events;
  std::vector<const ServiceTable::Node*> leaving;
  for (const auto& [name, node] : sorted(services_.view())) {
    if (node->entry.service->description().owner == owner) {
      withdrawn.push_back(node->entry);
      events.push_back(event_of(Change::Gone, *node));
      leaving.push_back(node);
    }
  }
  services_.remove_all(leaving);
  tell(events, after);
  return withdrawn;
}

error::Result<ServiceEntry> Registry::find_service(std::string_view name, std::uint32_t major,
                                                   std::uint32_t min_minor) const {
  ServiceEntry found;
  if (name.size() <= BP_NAME_BYTES_MAX) {
    const Grace::Visit visit(grace_);
    if (const ServiceTable::Node* node = services_.view().find(name, major)) {
      found = node->entry;
    }
  }
  if (!found.service) {
    if (auto good = check_name("a service's name", name); !good) {
      return std::unexpected(std::move(good).error());
    }
    const std::string key = key_of(name, major);
    // A major is a service of its own: its provider may only not have started yet.
    if (const std::string others = other_versions(name, major); !others.empty()) {
      return error::fail(BP_E_NOT_FOUND, "no running plugin provides service '" + key + "' (" +
                                             std::to_string(major) + "." +
                                             std::to_string(min_minor) + " is wanted); '" +
                                             std::string(name) + "' has version " + others);
    }
    return error::fail(BP_E_NOT_FOUND, "no running plugin provides service '" + key + "'" +
                                           name::hint(key, service_keys()));
  }
  const service::Service::Description& there = found.service->description();
  if (there.minor < min_minor) {
    return error::fail(BP_E_UNSUPPORTED,
                       "service '" + key_of(name, major) + "' of '" + there.owner +
                           "' has version " + std::to_string(there.major) + "." +
                           std::to_string(there.minor) + ", but " + std::to_string(major) + "." +
                           std::to_string(min_minor) + " is wanted");
  }
  return found;
}

// "1.3 (of 'one') and 2.0 (of 'two')"; empty: there is no other major.
std::string Registry::other_versions(std::string_view name, std::uint32_t major) const {
  const Grace::Visit visit(grace_);
  std::string text;
  services_.view().for_each([&](const ServiceTable::Node& node) {
    if (node.name() == name && node.number() != major) {
      const service::Service::Description& there = node.entry.service->description();
      text += (text.empty() ? "" : " and ") + std::to_string(there.major) + "." +
              std::to_string(there.minor) + " (of '" + there.owner + "')";
    }
  });
  return text;
}

std::vector<std::string> Registry::service_keys() const {
  const Grace::Visit visit(grace_);
  return names_for_hint(services_.view(), [](const ServiceTable::Node& node) {
    return key_of(node.name(), node.number());
  });
}

std::vector<ServiceEntry> Registry::services() const {
  const Grace::Visit visit(grace_);
  std::vector<ServiceEntry> entries;
  for (const auto& [name, node] : sorted(services_.view())) {
    entries.push_back(node->entry);
  }
  return entries;
}

// ---- events

std::vector<Event> Registry::present(std::string_view pattern) const {
  const Grace::Visit visit(grace_);
  std::vector<Event> events;
  const auto add = [&](const auto& view) {
    for (const auto& [name, node] : sorted(view)) {
      if (name::matches(pattern, name)) {
        events.push_back(event_of(Change::Appeared, *node));
      }
    }
  };
  add(channels_.view());
  add(services_.view());
  return events;
}

error::Result<Watch> Registry::watch(std::string pattern, Told told) {
  std::shared_ptr<Watcher> watcher;
  {
    const std::lock_guard lock(mutex_);
    if (watchers_.size() >= watches_max) {
      return error::fail(BP_E_BUSY, "the registry has " + std::to_string(watches_max) +
                                        " watches, which is the limit");
    }
    std::vector<Event> existing = present(pattern);
    for (Event& event : existing) {
      event.existing = true;
    }
    watcher = std::make_shared<Watcher>(std::move(pattern), std::move(told), std::move(existing));
    watchers_.push_back(watcher);
  }
  watcher->start();
  return Watch(*this, std::move(watcher));
}

void Registry::end(Watcher& watcher) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(watchers_, [&](const auto& known) { return known.get() == &watcher; });
  }
  watcher.close();
}

}  // namespace host::registry
