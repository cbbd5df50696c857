// tests/bench/peers/peers.hpp - everybody else's contenders, one source a peer; which of them are
// built is decided by what is installed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/bench/race/contender.hpp"

namespace bench {

[[nodiscard]] Contenders asio_contenders();
[[nodiscard]] Contenders boost_lockfree_contenders();
[[nodiscard]] Contenders moodycamel_contenders();
[[nodiscard]] Contenders prometheus_contenders();
[[nodiscard]] Contenders signals2_contenders();
[[nodiscard]] Contenders standard_contenders();
[[nodiscard]] Contenders tbb_contenders();
[[nodiscard]] Contenders tokio_contenders();
[[nodiscard]] Contenders wake_contenders();
[[nodiscard]] Contenders zeromq_contenders();

// Also raced in the rows of metrics_prometheus.
[[nodiscard]] Round prometheus_adds();

// Inside a process of `--load`, see ours.hpp.
void load_dlopen(const std::filesystem::path& libraries);
void load_boost_dll(const std::filesystem::path& libraries);

struct Peers {
  Contenders contenders;
  std::vector<std::string> loaders;  // names for `--load`
  std::vector<std::string> missing;  // "TBB: install libtbb-dev"
};

[[nodiscard]] Peers all_peers();

}  // namespace bench
