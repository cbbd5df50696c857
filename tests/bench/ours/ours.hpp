// tests/bench/ours/ours.hpp - backplane's contenders; each is a host with real plugins in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/ours/place.hpp"
#include "tests/bench/race/contender.hpp"

namespace bench {

inline constexpr std::uint64_t plugins_loaded = 1'000;

// `place` must outlive what they prepare.
[[nodiscard]] Contenders channel_contenders(Place& place);
[[nodiscard]] Contenders service_contenders(Place& place);
[[nodiscard]] Contenders lookup_contenders();
[[nodiscard]] Contenders metric_contenders(Place& place);

// Each round is a process of its own, because a library is loaded once a process: this program with
// `--load <who> <folder of libraries>`. `plugins`: how many.
[[nodiscard]] Contenders load_contenders(Place& place, std::uint64_t plugins,
                                         const std::vector<std::string>& who);

// The inside of that process, for `backplane`; prints what read_loaded() of loading.cpp reads.
void load_ours(const std::filesystem::path& libraries);

}  // namespace bench
