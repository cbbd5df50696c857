// tests/bench/storage/ours.hpp - storage_sqlite as it is delivered, called through the bus by other
// plugins.
#pragma once

#include <filesystem>

#include "tests/bench/race/contender.hpp"

namespace bench {

// `storage` is the plugin's file.
[[nodiscard]] Contenders storage_contenders(const std::filesystem::path& storage);

}  // namespace bench
