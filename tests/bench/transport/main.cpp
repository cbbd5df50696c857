// tests/bench/transport/main.cpp - backplane-bench-transport: the promises of transport_ws,
// measured on this machine.
#include <optional>

#include <sys/resource.h>

#include "tests/bench/ours/place.hpp"
#include "tests/bench/race/program.hpp"
#include "tests/bench/transport/ours.hpp"
#include "tests/bench/transport/peers.hpp"
#include "tests/bench/transport/rows.hpp"

namespace {

// As many connections as the system lets a process have, here and in the servers.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

int main(int argc, char** argv) {
  constexpr double round_ms = 300;
  constexpr unsigned idle = 10'000;
  constexpr unsigned idle_quick = 100;
  raise_descriptor_limit();
  std::optional<bench::Place> place;
  return bench::run_program(
      {.name = "backplane-bench-transport",
       .about = "Measures transport_ws in a daemon of its own, beside other WebSocket servers.",
       .rows = bench::transport_rows(),
       .effort = {.rounds = 7, .round_ms = round_ms},
       .note = "Every server is a process; its processor time counts, in all threads. All take the "
               "same load.\n"},
      {argv + 1, argv + argc}, [&place](const bench::Asked& asked) {
        const unsigned connections = asked.quick ? idle_quick : idle;
        bench::Field field{
            bench::transport_contenders(place.emplace(bench::own_folder()), connections),
            bench::absent_peers()};
        append(field.contenders, bench::peer_contenders(connections));
        return field;
      });
}
