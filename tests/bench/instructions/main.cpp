// tests/bench/instructions/main.cpp - a fixed number of operations of each kind, for callgrind to
// count; check.py runs it and reads the counts.
#include <cstdio>
#include <exception>
#include <string>

#include <valgrind/callgrind.h>

#include "tests/bench/ours/ours.hpp"

namespace bench {

namespace {

constexpr std::uint64_t operations_before = 2'000;  // until pools and tables have their size

struct Case {
  const char* name;
  const char* row;
  const char* contender;
  std::uint64_t operations;  // enough for what a round costs once to vanish
};

// One worker each, so that the order of events is the same in every run.
constexpr Case cases[] = {{"publish_deliver", "one_thread", "backplane", 20'000},
                          {"in_place", "one_thread", "backplane in place", 20'000},
                          {"no_subscriber", "no_subscriber", "backplane", 2'000'000},
                          {"call_inline", "call_inline", "backplane", 20'000},
                          {"call_queued", "call_queued", "backplane one worker", 20'000},
                          {"lookup", "lookup_1", "backplane", 100'000}};

const Contender& find(const Contenders& all, const Case& wanted) {
  for (const Contender& contender : all) {
    if (contender.row == wanted.row && contender.name == wanted.contender) {
      return contender;
    }
  }
  throw std::runtime_error(std::string("no contender for ") + wanted.name);
}

void run() {
  Place place(own_folder());
  Contenders all = channel_contenders(place);
  append(all, service_contenders(place));
  append(all, lookup_contenders());
  for (const Case& wanted : cases) {
    const Round round = find(all, wanted).prepare();
    round(operations_before);
    CALLGRIND_ZERO_STATS;
    round(wanted.operations);
    CALLGRIND_DUMP_STATS_AT(wanted.name);
    std::printf("%s %llu\n", wanted.name, static_cast<unsigned long long>(wanted.operations));
  }
}

}  // namespace

}  // namespace bench

int main() {
  try {
    bench::run();
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "bench-instructions: %s\n", problem.what());
    return 1;
  }
}
