// backplane/testing/fake_registry.hpp - bp.registry/1 of the fake host: names, and who watches
// them.
//
// Since: 1.0. Thread: its user's. Tells every change by itself: coalescing, permissions and
// deliveries are not its business.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "backplane/backplane.h"

namespace bp::testing {

/// A channel or service that watches of bp.registry/1 are told of.
struct known_name {
  std::uint32_t what = BP_REGISTRY_CHANNEL;
  std::string name;
  std::string instance = "other";
  std::string type = {};   ///< of a channel
  std::uint32_t kind = 0;  ///< of a channel: BP_KIND_*
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
};

class fake_registry {
 public:
  /// A BP_EV_REGISTRY event without its time.
  struct news {
    bp_event event;
    std::string content;
  };

  void watch(bp_watch handle, std::uint32_t kinds, std::string pattern, std::uint64_t token,
             std::vector<news>& out) {
    const open_watch& made =
        watches_.emplace(handle, open_watch{kinds, std::move(pattern), token}).first->second;
    std::uint64_t told = 0;
    for (const auto& [key, name] : names_) {
      if (made.wants(name)) {
        out.push_back({event_of(handle, made, BP_REGISTRY_APPEARED), payload_of(name)});
        ++told;
      }
    }
    out.push_back({event_of(handle, made, BP_REGISTRY_SNAPSHOT_END), {}});
    out.back().event.seq = told;
  }

  bool unwatch(bp_watch handle) { return watches_.erase(handle) != 0; }

  [[nodiscard]] bool watches(bp_watch handle) const { return watches_.contains(handle); }

  [[nodiscard]] std::size_t open() const noexcept { return watches_.size(); }

  /// It appears, or stands for another thing now.
  void announce(known_name name, std::vector<news>& out) {
    const auto [place, fresh] = names_.insert_or_assign(key_of(name), name);
    tell(fresh ? BP_REGISTRY_APPEARED : BP_REGISTRY_CHANGED, place->second, out);
  }

  void withdraw(std::uint32_t what, std::string_view name, std::uint32_t major,
                std::vector<news>& out) {
    const auto found = names_.find({what, std::string(name), major});
    if (found != names_.end()) {
      tell(BP_REGISTRY_GONE, found->second, out);
      names_.erase(found);
    }
  }

  /// `*` any run of characters, `?` one.
  [[nodiscard]] static bool matches(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) {
      return text.empty();
    }
    if (pattern.front() == '*') {
      return matches(pattern.substr(1), text) ||
             (!text.empty() && matches(pattern, text.substr(1)));
    }
    return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
           matches(pattern.substr(1), text.substr(1));
  }

 private:
  using name_key = std::tuple<std::uint32_t, std::string, std::uint32_t>;

  struct open_watch {
    std::uint32_t kinds;
    std::string pattern;
    std::uint64_t token;

    [[nodiscard]] bool wants(const known_name& name) const {
      return (kinds & name.what) != 0 && matches(pattern, name.name);
    }
  };

  [[nodiscard]] static name_key key_of(const known_name& name) {
    return {name.what, name.name, name.major};
  }

  void tell(std::uint32_t method, const known_name& name, std::vector<news>& out) const {
    for (const auto& [handle, watch] : watches_) {
      if (watch.wants(name)) {
        out.push_back({event_of(handle, watch, method), payload_of(name)});
      }
    }
  }

  [[nodiscard]] static bp_event event_of(bp_watch handle, const open_watch& watch,
                                         std::uint32_t method) {
    bp_event event{};
    event.type = BP_EV_REGISTRY;
    event.handle = handle;
    event.token = watch.token;
    event.method = method;
    event.seq = 1;
    return event;
  }

  [[nodiscard]] static std::string payload_of(const known_name& name) {
    bp_registry_name head{};
    head.struct_size = sizeof(head);
    head.what = name.what;
    head.kind = name.kind;
    head.major = name.major;
    head.minor = name.minor;
    std::string bytes(sizeof(head), '\0');
    const auto append = [&bytes](const std::string& text) {
      const bp_registry_text place{static_cast<std::uint32_t>(bytes.size()),
                                   static_cast<std::uint32_t>(text.size())};
      bytes += text;
      return place;
    };
    head.name = append(name.name);
    head.type = append(name.type);
    head.instance = append(name.instance);
    std::memcpy(bytes.data(), &head, sizeof(head));
    return bytes;
  }

  std::map<name_key, known_name> names_;
  std::map<bp_watch, open_watch> watches_;
};

}  // namespace bp::testing
