// plugins/crypto_sodium/nonce_pool.cpp - takes and returns pages by atomic exchange, as contexts
// are.
#include "nonce_pool.hpp"

#include <algorithm>
#include <new>

#include <openssl/rand.h>
#include <sys/mman.h>

namespace crypto_sodium {
namespace {

constexpr std::size_t page_bytes = 4096;

/// OpenSSL's generator reseeds by itself, also after a fork, and asks the kernel only rarely.
bp::result<void> draw(WritableBytes out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
    return bp::fail(BP_E_UNAVAILABLE, "no random bytes for a nonce; check the system's generator");
  }
  return {};
}

}  // namespace

/// All zeros when it is new, or in a child process: nothing is left then.
struct NoncePool::Page {
  std::uint32_t left;
  std::array<std::uint8_t, page_bytes - sizeof(std::uint32_t)> bytes;

  /// Null: the system has no such page; ask the generator.
  static Page* make() noexcept {
    void* memory =
        ::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      return nullptr;
    }
    if (::madvise(memory, page_bytes, MADV_WIPEONFORK) != 0) {
      ::munmap(memory, page_bytes);
      return nullptr;
    }
    return new (memory) Page();
  }

  bp::result<void> cut(WritableBytes nonce) {
    if (left < nonce.size()) {
      BP_TRY(draw(bytes));
      left = static_cast<std::uint32_t>(bytes.size());
    }
    const WritableBytes from = WritableBytes(bytes).subspan(left - nonce.size(), nonce.size());
    left -= static_cast<std::uint32_t>(nonce.size());
    std::ranges::copy(from, nonce.begin());
    return {};
  }
};

NoncePool::~NoncePool() {
  for (Place& place : places_) {
    if (place.page != nullptr) {
      ::munmap(place.page, page_bytes);
    }
  }
}

bp::result<void> NoncePool::fill(WritableBytes nonce) {
  for (Place& place : places_) {
    if (place.taken.exchange(true, std::memory_order_acquire)) {
      continue;
    }
    if (place.page == nullptr) {
      place.page = Page::make();
    }
    auto cut = place.page != nullptr ? place.page->cut(nonce) : draw(nonce);
    place.taken.store(false, std::memory_order_release);
    return cut;
  }
  return draw(nonce);
}

}  // namespace crypto_sodium
