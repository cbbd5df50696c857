// host/manifest/suggest.cpp - edit distance and the sentence made of it.
#include "host/manifest/suggest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace host::manifest {

namespace {

constexpr std::size_t listed_max = 20;

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  const std::size_t width = right.size() + 1;
  std::vector<std::size_t> before(width);
  std::vector<std::size_t> above(width);
  std::vector<std::size_t> row(width);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j < width; ++j) {
      const std::size_t replaced = above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above.back();
}

std::string closest(std::string_view word, std::span<const std::string> candidates) {
  if (word.size() > suggest_bytes_max) {
    return {};
  }
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > suggest_bytes_max) {
      continue;
    }
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  if (const std::string found = closest(word, candidates); !found.empty()) {
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
