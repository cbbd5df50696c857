// plugins/transport_ws/rest/directory.cpp - who may route what, and where to.
#include "rest/directory.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace transport_ws::rest {

namespace {

// Would requests that `other` answers go to `wanted` instead?
bool takes_from(const Endpoint& wanted, const Endpoint& other) {
  return wanted.verb == other.verb && (wanted.pattern.shape() == other.pattern.shape() ||
                                       (wanted.pattern.parameters().empty() &&
                                        other.pattern.match(wanted.pattern.text()).has_value()));
}

bool is(const Endpoint& endpoint, const std::string& verb, const Pattern& pattern) {
  return endpoint.verb == verb && endpoint.pattern.shape() == pattern.shape();
}

std::string name_of(const std::string& owner) {
  return owner.empty() ? std::string("the operator") : "instance '" + owner + "'";
}

}  // namespace

Directory::Directory(const Table& configured, std::string health_path, std::string self,
                     DirectorySettings settings)
    : configured_(configured.endpoints()),
      health_path_(std::move(health_path)),
      self_(std::move(self)),
      settings_(std::move(settings)) {}

bp::result<void> Directory::check_place(const Endpoint& wanted, const std::string& owner) const {
  if (owner == self_) {
    return bp::fail(BP_E_PERMISSION,
                    "a client of this transport cannot route; a plugin does, or the operator");
  }
  if (!settings_.allowed.allows(wanted.pattern.text())) {
    return bp::fail(BP_E_PERMISSION,
                    fmt::format("'{}' is not allowed by 'http_paths'; fix: add it, or \"/.../*\" "
                                "above it, to the configuration of this transport",
                                wanted.pattern.text()));
  }
  return check_free(wanted, owner);
}

bp::result<void> Directory::check(const Endpoint& wanted, const std::string& owner) const {
  BP_TRY(check_place(wanted, owner));
  const auto provider = providers_.find(wanted.service);
  if (!owner.empty() && provider != providers_.end() && provider->second != owner) {
    return bp::fail(BP_E_PERMISSION,
                    fmt::format("'{}' is provided by instance '{}'; an instance routes to services "
                                "of its own only",
                                wanted.service, provider->second));
  }
  return {};
}

bp::result<void> Directory::check_free(const Endpoint& wanted, const std::string& owner) const {
  const auto taken = [&](const Pattern& by, const std::string& whose) {
    return bp::fail(BP_E_EXISTS, fmt::format("{} {} is served by '{}' of {} already", wanted.verb,
                                             wanted.pattern.text(), by.text(), whose));
  };
  if (!health_path_.empty() && wanted.pattern.match(health_path_)) {
    return bp::fail(BP_E_EXISTS, fmt::format("'{}' covers '{}', the path of 'healthz'",
                                             wanted.pattern.text(), health_path_));
  }
  for (const SharedEndpoint& each : configured_) {
    if (takes_from(wanted, *each)) {
      return taken(each->pattern, "the configuration");
    }
  }
  for (const Made& each : made_) {
    if (each.owner != owner && takes_from(wanted, *each.endpoint)) {
      return taken(each.endpoint->pattern, name_of(each.owner));
    }
  }
  return {};
}

bp::result<bool> Directory::add(Endpoint endpoint, const std::string& owner) {
  BP_TRY(check(endpoint, owner));
  const auto twin = std::ranges::find_if(
      made_, [&](const Made& each) { return is(*each.endpoint, endpoint.verb, endpoint.pattern); });
  const bool replaces = twin != made_.end();
  if (!replaces && made_.size() >= settings_.routes_max) {
    return bp::fail(BP_E_BUSY, fmt::format("plugins made {} routes already ('limits.http_routes')",
                                           settings_.routes_max));
  }
  auto served = std::make_shared<std::atomic<bool>>(is_served(endpoint.service, owner));
  endpoint.served = served;
  Made made{std::make_shared<const Endpoint>(std::move(endpoint)), owner, std::move(served)};
  if (replaces) {
    *twin = std::move(made);
  } else {
    made_.push_back(std::move(made));
  }
  return replaces;
}

bp::result<void> Directory::remove(const std::string& verb, const Pattern& pattern,
                                   const std::string& caller) {
  if (std::ranges::any_of(configured_,
                          [&](const auto& each) { return is(*each, verb, pattern); })) {
    return bp::fail(BP_E_PERMISSION,
                    fmt::format("{} {} belongs to the configuration; fix: remove it there", verb,
                                pattern.text()));
  }
  const auto found = std::ranges::find_if(
      made_, [&](const Made& each) { return is(*each.endpoint, verb, pattern); });
  if (found == made_.end()) {
    return bp::fail(BP_E_NOT_FOUND, fmt::format("no route {} {}; List tells which there are", verb,
                                                pattern.text()));
  }
  if (!caller.empty() && found->owner != caller) {
    return bp::fail(BP_E_PERMISSION, fmt::format("{} {} belongs to {}", verb, pattern.text(),
                                                 name_of(found->owner)));
  }
  made_.erase(found);
  return {};
}

bool Directory::is_served(const std::string& service, const std::string& owner) const {
  const auto provider = providers_.find(service);
  return provider != providers_.end() && (owner.empty() || provider->second == owner);
}

void Directory::set_provider(const std::string& service, const std::string& instance) {
  if (instance.empty()) {
    providers_.erase(service);
  } else {
    providers_[service] = instance;
  }
  for (const Made& each : made_) {
    if (each.endpoint->service == service) {
      each.served->store(is_served(service, each.owner), std::memory_order_relaxed);
    }
  }
}

Table Directory::table() const {
  std::vector<SharedEndpoint> all = configured_;
  for (const Made& each : made_) {
    all.push_back(each.endpoint);
  }
  return Table::of(std::move(all));
}

std::vector<Directory::Route> Directory::list() const {
  std::vector<Route> all;
  for (const SharedEndpoint& each : configured_) {
    all.push_back({each, {}, true});
  }
  for (const Made& each : made_) {
    all.push_back({each.endpoint, each.owner, false});
  }
  return all;
}

}  // namespace transport_ws::rest
