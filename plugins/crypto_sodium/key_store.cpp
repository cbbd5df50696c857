// plugins/crypto_sodium/key_store.cpp - copies the stored set, changes the copy, writes, publishes.
#include "key_store.hpp"

#include <algorithm>

namespace crypto_sodium {
namespace {

std::string quoted(std::string_view name) {
  return name.empty() ? "the default key" : "key '" + std::string(name) + "'";
}

bp::result<StoredVersion> fresh_version(std::uint32_t number, std::int64_t now_s) {
  auto master = Secret::random(key_bytes);
  if (!master) {
    return std::unexpected(std::move(master).error());
  }
  return StoredVersion{number, KeyState::Enabled, now_s,
                       std::make_shared<const Secret>(std::move(*master))};
}

bool is_name_sign(char sign) noexcept {
  return (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z') ||
         (sign >= '0' && sign <= '9') || sign == '.' || sign == '_' || sign == '-';
}

/// What may become what: disabled in between, so that a mistake can be taken back.
bp::result<void> check_change(const StoredRing& ring, const StoredVersion& version,
                              KeyState state) {
  const std::string what = "version " + std::to_string(version.number) + " of " + quoted(ring.name);
  if (version.state == KeyState::Destroyed) {
    return bp::fail(BP_E_STATE, what + " was destroyed; there is no way back");
  }
  if (version.number == ring.primary && state != KeyState::Enabled) {
    return bp::fail(BP_E_STATE, what + " is the primary, which seals; rotate the key first");
  }
  if (state == KeyState::Destroyed && version.state != KeyState::Disabled) {
    return bp::fail(BP_E_STATE, what +
                                    " is enabled; disable it first, and destroy it when nothing "
                                    "misses it: what it sealed is lost then");
  }
  return {};
}

}  // namespace

bp::result<void> KeyStore::check_name(std::string_view name) {
  if (name.empty() || name.size() > key_name_bytes_max ||
      !std::ranges::all_of(name, is_name_sign)) {
    return bp::fail(BP_E_INVALID, "the name of a key has 1 to " +
                                      std::to_string(key_name_bytes_max) +
                                      " letters, digits, '.', '_' and '-'");
  }
  return {};
}

bp::result<std::optional<std::uint32_t>> KeyStore::find_file() {
  BP_TRY(record_.open());
  auto under = file_.sealed_under();
  if (under) {
    BP_TRY(record_.check_found(file_.path(), under->has_value()));
  }
  return under;
}

bp::result<void> KeyStore::open(std::vector<SealingKey> keys) {
  keys_ = std::move(keys);
  const auto under = find_file();
  if (!under) {
    return std::unexpected(under.error());
  }
  auto stored = file_.read(keys_);
  if (!stored) {
    return std::unexpected(std::move(stored).error());
  }
  BP_TRY(record_.check(file_.path(), stored->generation, keys_));
  auto change = live_.prepare(*stored);
  if (!change) {
    return std::unexpected(std::move(change).error().during("reading '" + file_.path() + "'"));
  }
  if (*under && **under != sealed_under()) {
    BP_TRY(file_.write(*stored, keys_.front()));
  }
  BP_TRY(record_.note(stored->generation, sealed_under()));
  live_.commit(std::move(*change));
  stored_ = std::move(*stored);
  return {};
}

bp::result<void> KeyStore::take(StoredKeyset next) {
  ++next.generation;
  auto change = live_.prepare(next);
  if (!change) {
    return std::unexpected(std::move(change).error());
  }
  // In this order: a record of what is not on disk would refuse the next start.
  BP_TRY(file_.write(next, keys_.front()));
  BP_TRY(record_.note(next.generation, sealed_under()));
  live_.commit(std::move(*change));
  stored_ = std::move(next);
  return {};
}

bp::result<StoredRing*> KeyStore::find(StoredKeyset& in, std::string_view name) const {
  StoredRing* ring = in.find(name);
  if (ring == nullptr && name.empty()) {
    in.rings.insert(in.rings.begin(), StoredRing{});
    ring = in.rings.data();
  }
  if (ring == nullptr) {
    return bp::fail(BP_E_NOT_FOUND, "there is no " + quoted(name) + "; Describe lists them");
  }
  return ring;
}

bp::result<void> KeyStore::create(std::string_view name, Purpose purpose, std::int64_t now_s) {
  BP_TRY(check_name(name));
  StoredKeyset next = stored_;
  if (next.find(name) != nullptr) {
    return bp::fail(BP_E_EXISTS, quoted(name) + " exists already; Rotate gives it a new version");
  }
  auto version = fresh_version(1, now_s);
  if (!version) {
    return std::unexpected(std::move(version).error());
  }
  StoredRing ring{std::string(name), purpose, 1, 0, {}};
  ring.versions.push_back(std::move(*version));
  next.rings.push_back(std::move(ring));
  return take(std::move(next));
}

bp::result<void> KeyStore::rotate(std::string_view name, std::int64_t now_s) {
  StoredKeyset next = stored_;
  const auto ring = find(next, name);
  if (!ring) {
    return std::unexpected(ring.error());
  }
  auto& versions = (*ring)->versions;
  if (versions.size() >= versions_max) {
    // What was destroyed is only remembered; the oldest memory makes room.
    const auto gone = std::ranges::find(versions, KeyState::Destroyed, &StoredVersion::state);
    if (gone == versions.end()) {
      return bp::fail(BP_E_FULL, quoted(name) + " has " + std::to_string(versions_max) +
                                     " versions; rewrap what the oldest sealed, then disable and "
                                     "destroy them");
    }
    versions.erase(gone);
  }
  auto version = fresh_version((*ring)->last_number() + 1, now_s);
  if (!version) {
    return std::unexpected(std::move(version).error());
  }
  (*ring)->primary = version->number;
  versions.push_back(std::move(*version));
  return take(std::move(next));
}

bp::result<void> KeyStore::set_state(std::string_view name, std::uint32_t version, KeyState state) {
  StoredKeyset next = stored_;
  const auto ring = find(next, name);
  if (!ring) {
    return std::unexpected(ring.error());
  }
  if (version == 0) {
    return bp::fail(BP_E_STATE,
                    "version 0 is named in the configuration; change its state there "
                    "('former_keys'), or raise the minimum version above it");
  }
  StoredVersion* one = (*ring)->find(version);
  if (one == nullptr) {
    return bp::fail(BP_E_NOT_FOUND, quoted(name) + " has no version " + std::to_string(version));
  }
  if (one->state == state) {
    return {};
  }
  BP_TRY(check_change(**ring, *one, state));
  one->state = state;
  if (state == KeyState::Destroyed) {
    one->master.reset();
  }
  return take(std::move(next));
}

bp::result<void> KeyStore::set_min_version(std::string_view name, std::uint32_t number) {
  StoredKeyset next = stored_;
  const auto ring = find(next, name);
  if (!ring) {
    return std::unexpected(ring.error());
  }
  if (number > (*ring)->primary) {
    return bp::fail(BP_E_RANGE, "the minimum version " + std::to_string(number) + " is above " +
                                    std::to_string((*ring)->primary) + ", the primary of " +
                                    quoted(name));
  }
  if ((*ring)->min_version == number) {
    return {};
  }
  (*ring)->min_version = number;
  return take(std::move(next));
}

}  // namespace crypto_sodium
