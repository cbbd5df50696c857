// host/message/pool.cpp - size classes with short free lists in front of the system's allocator.
#include "host/message/pool.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <thread>

namespace host::message {

namespace {

std::uint32_t class_of(std::size_t size) noexcept {
  const std::size_t rounded = std::bit_ceil(std::max(size, block_bytes_min));
  return static_cast<std::uint32_t>(std::countr_zero(rounded) - std::countr_zero(block_bytes_min));
}

}  // namespace

void Ref::release(Block* block) noexcept {
  if (block->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    block->pool->give_back(block);
  }
}

Block* Pool::Shelf::take(std::uint32_t size_class) noexcept {
  if (taken_.exchange(true, std::memory_order_acquire)) {
    return nullptr;
  }
  Row& row = rows_[size_class];
  Block* block = nullptr;
  if (row.count > 0) {
    block = row.blocks[--row.count];
    bytes_.store(bytes() - block->capacity, std::memory_order_relaxed);
  }
  taken_.store(false, std::memory_order_release);
  return block;
}

bool Pool::Shelf::put(Block* block) noexcept {
  if (taken_.exchange(true, std::memory_order_acquire)) {
    return false;
  }
  Row& row = rows_[block->size_class];
  const bool room = row.count < row.blocks.size();
  if (room) {
    row.blocks[row.count++] = block;
    bytes_.store(bytes() + block->capacity, std::memory_order_relaxed);
  }
  taken_.store(false, std::memory_order_release);
  return room;
}

template <typename Visit>
void Pool::Shelf::clear(Visit&& visit) {
  while (taken_.exchange(true, std::memory_order_acquire)) {
    std::this_thread::yield();
  }
  for (Row& row : rows_) {
    while (row.count > 0) {
      visit(row.blocks[--row.count]);
    }
  }
  bytes_.store(0, std::memory_order_relaxed);
  taken_.store(false, std::memory_order_release);
}

Pool::Shelf& Pool::shelf_of_this_thread() noexcept {
  static std::atomic<unsigned> threads{0};
  static thread_local const unsigned number = threads.fetch_add(1, std::memory_order_relaxed);
  return shelves_[number % shelves_count];
}

Pool::~Pool() {
  clear_shelves();
  for (FreeList& list : free_) {
    for (Block* block : list.blocks) {
      block->~Block();
      ::operator delete(block, std::align_val_t{alignof(Block)});
    }
  }
}

void Pool::clear_shelves() noexcept {
  for (Shelf& shelf : shelves_) {
    shelf.clear([this](Block* block) { put_away(block); });
  }
}

std::size_t Pool::bytes_in_use() const noexcept {
  std::size_t bytes = bytes_in_use_.load(std::memory_order_relaxed);
  for (const Shelf& shelf : shelves_) {
    bytes -= std::min(bytes, shelf.bytes());
  }
  return bytes;
}

std::size_t Pool::bytes_kept() const {
  std::size_t bytes = 0;
  for (const Shelf& shelf : shelves_) {
    bytes += shelf.bytes();
  }
  for (std::size_t index = 0; index < free_.size(); ++index) {
    const std::lock_guard lock(free_[index].mutex);
    bytes += free_[index].blocks.size() * (block_bytes_min << index);
  }
  return bytes;
}

bool Pool::reserve(std::size_t bytes) noexcept {
  if (bytes_in_use_.fetch_add(bytes, std::memory_order_relaxed) + bytes > bytes_max_) {
    bytes_in_use_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  return true;
}

Ref Pool::allocate(std::size_t size) {
  if (size > block_bytes_max) {
    return {};
  }
  const std::uint32_t index = class_of(size);
  if (index < Shelf::classes) {
    if (Block* const block = shelf_of_this_thread().take(index)) {
      block->references.store(1, std::memory_order_relaxed);
      return Ref(block);
    }
  }
  const std::size_t capacity = block_bytes_min << index;
  if (!reserve(capacity)) {
    clear_shelves();
    if (!reserve(capacity)) {
      return {};
    }
  }
  {
    FreeList& list = free_.at(index);
    const std::lock_guard lock(list.mutex);
    if (!list.blocks.empty()) {
      Block* block = list.blocks.back();
      list.blocks.pop_back();
      block->references.store(1, std::memory_order_relaxed);
      return Ref(block);
    }
  }
  void* memory =
      ::operator new(sizeof(Block) + capacity, std::align_val_t{alignof(Block)}, std::nothrow);
  if (memory == nullptr) {
    bytes_in_use_.fetch_sub(capacity, std::memory_order_relaxed);
    return {};
  }
  auto* block = new (memory) Block;
  block->size_class = index;
  block->pool = this;
  block->capacity = capacity;
  return Ref(block);
}

void Pool::give_back(Block* block) noexcept {
  if (block->size_class >= Shelf::classes || !shelf_of_this_thread().put(block)) {
    put_away(block);
  }
}

void Pool::put_away(Block* block) noexcept {
  bytes_in_use_.fetch_sub(block->capacity, std::memory_order_relaxed);
  FreeList& list = free_.at(block->size_class);
  const std::size_t kept_max = std::max<std::size_t>(1, free_bytes_per_class_max / block->capacity);
  {
    const std::lock_guard lock(list.mutex);
    // Large blocks go back to the system at once, so that a burst does not stay resident.
    if (block->capacity <= free_bytes_per_class_max && list.blocks.size() < kept_max) {
      list.blocks.push_back(block);
      return;
    }
  }
  block->~Block();
  ::operator delete(block, std::align_val_t{alignof(Block)});
}

Message copy_of(Pool& pool, std::span<const std::byte> bytes) {
  Message message;
  message.block = pool.allocate(bytes.size());
  if (message.block && !bytes.empty()) {
    std::memcpy(message.block.get()->payload(), bytes.data(), bytes.size());
    message.size = bytes.size();
  }
  return message;
}

}  // namespace host::message
