// host/daemon/problems.cpp - pointers get their lines; consequences of other problems are dropped.
#include "host/daemon/problems.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace host::daemon {

namespace {

// Is `below` the value at `above`, or a part of it?
bool within(std::string_view below, std::string_view above) {
  return below.starts_with(above) && (below.size() == above.size() || below[above.size()] == '/');
}

// Without these nobody knows what a plugin offers.
bool hides_a_plugin(std::string_view pointer) {
  return pointer == "/plugins" ||
         (pointer.starts_with("/plugins/") &&
          (pointer.ends_with("/library") || pointer.ends_with("/enabled") ||
           std::ranges::count(pointer, '/') == 2));
}

bool may_be_caused_by(const manifest::Problem& told, std::string_view pointer) {
  if (within(pointer, told.pointer)) {
    return true;
  }
  const bool wire = pointer.starts_with("/wires/");
  const bool config = pointer.find("/config") != std::string_view::npos;
  return ((wire || config) && within(told.pointer, pointer)) ||
         (wire && hides_a_plugin(told.pointer));
}

}  // namespace

std::vector<manifest::Problem> all_problems(const manifest::Reading& reading,
                                            std::vector<manifest::Problem> found) {
  std::vector<manifest::Problem> problems = reading.problems;
  for (manifest::Problem& problem : found) {
    const auto causes = [&](const manifest::Problem& told) {
      return may_be_caused_by(told, problem.pointer);
    };
    if (std::ranges::any_of(reading.problems, causes)) {
      continue;
    }
    if (problem.line == 0 && reading.root) {
      const manifest::Position& at = reading.root->nearest(problem.pointer).at;
      problem = manifest::problem_at(at, std::move(problem.pointer), std::move(problem.message));
    }
    problems.push_back(std::move(problem));
  }
  manifest::sort_problems(problems, reading.files);
  return problems;
}

}  // namespace host::daemon
