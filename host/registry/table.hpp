// host/registry/table.hpp - names with what they stand for, read by many while one writes.
//
// Open addressing over an array that readers take as it is. One addition, replacement or removal
// is one store into a slot, so that the ten thousandth name costs what the first one did; what
// must happen to several names in one step replaces the array as a whole.
//
// Owns: the entries. Thread: View any, while its reader sits (grace.hpp); the rest under the
// writers' lock. Errors: none; a lack of memory is thrown before anything changed.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "host/registry/grace.hpp"
#include "host/registry/name.hpp"

namespace host::registry {

template <typename Entry>
class Table {
 public:
  static constexpr std::align_val_t cache_line{64};

  // Key and entry in one piece of memory, from the beginning of a cache line: finding a name
  // touches no other.
  class Node {
    const std::uint32_t number_;
    const std::uint32_t size_;  // of the name, which follows the node

   public:
    const Entry entry;

    struct Free {
      void operator()(Node* node) const noexcept {
        node->~Node();
        ::operator delete(node, cache_line);
      }
    };

    using Pointer = std::unique_ptr<Node, Free>;

    [[nodiscard]] static Pointer make(std::string_view name, std::uint32_t number, Entry entry) {
      void* place = ::operator new(sizeof(Node) + name.size(), cache_line);
      return Pointer(new (place) Node(name, number, std::move(entry)));
    }

    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    [[nodiscard]] std::string_view name() const noexcept { return {bytes(), size_}; }

    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

    [[nodiscard]] bool is(std::string_view name, std::uint32_t number) const noexcept {
      return size_ == name.size() && number_ == number &&
             same_bytes(bytes(), name.data(), name.size());
    }

   private:
    Node(std::string_view name, std::uint32_t number, Entry&& moved) noexcept
        : number_(number), size_(static_cast<std::uint32_t>(name.size())), entry(std::move(moved)) {
      std::memcpy(static_cast<void*>(this + 1), name.data(), name.size());
    }

    ~Node() = default;

    [[nodiscard]] const char* bytes() const noexcept {
      return reinterpret_cast<const char*>(this + 1);
    }
  };

  using Made = typename Node::Pointer;

 private:
  struct Slot {
    std::atomic<std::uint64_t> hash{0};
    std::atomic<const Node*> node{nullptr};
  };

  struct Array {
    explicit Array(std::size_t capacity)
        : mask(capacity - 1), slots(std::make_unique<Slot[]>(capacity)) {}

    const std::size_t mask;
    const std::unique_ptr<Slot[]> slots;
  };

 public:
  // The table as it is while its reader sits.
  class View {
   public:
    [[nodiscard]] const Node* find(std::string_view name, std::uint32_t number) const noexcept {
      const std::uint64_t hash = hash_of(name, seed_ ^ number);
      for (std::size_t i = hash & array_->mask;; i = (i + 1) & array_->mask) {
        const Slot& slot = array_->slots[i];
        const Node* node = slot.node.load(std::memory_order_acquire);
        if (node == nullptr) {
          return nullptr;
        }
        // A slot whose name went is used again: the hash may be the next one's, the node decides.
        if (slot.hash.load(std::memory_order_relaxed) == hash && node->is(name, number)) {
          return node;
        }
      }
    }

    // In no order.
    template <typename Visit>
    void for_each(Visit&& visit) const {
      for (std::size_t i = 0; i <= array_->mask; ++i) {
        const Node* node = array_->slots[i].node.load(std::memory_order_acquire);
        if (node != nullptr && !node->name().empty()) {
          visit(*node);
        }
      }
    }

   private:
    friend class Table;

    View(const Array* array, std::uint64_t seed) noexcept : array_(array), seed_(seed) {}

    const Array* array_;
    std::uint64_t seed_;
  };

  Table(Grace& grace, std::uint64_t seed)
      : grace_(grace),
        seed_(seed),
        array_(new Array(capacity_min)),
        gone_(Node::make("", number_of_none, Entry{})) {}

  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  ~Table() {
    view().for_each([](const Node& node) { free(&node); });
    delete array_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] View view() const noexcept {
    return {array_.load(std::memory_order_acquire), seed_};
  }

