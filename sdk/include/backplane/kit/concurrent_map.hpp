// backplane/kit/concurrent_map.hpp - a map for many threads, with read-modify-write of one entry.
//
//   bp::kit::concurrent_map<std::string, session> sessions;
//   sessions.update("7", [](std::optional<session>& s) { s ? ++s->uses : s.emplace(); });
//   if (auto copy = sessions.find("7")) { ... }
//
// Since: 1.0. Thread: any. Blocks: for the copy or move of one entry (a mutex per shard). Owns: its
// keys and values; what comes out is a copy (make large values std::shared_ptr<const T>). Errors:
// what the author's functions, copies and allocations throw; the entry is then unchanged.
//
// No function of the author runs under a lock, so it may use this same map, and it cannot
// deadlock: update() works on a copy and puts it back if the entry is unchanged since, else it
// begins anew. The function may therefore run more than once; let it compute, not act. Whenever one
// repeats, another one got on. Hash, key comparison and copies do run under a lock: they must not
// touch the map.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bp::kit {

template <typename Key, typename Value, typename Hash = std::hash<Key>,
          typename Equal = std::equal_to<Key>>
class concurrent_map {
 public:
  static constexpr std::size_t shard_count = 16;

  concurrent_map() = default;
  concurrent_map(const concurrent_map&) = delete;
  concurrent_map& operator=(const concurrent_map&) = delete;

  /// A copy of the value.
  [[nodiscard]] std::optional<Value> find(const Key& key) const {
    return read(shard_of(key), key).value;
  }

  [[nodiscard]] bool contains(const Key& key) const {
    const shard& in = shard_of(key);
    const std::lock_guard hold(in.busy);
    return in.entries.contains(key);
  }

  /// True: there was none, now there is. False: there is one already, it stays.
  bool insert(const Key& key, Value value) {
    shard& in = shard_of(key);
    const std::lock_guard hold(in.busy);
    ++in.versions;
    return in.entries.try_emplace(key, std::move(value), in.versions).second;
  }

  void insert_or_assign(const Key& key, Value value) {
    shard& in = shard_of(key);
    std::optional<Value> old;  // destroyed without the lock: its destructor may use the map
    const std::lock_guard hold(in.busy);
    put(in, key, std::move(value), old);
  }

  /// The value that was there.
  std::optional<Value> erase(const Key& key) {
    shard& in = shard_of(key);
    const std::lock_guard hold(in.busy);
    const auto found = in.entries.find(key);
    if (found == in.entries.end()) {
      return std::nullopt;
    }
    std::optional<Value> old(std::move(found->second.value));
    in.entries.erase(found);
    return old;
  }

  /// `change(std::optional<Value>&)` sees the value, or nothing, and leaves the new value, or
  /// nothing. As if at one instant. Returns what it left.
  template <typename Change>
    requires std::invocable<Change&, std::optional<Value>&>
  std::optional<Value> update(const Key& key, Change change) {
    shard& in = shard_of(key);
    for (;;) {
      seen before = read(in, key);
      change(before.value);
      std::optional<Value> left = before.value;
      std::optional<Value> old;
      const std::lock_guard hold(in.busy);
      const auto found = in.entries.find(key);
      if ((found == in.entries.end() ? 0 : found->second.version) != before.version) {
        continue;
      }
      if (before.value) {
        put(in, key, std::move(*before.value), old);
      } else if (found != in.entries.end()) {
        old.emplace(std::move(found->second.value));
        in.entries.erase(found);
      }
      return left;
    }
  }

  /// `visit(const Key&, const Value&)` for copies of all entries, a shard at a time: each as it was
  /// at some instant during the call. It may use the map.
  template <typename Visit>
  void for_each(Visit visit) const {
    std::vector<std::pair<Key, Value>> copies;
    for (const shard& each : shards_) {
      copies.clear();
      {
        const std::lock_guard hold(each.busy);
        copies.reserve(each.entries.size());
        for (const auto& [key, inside] : each.entries) {
          copies.emplace_back(key, inside.value);
        }
      }
      for (const auto& [key, value] : copies) {
        visit(key, value);
      }
    }
  }

  /// The sum over the shards, each at some instant during the call.
  [[nodiscard]] std::size_t size() const {
    std::size_t sum = 0;
    for (const shard& each : shards_) {
      const std::lock_guard hold(each.busy);
      sum += each.entries.size();
    }
    return sum;
  }

  void clear() {
    for (shard& each : shards_) {
      decltype(each.entries) gone;
      const std::lock_guard hold(each.busy);
      gone.swap(each.entries);
    }
  }

 private:
  struct entry {
    entry(Value of, std::uint64_t at) : value(std::move(of)), version(at) {}

    Value value;
    std::uint64_t version;  // never 0, never twice in a shard
  };

  struct alignas(64) shard {
    mutable std::mutex busy;
    std::unordered_map<Key, entry, Hash, Equal> entries;
    std::uint64_t versions = 0;
  };

  struct seen {
    std::optional<Value> value;
    std::uint64_t version = 0;  // 0: there is none
  };

  static void put(shard& in, const Key& key, Value value, std::optional<Value>& old) {
    const auto [place, is_new] = in.entries.try_emplace(key, std::move(value), ++in.versions);
    if (!is_new) {
      old.emplace(std::exchange(place->second.value, std::move(value)));
      place->second.version = in.versions;
    }
  }

  static seen read(const shard& in, const Key& key) {
    const std::lock_guard hold(in.busy);
    const auto found = in.entries.find(key);
    if (found == in.entries.end()) {
      return {};
    }
    return {found->second.value, found->second.version};
  }

  /// Other bits than those that choose the bucket inside.
  [[nodiscard]] std::size_t index_of(const Key& key) const {
    return (std::uint64_t{Hash()(key)} * 0x9E3779B97F4A7C15U) >> 60U;
  }

  [[nodiscard]] shard& shard_of(const Key& key) { return shards_[index_of(key)]; }

  [[nodiscard]] const shard& shard_of(const Key& key) const { return shards_[index_of(key)]; }

  static_assert(shard_count == 16, "index_of takes four bits");
  std::array<shard, shard_count> shards_;
};

}  // namespace bp::kit
