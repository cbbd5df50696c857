// tests/bench/storage/raw.hpp - SQLite's C API in a loop: what storage_sqlite is compared with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/bench/ours/place.hpp"
#include "tests/bench/race/contender.hpp"

namespace bench {

inline constexpr std::uint32_t value_bytes = 100;
inline constexpr std::uint32_t keys_stored = 200'000;  // before gets are measured

// `place` must outlive what they prepare.
[[nodiscard]] Contenders raw_contenders(Place& place);

// Processor time of this process so far.
[[nodiscard]] std::uint64_t processor_ns();

// The keys of the get rows, put into table kv of `database` for namespace `space`.
void store_keys(const std::filesystem::path& database, const std::string& space);
[[nodiscard]] std::uint64_t count_keys(const std::filesystem::path& database);

}  // namespace bench
