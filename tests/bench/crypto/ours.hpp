// tests/bench/crypto/ours.hpp - crypto_sodium as it is delivered, called through the bus by another
// plugin.
#pragma once

#include <filesystem>

#include "tests/bench/race/contender.hpp"

namespace bench {

// `crypto` is the plugin's file.
[[nodiscard]] Contenders crypto_contenders(const std::filesystem::path& crypto);

}  // namespace bench
