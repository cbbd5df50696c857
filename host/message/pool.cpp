// host/message/pool.cpp - size classes with short free lists in front of the system's allocator.
#include "host/message/pool.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

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

Pool::~Pool() {
  for (FreeList& list : free_) {
    for (Block* block : list.blocks) {
      block->~Block();
      ::operator delete(block, std::align_val_t{alignof(Block)});
    }
  }
}

Ref Pool::allocate(std::size_t size) {
  if (size > block_bytes_max) {
    return {};
  }
  const std::uint32_t index = class_of(size);
  const std::size_t capacity = block_bytes_min << index;
  if (bytes_in_use_.fetch_add(capacity, std::memory_order_relaxed) + capacity > bytes_max_) {
    bytes_in_use_.fetch_sub(capacity, std::memory_order_relaxed);
    return {};
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
