// host/name/nearest.cpp - edit distance (Wagner and Fischer, with swaps) over a handful of names.
#include "host/name/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>

namespace host::name {

namespace {

// A third of the letters may be wrong, and two in a short name.
std::size_t distance_max(std::string_view wanted) noexcept {
  return std::max<std::size_t>(2, wanted.size() / 3);
}

std::size_t difference(std::size_t left, std::size_t right) noexcept {
  return left > right ? left - right : right - left;
}

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

std::string nearest(std::string_view wanted, std::span<const std::string> names) {
  if (wanted.size() > nearest_bytes_max) {
    return {};
  }
  std::string best;
  std::size_t best_distance = distance_max(wanted) + 1;
  for (const std::string& name : names) {
    if (name.size() > nearest_bytes_max || difference(name.size(), wanted.size()) > best_distance) {
      continue;
    }
    const std::size_t distance = edit_distance(wanted, name);
    // A name of which no letter is left was not meant.
    if (distance < best_distance && distance < name.size()) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string hint(std::string_view wanted, std::span<const std::string> names) {
  const std::string name = nearest(wanted, names);
  return name.empty() ? std::string() : fmt::format("; did you mean '{}'?", name);
}

}  // namespace host::name
