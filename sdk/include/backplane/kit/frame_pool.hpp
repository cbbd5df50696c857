// backplane/kit/frame_pool.hpp - memory for coroutine frames, kept for the next one.
//
//   void* block = pool.allocate(bytes);
//   pool.release(block, bytes);           // the same size
//
// Since: 1.0. Thread: one at a time (an instance's pool: its strand); thread_frames: any. Blocks:
// no. Owns: idle blocks, at most 512 of a size class. Errors: std::bad_alloc from allocate().
//
// Every block comes from operator new alone, so any pool may take any block of its size back.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <thread>

namespace bp::kit {

namespace detail {

/// The inside of a pool: it forgets, but does not free, what it holds when it dies.
class frame_shelves {
 public:
  static constexpr std::size_t class_bytes = 64;
  static constexpr std::size_t class_count = 32;  // pooled up to 2 KiB, the rest is plain new
  /// Per class: as many calls may be answered in a row before the next ones come.
  static constexpr std::uint32_t idle_blocks_max = 512;

  [[nodiscard]] void* allocate(std::size_t bytes) {
    const std::size_t index = shelf_of(bytes);
    if (index >= class_count) {
      return ::operator new(bytes);
    }
    shelf& home = shelves_[index];
    return home.top != nullptr ? take(home) : ::operator new((index + 1) * class_bytes);
  }

  void release(void* block, std::size_t bytes) noexcept {
    const std::size_t index = shelf_of(bytes);
    if (index >= class_count || shelves_[index].idle >= idle_blocks_max) {
      ::operator delete(block);
      return;
    }
    shelf& home = shelves_[index];
    home.top = ::new (block) node{home.top};
    ++home.idle;
  }

  void free_all() noexcept {
    for (shelf& each : shelves_) {
      while (each.top != nullptr) {
        ::operator delete(take(each));
      }
    }
  }

  /// What a block of `bytes` must have, so that it fits into its class wherever it is released.
  [[nodiscard]] static void* fresh(std::size_t bytes) {
    const std::size_t index = shelf_of(bytes);
    return ::operator new(index >= class_count ? bytes : (index + 1) * class_bytes);
  }

 private:
  struct node {
    node* next;
  };

  struct shelf {
    node* top = nullptr;
    std::uint32_t idle = 0;
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
};

}  // namespace detail

/// Frames of one instance come and go with every message, in few sizes; this keeps some of each. It
/// outlives every block taken from it.
class frame_pool {
 public:
  static constexpr std::uint32_t idle_blocks_max = detail::frame_shelves::idle_blocks_max;

  frame_pool() = default;
  frame_pool(const frame_pool&) = delete;
  frame_pool& operator=(const frame_pool&) = delete;

  ~frame_pool() { shelves_.free_all(); }

  [[nodiscard]] void* allocate(std::size_t bytes) { return shelves_.allocate(bytes); }

  void release(void* block, std::size_t bytes) noexcept { shelves_.release(block, bytes); }

 private:
  detail::frame_shelves shelves_;
};

namespace detail {

/// What one thread keeps. Nobody else touches its shelves, so they need no lock.
struct alignas(64) thread_shelves {
  std::atomic<std::uintptr_t> owner{0};
  frame_shelves shelves;
};

inline constexpr std::size_t threads_max = 64;  // more do without

/// The one thing of this SDK that the instances of a library share, and it is idle memory only: a
/// coroutine of a member function or a lambda cannot see its instance when its frame is made. No
/// thread_local: that would pin the library, and a look at this table is cheaper. Never destroyed:
/// threads may outlive the end of main().
inline constinit std::array<thread_shelves, threads_max> shelves_of_threads{};

}  // namespace detail

/// The pool of the calling thread. A block may be released on another one.
class thread_frames {
 public:
  [[nodiscard]] static void* allocate(std::size_t bytes) {
    detail::frame_shelves* const mine = find();
    return mine != nullptr ? mine->allocate(bytes) : detail::frame_shelves::fresh(bytes);
  }

  static void release(void* block, std::size_t bytes) noexcept {
    detail::frame_shelves* const mine = find();
    mine != nullptr ? mine->release(block, bytes) : ::operator delete(block);
  }

 private:
  static constexpr std::size_t tries_max = 8;

  /// Null: the places where this thread looks are others'. A place is for good; the next thread
  /// that gets the number of one that has ended gets its place too.
  [[nodiscard]] static detail::frame_shelves* find() noexcept {
    constexpr std::uint64_t scatter = 0x9E3779B97F4A7C15U;
    const auto self = std::bit_cast<std::uintptr_t>(std::this_thread::get_id());
    std::size_t index = (self * scatter) >> 58U;
    for (std::size_t tries = 0; tries < tries_max; ++tries) {
      detail::thread_shelves& place = detail::shelves_of_threads[index];
      std::uintptr_t owner = place.owner.load(std::memory_order_relaxed);
      if (owner == self || (owner == 0 && place.owner.compare_exchange_strong(
                                              owner, self, std::memory_order_relaxed))) {
        return &place.shelves;
      }
      index = (index + 1) % detail::threads_max;
    }
    return nullptr;
  }
};

}  // namespace bp::kit
