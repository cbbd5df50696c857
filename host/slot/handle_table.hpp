// host/slot/handle_table.hpp - 64-bit handles [kind 8][generation 32][index 24], checked at every
// use.
//
// Owns: the things behind the handles. Thread: guarded by its user. Errors: null for a stale or
// forged handle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace host::slot {

enum class HandleKind : std::uint8_t {
  instance = 1,
  lease,
  channel,
  service,
  call,
  operation,
  timer,
  span,
  family,
  incoming,
  room,   // a lease on a lane's room: the index is the channel handle's
  reply,  // a lease on a call gate's reply: the index is the service handle's
  lent,   // a payload lent to an event: the generation is the turn's, the index the event's
  watch   // of names
};

inline constexpr std::uint32_t handle_index_bits = 24;
inline constexpr std::size_t handle_index_max = (std::size_t{1} << handle_index_bits) - 1;

[[nodiscard]] constexpr std::uint64_t handle_of(HandleKind kind, std::uint32_t generation,
                                                std::uint32_t index) noexcept {
  return static_cast<std::uint64_t>(kind) << 56U |
         static_cast<std::uint64_t>(generation) << handle_index_bits | index;
}

template <typename Thing>
class HandleTable {
 public:
  // A generation that differs from table to table makes a handle of another instance stale here.
  HandleTable(HandleKind kind, std::uint32_t first_generation, std::size_t things_max)
      : kind_(kind),
        first_generation_(first_generation),
        things_max_(things_max < handle_index_max ? things_max : handle_index_max) {}

  // 0 when the table is full.
  [[nodiscard]] std::uint64_t add(Thing thing) {
    std::uint32_t index = 0;
    // First in, first out: a place rests as long as possible before it is used again.
    if (free_count_ > reuse_after || (free_count_ > 0 && places_.size() >= things_max_)) {
      index = free_first_;
      free_first_ = places_[index].next_free;
      --free_count_;
    } else if (places_.size() < things_max_) {
      index = static_cast<std::uint32_t>(places_.size());
      places_.push_back({first_generation_, 0, std::nullopt});
    } else {
      return 0;
    }
    places_[index].thing.emplace(std::move(thing));
    ++size_;
    return handle_of(index);
  }

  [[nodiscard]] Thing* find(std::uint64_t handle) noexcept {
    Place* place = place_of(handle);
    return place == nullptr ? nullptr : &*place->thing;
  }

  std::optional<Thing> remove(std::uint64_t handle) {
    Place* place = place_of(handle);
    if (place == nullptr) {
      return std::nullopt;
    }
    std::optional<Thing> thing = std::move(place->thing);
    place->thing.reset();
    ++place->generation;
    const auto index = static_cast<std::uint32_t>(handle & handle_index_max);
    (free_count_ == 0 ? free_first_ : places_[free_last_].next_free) = index;
    free_last_ = index;
    ++free_count_;
    --size_;
    return thing;
  }

  // Empties the table; every handle becomes stale.
  [[nodiscard]] std::vector<Thing> take_all() {
    std::vector<Thing> things;
    for (std::size_t index = 0; index < places_.size(); ++index) {
      if (places_[index].thing) {
        things.push_back(std::move(*remove(handle_of(index))));
      }
    }
    return things;
  }

  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const Place& place : places_) {
      if (place.thing) {
        visit(*place.thing);
      }
    }
  }

  [[nodiscard]] std::vector<std::uint64_t> handles() const {
    std::vector<std::uint64_t> all;
    for (std::size_t index = 0; index < places_.size(); ++index) {
      if (places_[index].thing) {
        all.push_back(handle_of(index));
      }
    }
    return all;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  static constexpr std::size_t reuse_after = 64;

  struct Place {
    std::uint32_t generation;
    std::uint32_t next_free;  // the free ones are a chain: no memory is taken in steady state
    std::optional<Thing> thing;
  };

  [[nodiscard]] std::uint64_t handle_of(std::size_t index) const noexcept {
    return slot::handle_of(kind_, places_[index].generation, static_cast<std::uint32_t>(index));
  }

  [[nodiscard]] Place* place_of(std::uint64_t handle) noexcept {
    const std::size_t index = handle & handle_index_max;
    if (index >= places_.size() || !places_[index].thing || handle_of(index) != handle) {
      return nullptr;
    }
    return &places_[index];
  }

  HandleKind kind_;
  std::uint32_t first_generation_;
  std::size_t things_max_;
  std::size_t size_ = 0;
  std::vector<Place> places_;
  std::uint32_t free_first_ = 0;
  std::uint32_t free_last_ = 0;
  std::size_t free_count_ = 0;
};

}  // namespace host::slot
