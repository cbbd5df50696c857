// tests/bench/race/contender.hpp - one way to do a row's work: ours, or a peer's.
//
// Owns: nothing. Thread: the main one. Errors: std::runtime_error when what arrived is not what was
// sent, so that a fast but wrong engine fails.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bench {

struct Sample {
  double ns = 0;     // of one operation
  double other = 0;  // a second figure of the same round: what publishing alone cost, bytes, ...
};

// Does the work `count` times.
using Round = std::function<Sample(std::uint64_t count)>;

struct Contender {
  std::string row;
  std::string name;
  std::function<Round()> prepare;  // what the Round needs lives as long as it
  std::uint64_t count_max = 0;     // 0: as many as fill the time of a round
};

using Contenders = std::vector<Contender>;

inline void append(Contenders& to, Contenders&& more) {
  for (Contender& contender : more) {
    to.push_back(std::move(contender));
  }
}

inline void expect_equal(std::uint64_t got, std::uint64_t wanted, const char* what) {
  if (got != wanted) {
    throw std::runtime_error(std::string(what) + ": " + std::to_string(got) + " instead of " +
                             std::to_string(wanted));
  }
}

}  // namespace bench
