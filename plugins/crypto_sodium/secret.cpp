// plugins/crypto_sodium/secret.cpp - guarded memory on libsodium's allocator.
#include "secret.hpp"

#include <algorithm>
#include <sodium.h>
#include <string>

namespace crypto_sodium {

void Secret::Wipe::operator()(std::uint8_t* memory) const noexcept {
  sodium_free(memory);
}

bp::result<Secret> Secret::allocate(std::size_t size_bytes) {
  // sodium_init is idempotent and thread-safe; asking here means nobody can forget it.
  if (sodium_init() < 0) {
    return bp::fail(BP_E_UNAVAILABLE,
                    "libsodium could not start: the system's random generator is not available");
  }
  auto* memory = static_cast<std::uint8_t*>(sodium_malloc(std::max<std::size_t>(size_bytes, 1)));
  if (memory == nullptr) {
    return bp::fail(BP_E_NO_MEMORY, "no guarded memory for a secret of " +
                                        std::to_string(size_bytes) +
                                        " bytes; raise the memory limit of the process");
  }
  sodium_memzero(memory, size_bytes);
  return Secret(memory, size_bytes);
}

bp::result<Secret> Secret::copy_of(Bytes bytes) {
  auto secret = allocate(bytes.size());
  if (secret) {
    std::ranges::copy(bytes, secret->writable().begin());
    secret->freeze();
  }
  return secret;
}

bp::result<Secret> Secret::random(std::size_t size_bytes) {
  auto secret = allocate(size_bytes);
  if (secret) {
    randombytes_buf(secret->writable().data(), size_bytes);
    secret->freeze();
  }
  return secret;
}

void Secret::freeze() noexcept {
  sodium_mprotect_readonly(memory_.get());
}

void Secret::truncate(std::size_t size_bytes) noexcept {
  size_bytes_ = std::min(size_bytes_, size_bytes);
}

void wipe(WritableBytes bytes) noexcept {
  sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace crypto_sodium
