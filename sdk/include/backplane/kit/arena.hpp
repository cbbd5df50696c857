// backplane/kit/arena.hpp - memory for many small things that die together.
//
//   bp::kit::arena arena(1 << 20);                     // at most 1 MiB from malloc
//   std::pmr::vector<node*> nodes(&arena);
//   node& root = arena.make<node>("root", &arena);     // no delete
//   arena.reset();                                     // all gone, the memory stays for the next
//
// Since: 1.0. Thread: one at a time. Blocks: no. Owns: all that was made in it; nothing of it may
// be used after reset() or the arena's end. No destructor of it runs: make only what needs none,
// which is what is trivially destructible or has its memory here too (std::pmr containers). Errors:
// std::bad_alloc when the limit or malloc is exhausted; what was made before stays valid.
// Allocating is an addition; freeing single things does nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <new>
#include <utility>

namespace bp::kit {

class arena final : public std::pmr::memory_resource {
 public:
  static constexpr std::size_t first_block_bytes = 4096;
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  /// `bytes_max`: most that it holds of `upstream` at a time, its own bookkeeping included.
  explicit arena(std::size_t bytes_max = no_limit,
                 std::pmr::memory_resource* upstream = std::pmr::get_default_resource()) noexcept
      : bytes_max_(bytes_max), upstream_(upstream) {}

  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;

  ~arena() override { free_from(top_); }

  /// An object that is never destroyed.
  template <typename Object, typename... Arguments>
  Object& make(Arguments&&... arguments) {
    void* place = allocate(sizeof(Object), alignof(Object));
    return *::new (place) Object(std::forward<Arguments>(arguments)...);
  }

  /// Everything made in it is gone. The largest block is kept: an arena that is used for one
  /// request after the other soon allocates nothing any more.
  void reset() noexcept {
    if (top_ == nullptr) {
      return;
    }
    block* largest = top_;
    for (block* each = top_; each != nullptr; each = each->below) {
      largest = each->bytes > largest->bytes ? each : largest;
    }
    for (block* each = top_; each != nullptr;) {
      block* below = each->below;
      if (each != largest) {
        give_back(each);
      }
      each = below;
    }
    largest->below = nullptr;
    use(largest);
  }

  /// What it holds of upstream.
  [[nodiscard]] std::size_t bytes_held() const noexcept { return bytes_held_; }

  [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_; }

 private:
  struct alignas(std::max_align_t) block {
    block* below;
    std::size_t bytes;  // with this header
  };

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (void* place = carve(bytes, alignment); place != nullptr) {
      return place;
    }
    add_block(bytes, alignment);
    return carve(bytes, alignment);
  }

  void do_deallocate(void* /*place*/, std::size_t /*bytes*/, std::size_t /*alignment*/) override {}

  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  /// Null: it does not fit into the block in use.
  void* carve(std::size_t bytes, std::size_t alignment) noexcept {
    const std::uintptr_t start = (next_ + alignment - 1) & ~(std::uintptr_t{alignment} - 1);
    if (top_ == nullptr || start < next_ || start > end_ || bytes > end_ - start) {
      return nullptr;
    }
    next_ = start + bytes;
    return reinterpret_cast<void*>(start);  // NOLINT: inside the block
  }

  void add_block(std::size_t bytes, std::size_t alignment) {
    const std::size_t overhead = sizeof(block) + alignment;
    const std::size_t left = bytes_max_ - bytes_held_;
    if (overhead < alignment || bytes > left || overhead > left - bytes) {
      throw std::bad_alloc();
    }
    const std::size_t doubled = top_ == nullptr ? first_block_bytes : top_->bytes * 2;
    const std::size_t size = std::min(std::max(doubled, bytes + overhead), left);
    void* memory = upstream_->allocate(size, alignof(block));
    bytes_held_ += size;
    top_ = ::new (memory) block{top_, size};
    use(top_);
  }

  void use(block* in) noexcept {
    top_ = in;
    next_ = reinterpret_cast<std::uintptr_t>(in + 1);
    end_ = reinterpret_cast<std::uintptr_t>(in) + in->bytes;
  }

  void give_back(block* gone) noexcept {
    const std::size_t size = gone->bytes;
    bytes_held_ -= size;
    upstream_->deallocate(gone, size, alignof(block));
  }

  void free_from(block* each) noexcept {
    while (each != nullptr) {
      block* below = each->below;
      give_back(each);
      each = below;
    }
  }

  std::size_t bytes_max_;
  std::pmr::memory_resource* upstream_;
  std::size_t bytes_held_ = 0;
  block* top_ = nullptr;
  std::uintptr_t next_ = 0;
  std::uintptr_t end_ = 0;
};

}  // namespace bp::kit
