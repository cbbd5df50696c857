// tests/bench/peers/peers.cpp - collects the peers that this build has; the build names the others.
#include "tests/bench/peers/peers.hpp"

#include <sstream>

namespace bench {

namespace {

// From the build: "TBB: install libtbb-dev|..."
std::vector<std::string> missing() {
  std::vector<std::string> all;
  std::istringstream text(BENCH_MISSING);
  for (std::string line; std::getline(text, line, '|');) {
    all.push_back(line);
  }
  return all;
}

}  // namespace

Peers all_peers() {
  Peers peers;
  peers.loaders = {"dlopen"};
  peers.missing = missing();
  append(peers.contenders, standard_contenders());
  append(peers.contenders, wake_contenders());
#ifdef BENCH_HAS_BOOST
  peers.loaders.emplace_back("Boost.DLL");
  append(peers.contenders, asio_contenders());
  append(peers.contenders, boost_lockfree_contenders());
  append(peers.contenders, signals2_contenders());
#endif
#ifdef BENCH_HAS_MOODYCAMEL
  append(peers.contenders, moodycamel_contenders());
#endif
#ifdef BENCH_HAS_TBB
  append(peers.contenders, tbb_contenders());
#endif
#ifdef BENCH_HAS_ZEROMQ
  append(peers.contenders, zeromq_contenders());
#endif
#ifdef BENCH_HAS_PROMETHEUS
  append(peers.contenders, prometheus_contenders());
#endif
#ifdef BENCH_HAS_TOKIO
  append(peers.contenders, tokio_contenders());
#endif
  return peers;
}

}  // namespace bench
