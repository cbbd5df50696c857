// host/registry/nearest.cpp - edit distance (Wagner and Fischer) over a handful of names.
#include "host/registry/nearest.hpp"

#include <algorithm>
#include <numeric>

namespace host::registry {

namespace {

constexpr std::size_t name_bytes_max = 256;  // hostile names are compared by their beginning

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view wanted, const std::vector<std::string>& names) {
  wanted = wanted.substr(0, name_bytes_max);
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, wanted.size() / 3) + 1;
  for (const std::string& name : names) {
    const std::size_t d = distance(wanted, std::string_view(name).substr(0, name_bytes_max));
    if (d < best_distance) {
      best = name;
      best_distance = d;
    }
  }
  return best;
}

std::string hint(std::string_view wanted, const std::vector<std::string>& names) {
  const std::string name = nearest(wanted, names);
  return name.empty() ? "" : "; did you mean '" + name + "'?";
}

}  // namespace host::registry
