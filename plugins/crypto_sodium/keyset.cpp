// plugins/crypto_sodium/keyset.cpp - finds keys by id and by name, and takes changes in.
#include "keyset.hpp"

#include <algorithm>
#include <string>

namespace crypto_sodium {

std::vector<const Version*> Ring::versions() const {
  const std::lock_guard hold(busy_);
  std::vector<const Version*> all;
  for (const auto& version : versions_) {
    all.push_back(version.get());
  }
  return all;
}

const Version* Ring::find(std::uint32_t number) const {
  const std::lock_guard hold(busy_);
  const auto found = std::ranges::find_if(
      versions_, [number](const auto& version) { return version->facts().number == number; });
  return found == versions_.end() ? nullptr : found->get();
}

const Key* Ring::sealing(Algorithm algorithm, Framing framing) const noexcept {
  const Version* version = framing == Framing::Raw ? configured_ : primary();
  if (version == nullptr || version->facts().number < min_version()) {
    return nullptr;
  }
  return version->find(algorithm, framing);
}

Keyset::Keyset() : inside_(std::make_unique<Inside>()) {
  owned_.push_back(std::make_unique<Ring>("", Purpose::Messages));
  inside_->rings[0].store(owned_.back().get());
}

bp::result<void> Keyset::add_primary(const Secret& master) {
  if (default_ring().configured() != nullptr) {
    return bp::fail(BP_E_STATE, "the primary key comes first, and there is only one");
  }
  return add(master, KeyState::Enabled, true);
}

bp::result<void> Keyset::add_former(const Secret& master, KeyState state) {
  return add(master, state, false);
}

bp::result<void> Keyset::add(const Secret& master, KeyState state, bool primary) {
  Ring& into = *owned_[0];
  if (into.versions_.size() >= master_keys_max) {
    return bp::fail(BP_E_FULL, "the configuration names more than " +
                                   std::to_string(master_keys_max) +
                                   " keys; rewrap what the oldest sealed, then remove it");
  }
  auto version = std::make_unique<Version>(Version::Facts{}, into, state);
  BP_TRY(version->derive(master, Purpose::Messages, true));
  BP_TRY(check_new(*version));
  publish(*version);
  raw_keys_.push_back(version->find(Algorithm::Aes256Gcm, Framing::Raw));
  if (primary) {
    into.configured_ = version.get();
    into.primary_.store(version.get());
  }
  into.versions_.push_back(std::move(version));
  return {};
}

bp::result<void> Keyset::check_new(const Version& version) const {
  for (const auto& key : version.keys()) {
    if (has(key->facts().id)) {
      return bp::fail(BP_E_EXISTS, "key " + std::to_string(key->facts().id) +
                                       " is in the keyset twice; remove one from the config");
    }
  }
  if (known_keys_ + version.keys().size() > keys_max) {
    return bp::fail(BP_E_FULL, "an instance knows at most " + std::to_string(keys_max) +
                                   " keys at a time; destroy old versions and restart it");
  }
  return {};
}

bp::result<Keyset::Change> Keyset::prepare(StoredKeyset to) const {
  Change change(std::move(to));
  for (const StoredRing& stored : change.to_.rings) {
    Ring* into = ring(stored.name);
    if (into == nullptr) {
      if (owned_.size() + change.rings_.size() >= rings_max) {
        return bp::fail(BP_E_FULL, "an instance has at most " + std::to_string(rings_max) +
                                       " named keys; use fewer, with associated data");
      }
      change.rings_.push_back(std::make_unique<Ring>(stored.name, stored.purpose));
      into = change.rings_.back().get();
    }
    for (const StoredVersion& one : stored.versions) {
      if (into->find(one.number) != nullptr) {
        continue;
      }
      auto version =
          std::make_unique<Version>(Version::Facts{one.number, one.created_s}, *into, one.state);
      if (one.master != nullptr) {
        BP_TRY(version->derive(*one.master, stored.purpose, false));
      }
      BP_TRY(check_new(*version));
      change.versions_.push_back({into, std::move(version)});
    }
  }
  return change;
}

void Keyset::commit(Change change) {
  for (auto& fresh : change.rings_) {
    owned_.push_back(std::move(fresh));
  }
  for (auto& fresh : change.versions_) {
    publish(*fresh.version);
    const std::lock_guard hold(fresh.ring->busy_);
    fresh.ring->versions_.push_back(std::move(fresh.version));
  }
  for (const StoredRing& stored : change.to_.rings) {
    const auto found =
        std::ranges::find_if(owned_, [&](const auto& one) { return one->name() == stored.name; });
    Ring& into = **found;
    for (const StoredVersion& one : stored.versions) {
      const auto* version = into.find(one.number);
      if (version->state() != one.state) {
        const_cast<Version*>(version)->set_state(one.state);  // NOLINT: the keyset owns it
      }
    }
    into.min_version_.store(stored.min_version, std::memory_order_relaxed);
    into.primary_.store(stored.primary == 0 ? into.configured_ : into.find(stored.primary),
                        std::memory_order_release);
  }
  for (std::size_t i = 0; i < owned_.size(); ++i) {
    inside_->rings.at(i).store(owned_[i].get(), std::memory_order_release);
  }
}

void Keyset::publish(const Version& version) {
  for (const auto& key : version.keys()) {
    std::size_t slot = key->facts().id % slots;
    while (inside_->by_id[slot].load(std::memory_order_relaxed) != nullptr) {
      slot = (slot + 1) % slots;
    }
    inside_->by_id[slot].store(key.get(), std::memory_order_release);
    ++known_keys_;
  }
}

Ring* Keyset::ring(std::string_view name) const noexcept {
  for (const auto& place : inside_->rings) {
    Ring* one = place.load(std::memory_order_acquire);
    if (one == nullptr || one->name() == name) {
      return one;
    }
  }
  return nullptr;
}

const Ring* Keyset::find(std::string_view name) const noexcept {
  return name.empty() ? &default_ring() : ring(name);
}

std::vector<const Ring*> Keyset::rings() const {
  std::vector<const Ring*> all;
  for (const auto& place : inside_->rings) {
    const Ring* one = place.load(std::memory_order_acquire);
    if (one != nullptr) {
      all.push_back(one);
    }
  }
  return all;
}

const Key* Keyset::any(std::uint32_t id) const noexcept {
  for (std::size_t slot = id % slots;; slot = (slot + 1) % slots) {
    const Key* key = inside_->by_id[slot].load(std::memory_order_acquire);
    if (key == nullptr || key->facts().id == id) {
      return key;
    }
  }
}

const Key* Keyset::opening(std::uint32_t id, Framing framing) const noexcept {
  const Key* key = any(id);
  return key != nullptr && key->facts().framing == framing && is_cipher(key->facts().algorithm) &&
                 key->opens()
             ? key
             : nullptr;
}

std::vector<const Key*> Keyset::keys() const {
  std::vector<const Key*> all;
  for (const Ring* one : rings()) {
    for (const Version* version : one->versions()) {
      for (const auto& key : version->keys()) {
        all.push_back(key.get());
      }
    }
  }
  return all;
}

}  // namespace crypto_sodium
