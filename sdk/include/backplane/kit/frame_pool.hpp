// backplane/kit/frame_pool.hpp - memory for coroutine frames, kept for the next one.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace bp::kit {

/// Frames of one instance come and go with every message, in few sizes; this keeps a handful of
/// each. Thread: any (a spin lock of a few instructions). Outlives every frame taken from it.
class frame_pool {
 public:
  static constexpr std::size_t class_bytes = 64;
  static constexpr std::size_t class_count = 32;        // pooled up to 2 KiB, the rest is plain new
  static constexpr std::uint32_t idle_blocks_max = 64;  // per class

  frame_pool() = default;
  frame_pool(const frame_pool&) = delete;
  frame_pool& operator=(const frame_pool&) = delete;

  ~frame_pool() {
    for (shelf& each : shelves_) {
      while (each.top != nullptr) {
        ::operator delete(take(each));
      }
    }
  }

  [[nodiscard]] void* allocate(std::size_t bytes) {
    const std::size_t index = shelf_of(bytes);
    if (index >= class_count) {
      return ::operator new(bytes);
    }
    {
      const guard hold(busy_);
      if (shelves_[index].top != nullptr) {
        return take(shelves_[index]);
      }
    }
    return ::operator new((index + 1) * class_bytes);
  }

  void release(void* block, std::size_t bytes) noexcept {
    const std::size_t index = shelf_of(bytes);
    if (index < class_count) {
      const guard hold(busy_);
      shelf& home = shelves_[index];
      if (home.idle < idle_blocks_max) {
        home.top = ::new (block) node{home.top};
        ++home.idle;
        return;
      }
    }
    ::operator delete(block);
  }

 private:
  struct node {
    node* next;
  };

  struct shelf {
    node* top = nullptr;
    std::uint32_t idle = 0;
  };

  struct guard {
    explicit guard(std::atomic_flag& flag) noexcept : held(flag) {
      while (held.test_and_set(std::memory_order_acquire)) {
      }
    }

    ~guard() { held.clear(std::memory_order_release); }

    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    std::atomic_flag& held;
  };

  static std::size_t shelf_of(std::size_t bytes) noexcept {
    return bytes == 0 ? 0 : (bytes - 1) / class_bytes;
  }

  static void* take(shelf& from) noexcept {
    node* block = from.top;
    from.top = block->next;
    --from.idle;
    return block;
  }

  std::array<shelf, class_count> shelves_{};
  std::atomic_flag busy_;
};

}  // namespace bp::kit
