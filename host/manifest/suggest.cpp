// host/manifest/suggest.cpp - the nearest word, or all of them.
#include "host/manifest/suggest.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/name/nearest.hpp"

namespace host::manifest {

namespace {

constexpr std::size_t listed_max = 20;

}  // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  if (const std::string found = name::nearest(word, candidates); !found.empty()) {
    return fmt::format("; did you mean \"{}\"?", found);
  }
  if (candidates.empty()) {
    return {};
  }
  std::vector<std::string> quoted;
  for (const std::string& candidate : candidates.first(std::min(candidates.size(), listed_max))) {
    quoted.push_back('"' + candidate + '"');
  }
  return fmt::format("; known: {}{}", fmt::join(quoted, ", "),
                     candidates.size() > listed_max ? ", ..." : "");
}

}  // namespace host::manifest
