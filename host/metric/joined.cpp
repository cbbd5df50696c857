// host/metric/joined.cpp - one list of what several sources told.
#include "host/metric/joined.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <utility>

namespace host::metric {

namespace {

void add_up(Series& total, const Series& more) {
  total.value += more.value;
  total.sum += more.sum;
  total.count += more.count;
  if (total.created_unix_ns == 0 || more.created_unix_ns != 0) {
    total.created_unix_ns = total.created_unix_ns == 0
                                ? more.created_unix_ns
                                : std::min(total.created_unix_ns, more.created_unix_ns);
  }
  if (!more.exemplars.empty()) {
    total.exemplars = joined(total.exemplars, more.exemplars);
  }
  for (std::size_t i = 0; i < std::min(total.buckets.size(), more.buckets.size()); ++i) {
    total.buckets[i].count += more.buckets[i].count;
  }
}

bool fits(const Family& family, const Series& series) {
  const bool histogram = family.kind == Kind::Histogram;
  return series.label_values.size() == family.label_names.size() &&
         histogram == !series.buckets.empty();
}

// Orders the series and adds up those of equal labels.
void join_series(Family& family) {
  std::ranges::sort(family.series, {}, &Series::label_values);
  std::vector<Series> distinct;
  for (Series& series : family.series) {
    if (!distinct.empty() && distinct.back().label_values == series.label_values) {
      add_up(distinct.back(), series);
    } else {
      distinct.push_back(std::move(series));
    }
  }
  family.series = std::move(distinct);
}

}  // namespace

std::vector<Family> in_order(std::vector<Family> families) {
  std::map<std::string, Family> by_name;
  for (Family& family : families) {
    std::erase_if(family.series, [&](const Series& series) { return !fits(family, series); });
    const auto [first, fresh] = by_name.try_emplace(family.name);
    Family& stands = first->second;
    if (fresh) {
      stands = std::move(family);
    } else if (stands.kind == family.kind && stands.label_names == family.label_names) {
      std::ranges::move(family.series, std::back_inserter(stands.series));
    }
  }
  std::vector<Family> joined;
  joined.reserve(by_name.size());
  for (auto& [name, family] : by_name) {
    join_series(family);
    joined.push_back(std::move(family));
  }
  return joined;
}

}  // namespace host::metric