  // ---- under the writers' lock

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // A name that is not there yet.
  const Node& add(Made&& made) {
    if ((used_ + 1) * 8 > capacity() * 5) {
      rebuild([](const Node&) { return true; }, 0);
    }
    const Node* node = made.release();
    if (put(*array_.load(std::memory_order_relaxed), *node)) {
      ++used_;
    }
    ++size_;
    return *node;
  }

  // In the place of `there`, which is retired.
  const Node& replace(const Node& there, Made&& made) {
    grace_.make_room(1);
    const Node* node = made.release();
    slot_of(there).node.store(node, std::memory_order_release);
    retire(there);
    return *node;
  }

  void remove(const Node& there) {
    grace_.make_room(1);
    slot_of(there).node.store(gone_.get(), std::memory_order_release);
    --size_;
    retire(there);
  }

  // All of them, for every reader in one step. Nobody else's node may be named.
  void remove_all(const std::vector<const Node*>& leaving) {
    if (leaving.size() == 1) {
      remove(*leaving.front());
    } else if (!leaving.empty()) {
      grace_.make_room(leaving.size() + 1);
      std::vector<const Node*> sorted = leaving;
      std::ranges::sort(sorted);
      rebuild([&](const Node& node) { return !std::ranges::binary_search(sorted, &node); },
              leaving.size());
      for (const Node* node : leaving) {
        retire(*node);
      }
    }
  }

 private:
  static constexpr std::size_t capacity_min = 16;
  static constexpr std::uint32_t number_of_none = 0xffff'ffff;

  static void free(const Node* node) noexcept { typename Node::Free{}(const_cast<Node*>(node)); }

  [[nodiscard]] std::size_t capacity() const noexcept {
    return array_.load(std::memory_order_relaxed)->mask + 1;
  }

  void retire(const Node& node) noexcept {
    grace_.retire({const_cast<Node*>(&node), [](void* what) { free(static_cast<Node*>(what)); }});
  }

  [[nodiscard]] Slot& slot_of(const Node& node) const noexcept {
    const Array& array = *array_.load(std::memory_order_relaxed);
    std::size_t i = hash_of(node.name(), seed_ ^ node.number()) & array.mask;
    while (array.slots[i].node.load(std::memory_order_relaxed) != &node) {
      i = (i + 1) & array.mask;
    }
    return array.slots[i];
  }

  // Answers whether a slot was taken that was never used before.
  bool put(Array& array, const Node& node) const noexcept {
    const std::uint64_t hash = hash_of(node.name(), seed_ ^ node.number());
    for (std::size_t i = hash & array.mask;; i = (i + 1) & array.mask) {
      Slot& slot = array.slots[i];
      const Node* there = slot.node.load(std::memory_order_relaxed);
      if (there == nullptr || there == gone_.get()) {
        slot.hash.store(hash, std::memory_order_relaxed);
        slot.node.store(&node, std::memory_order_release);
        return there == nullptr;
      }
    }
  }

  // At most half full afterwards, with room for one more. `leaving` nodes are not kept.
  template <typename Keep>
  void rebuild(Keep&& keep, std::size_t leaving) {
    grace_.make_room(leaving + 1);
    auto next =
        std::make_unique<Array>(std::max(capacity_min, std::bit_ceil(2 * (size_ - leaving + 1))));
    view().for_each([&](const Node& node) {
      if (keep(node)) {
        put(*next, node);
      }
    });
    size_ -= leaving;
    used_ = size_;
    Array* former = array_.load(std::memory_order_relaxed);
    array_.store(next.release(), std::memory_order_release);
    grace_.retire({former, [](void* what) { delete static_cast<Array*>(what); }});
  }

  Grace& grace_;
  const std::uint64_t seed_;
  std::atomic<Array*> array_;
  std::size_t size_ = 0;
  std::size_t used_ = 0;  // slots that end no search: names, and names that went
  const Made gone_;       // stands where a name went; no name is like it
};

}  // namespace host::registry
