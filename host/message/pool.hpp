// host/message/pool.hpp - counted blocks of message memory in size classes.
//
// Owns: all blocks; the pool outlives them. Thread: any. Errors: an empty Ref when the limit is
// reached.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace host::message {

inline constexpr std::size_t block_bytes_min = 128;
inline constexpr std::size_t block_bytes_max = std::size_t{16} << 20U;
inline constexpr std::size_t pool_bytes_default = std::size_t{1} << 30U;
inline constexpr std::size_t free_bytes_per_class_max = std::size_t{1} << 20U;

class Pool;

// A block: this header, then `capacity` payload bytes, 16-aligned.
struct alignas(16) Block {
  std::atomic<std::uint32_t> references{1};
  std::uint32_t size_class = 0;
  Pool* pool = nullptr;
  std::size_t capacity = 0;

  [[nodiscard]] std::byte* payload() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
};

// Shares one block.
class Ref {
 public:
  Ref() = default;

  explicit Ref(Block* adopted) noexcept : block_(adopted) {}

  Ref(const Ref& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) {
      block_->references.fetch_add(1, std::memory_order_relaxed);
    }
  }

  Ref(Ref&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}

  Ref& operator=(Ref other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }

  ~Ref() { reset(); }

  void reset() noexcept {
    if (block_ != nullptr) {
      release(std::exchange(block_, nullptr));
    }
  }

  [[nodiscard]] Block* get() const noexcept { return block_; }

  explicit operator bool() const noexcept { return block_ != nullptr; }

 private:
  static void release(Block* block) noexcept;

  Block* block_ = nullptr;
};

// Hands out blocks and takes them back.
class Pool {
 public:
  explicit Pool(std::size_t bytes_max = pool_bytes_default) : bytes_max_(bytes_max) {}

  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  // Empty when `size` is above block_bytes_max or the pool's limit is reached.
  [[nodiscard]] Ref allocate(std::size_t size);

  [[nodiscard]] std::size_t bytes_in_use() const noexcept;

  [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_; }

  // Of blocks that nobody uses and that are kept for whoever wants one next.
  [[nodiscard]] std::size_t bytes_kept() const;

 private:
  friend class Ref;
  static constexpr std::size_t class_count = 18;  // 128 bytes .. 16 MiB, doubling

  void give_back(Block* block) noexcept;
  void put_away(Block* block) noexcept;
  [[nodiscard]] bool reserve(std::size_t bytes) noexcept;

  struct FreeList {
    mutable std::mutex mutex;
    std::vector<Block*> blocks;
  };

  // Small blocks close at hand, for the threads of this number: what is used for a moment, as by a
  // call, comes and goes without a lock that others wait for. What lies here counts as in use until
  // somebody asks.
  class alignas(64) Shelf {
   public:
    // Null: nothing there, or somebody else is at it.
    [[nodiscard]] Block* take(std::uint32_t size_class) noexcept;
    // False: no room, or somebody else is at it.
    [[nodiscard]] bool put(Block* block) noexcept;
    // All of it.
    template <typename Visit>
    void clear(Visit&& visit);

    [[nodiscard]] std::size_t bytes() const noexcept {
      return bytes_.load(std::memory_order_relaxed);
    }

    static constexpr std::size_t classes = 3;  // up to 512 bytes

   private:
    static constexpr std::size_t blocks_max = 14;

    struct Row {
      std::size_t count = 0;
      std::array<Block*, blocks_max> blocks;
    };

    std::atomic<bool> taken_{false};
    std::atomic<std::size_t> bytes_{0};
    std::array<Row, classes> rows_;
  };

  static constexpr std::size_t shelves_count = 16;

  [[nodiscard]] Shelf& shelf_of_this_thread() noexcept;
  void clear_shelves() noexcept;

  std::size_t bytes_max_;
  std::atomic<std::size_t> bytes_in_use_{0};
  std::array<FreeList, class_count> free_;
  std::array<Shelf, shelves_count> shelves_;
};

// W3C trace-id[16] and span-id[8].
using TraceContext = std::array<std::uint8_t, 24>;

// A part of a block, with what travels beside the payload.
struct Message {
  Ref block;
  std::size_t offset = 0;
  std::size_t size = 0;
  bool traced = false;
  TraceContext trace{};

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return block ? std::span<const std::byte>(block.get()->payload() + offset, size)
                 : std::span<const std::byte>();
  }

  [[nodiscard]] std::byte* data() const noexcept {
    return block ? block.get()->payload() + offset : nullptr;
  }
};

// A message holding a copy of `bytes`; its block is empty when the pool is exhausted.
[[nodiscard]] Message copy_of(Pool& pool, std::span<const std::byte> bytes);

}  // namespace host::message
