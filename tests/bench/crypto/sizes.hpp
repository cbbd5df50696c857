// tests/bench/crypto/sizes.hpp - what both sides seal in a row.
#pragma once

#include <array>
#include <cstdint>

namespace bench {

struct Work {
  const char* row;
  bool aes;
  std::uint32_t plaintext_bytes;
};

inline constexpr std::uint32_t associated_bytes = 16;

inline constexpr std::array<Work, 5> works{{{"gcm_64", true, 64},
                                            {"xchacha_64", false, 64},
                                            {"xchacha_64k", false, 64U << 10U},
                                            {"xchacha_1m", false, 1U << 20U},
                                            {"gcm_64k", true, 64U << 10U}}};

}  // namespace bench
