// tests/host/runtime/allocation_count.cpp - operator new that counts.
#include "tests/host/runtime/allocation_count.hpp"

#include <cstdlib>
#include <new>

namespace host::runtime {

namespace {

constinit thread_local std::uint64_t count = 0;

}  // namespace

std::uint64_t allocations() noexcept {
  return count;
}

}  // namespace host::runtime

void* operator new(std::size_t size) {
  ++host::runtime::count;
  if (void* room = std::malloc(size)) {
    return room;
  }
  throw std::bad_alloc();
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  ++host::runtime::count;
  const auto aligned = static_cast<std::size_t>(alignment);
  if (void* room = std::aligned_alloc(aligned, (size + aligned - 1) / aligned * aligned)) {
    return room;
  }
  throw std::bad_alloc();
}

void operator delete(void* room) noexcept {
  std::free(room);
}

void operator delete(void* room, std::size_t /*size*/) noexcept {
  std::free(room);
}

void operator delete(void* room, std::align_val_t /*alignment*/) noexcept {
  std::free(room);
}

void operator delete(void* room, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
  std::free(room);
}
