// host/daemon/problems.cpp - pointers get their lines; consequences of other problems are dropped.
#include "host/daemon/problems.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace host::daemon {

namespace {

// Is `below` the value at `above`, or a part of it?
bool within(std::string_view below, std::string_view above) {
  return below.starts_with(above) && (below.size() == above.size() || below[above.size()] == '/');
}

// "/plugins/<id>"
bool is_entry(std::string_view pointer) {
  return pointer.starts_with("/plugins/") && std::ranges::count(pointer, '/') == 2;
}

// Without these nobody knows what a plugin offers.
bool hides_a_plugin(std::string_view pointer) {
  return pointer == "/plugins" ||
         (pointer.starts_with("/plugins/") &&
          (pointer.ends_with("/library") || pointer.ends_with("/enabled") || is_entry(pointer)));
}

bool may_be_caused_by(const manifest::Problem& told, std::string_view pointer) {
  if (within(pointer, told.pointer)) {
    return true;
  }
  const bool wire = pointer.starts_with("/wires/");
  const bool config = pointer.find("/config") != std::string_view::npos;
  const bool entry = is_entry(pointer);  // of a plugin: what it needs of the others
  return ((wire || config) && within(told.pointer, pointer)) ||
         ((wire || entry) && hides_a_plugin(told.pointer));
}

}  // namespace

std::vector<manifest::Problem> placed(const manifest::Reading& reading,
                                      std::vector<manifest::Problem> found) {
  std::erase_if(found, [&](const manifest::Problem& problem) {
    return std::ranges::any_of(reading.problems, [&](const manifest::Problem& told) {
      return may_be_caused_by(told, problem.pointer);
    });
  });
  for (manifest::Problem& problem : found) {
    if (problem.line == 0 && reading.root) {
      const manifest::Position& at = reading.root->nearest(problem.pointer).at;
      problem.file = at.file();
      problem.line = at.line;
      problem.column = at.column;
    }
  }
  manifest::sort_problems(found, reading.files);
  return found;
}

std::vector<manifest::Problem> all_problems(const manifest::Reading& reading,
                                            std::vector<manifest::Problem> found) {
  std::vector<manifest::Problem> problems = reading.problems;
  std::ranges::move(placed(reading, std::move(found)), std::back_inserter(problems));
  manifest::sort_problems(problems, reading.files);
  return problems;
}

}  // namespace host::daemon
