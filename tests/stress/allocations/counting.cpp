// tests/stress/allocations/counting.cpp - malloc and its kin, in front of glibc's.
#include "tests/stress/allocations/counting.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <execinfo.h>
#include <unistd.h>

extern "C" {
// glibc's own, under the names it keeps for those who stand in front of them.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

constexpr std::uint64_t traces_max = 6;
constexpr int frames_max = 18;

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> allocations{0};
std::atomic<bool> tracing{false};
thread_local bool inside = false;

void count() {
  if (!counting.load(std::memory_order_relaxed) || inside) {
    return;
  }
  const std::uint64_t number = allocations.fetch_add(1, std::memory_order_relaxed);
  if (number < traces_max && tracing.load(std::memory_order_relaxed)) {
    inside = true;
    std::array<void*, frames_max> frames;
    const int depth = backtrace(frames.data(), frames_max);
    backtrace_symbols_fd(frames.data(), depth, STDERR_FILENO);
    static_cast<void>(write(STDERR_FILENO, "\n", 1));
    inside = false;
  }
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}

void* calloc(std::size_t count_of, std::size_t size) {
  count();
  return __libc_calloc(count_of, size);
}

void* realloc(void* memory, std::size_t size) {
  count();
  return __libc_realloc(memory, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  count();
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}

}  // extern "C"

namespace stress {

void count_allocations() {
  if (std::getenv("STRESS_TRACE") != nullptr) {
    std::array<void*, 1> frame;
    backtrace(frame.data(), 1);  // its first call allocates
    tracing.store(true, std::memory_order_relaxed);
  }
  allocations.store(0, std::memory_order_relaxed);
  counting.store(true, std::memory_order_seq_cst);
}

std::uint64_t counted_allocations() {
  counting.store(false, std::memory_order_seq_cst);
  return allocations.load(std::memory_order_relaxed);
}

}  // namespace stress
