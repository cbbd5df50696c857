// host/slot/name_watch.cpp - merging what happened to a name until it is told.
#include "host/slot/name_watch.hpp"

#include <unordered_set>
#include <utility>

#include "backplane/ext/registry.h"

namespace host::slot {

namespace {

std::string key_of(const registry::Event& event) {
  return event.kind == registry::Kind::Channel ? event.name
                                               : event.name + "/" + std::to_string(event.major);
}

}  // namespace

bool NameWatch::arm() {
  return open_ && !order_.empty() && !std::exchange(armed_, true);
}

bool NameWatch::note(std::span<const registry::Event> events) {
  const std::lock_guard lock(mutex_);
  for (const registry::Event& event : events) {
    if (event.change == registry::Change::Missed) {
      look_again();
    } else if (sees_(event)) {
      note_one(event);
    }
  }
  return arm();
}

void NameWatch::note_one(const registry::Event& event) {
  std::string key = key_of(event);
  const bool there = event.change == registry::Change::Appeared;
  auto found = names_.find(key);
  if (found == names_.end()) {
    if (!there) {
      return;
    }
    found = names_.emplace(key, Name{}).first;
  }
  Name& name = found->second;
  if (!there && !name.told) {
    order_.erase(name.place);  // it came and went before anybody was told
    names_.erase(found);
    return;
  }
  name.what = event;
  name.there = there;
  ++name.changes;
  if (!std::exchange(name.waits, true)) {
    name.place = order_.insert(order_.end(), std::move(key));
  }
}

// After events were missed: what differs from what was told is news.
void NameWatch::look_again() {
  std::unordered_set<std::string> seen;
  for (registry::Event& event : present_()) {
    if (!sees_(event)) {
      continue;
    }
    const auto known = names_.find(key_of(event));
    event.existing = known != names_.end() && known->second.what.existing;
    if (known == names_.end() || !known->second.there || known->second.what != event) {
      note_one(event);
    }
    seen.insert(key_of(event));
  }
  std::vector<registry::Event> gone;
  for (const auto& [key, name] : names_) {
    if (name.there && !seen.contains(key)) {
      gone.push_back(name.what);
      gone.back().change = registry::Change::Gone;
    }
  }
  for (const registry::Event& event : gone) {
    note_one(event);
  }
}

bool NameWatch::end_snapshot() {
  const std::lock_guard lock(mutex_);
  order_.emplace_back();
  open_ = true;
  return arm();
}

bool NameWatch::take(const std::function<bool(const News&)>& accept) {
  const std::lock_guard lock(mutex_);
  armed_ = false;
  if (order_.empty()) {
    return false;
  }
  if (order_.front().empty()) {
    if (!accept({BP_REGISTRY_SNAPSHOT_END, told_, nullptr})) {
      return false;
    }
    order_.pop_front();
    return arm();
  }
  const auto found = names_.find(order_.front());
  Name& name = found->second;
  std::uint32_t method = BP_REGISTRY_GONE;
  if (name.there) {
    method = name.told ? BP_REGISTRY_CHANGED : BP_REGISTRY_APPEARED;
  }
  if (!accept({method, name.changes, &name.what})) {
    return false;
  }
  order_.pop_front();
  ++told_;
  if (name.there) {
    name.told = true;
    name.waits = false;
    name.changes = 0;
  } else {
    names_.erase(found);
  }
  return arm();
}

}  // namespace host::slot
