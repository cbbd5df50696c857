// host/metric/shelf.cpp - keeps series, lets them expire, puts them in order and reads them.
#include "host/metric/shelf.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <limits>
#include <tuple>

namespace host::metric {

namespace {

// Far enough ahead that a cell is there when it is read: each lies on a cache line of its own.
constexpr std::size_t cells_ahead = 12;

std::uint64_t load(std::uint64_t& word) noexcept {
  return std::atomic_ref(word).load(std::memory_order_relaxed);
}

// Differs when one of the cells was written; a gauge that was set to what it had does not count.
std::uint64_t word_of(const Shelf::Series& series) noexcept {
  std::uint64_t word = 0;
  for (const auto& [writer, cell] : series.cells) {
    word += load(cell->value);
  }
  return word;
}

}  // namespace

Shelf::Shelf(Definition what, Grid grid, Owner first, std::string first_name)
    : definition_(std::move(what)),
      grid_(std::move(grid)),
      by_host_(first == 0),
      first_name_(std::move(first_name)) {}

Shelf::Series* Shelf::find(const Key& key) {
  const auto found = series_.find(key);
  return found == series_.end() ? nullptr : &found->second;
}

Shelf::Series& Shelf::add(Key key, std::uint64_t created_unix_ns) {
  changed_ = true;
  Series& series = series_.try_emplace(std::move(key)).first->second;
  series.created_unix_ns = created_unix_ns;
  return series;
}

void Shelf::bind(Series& series, std::uint64_t writer, bp_metric_cell* cell) {
  changed_ = true;
  series.cells.emplace_back(writer, cell);
}

void Shelf::revive(Series& series) {
  if (series.expired) {
    series.expired = false;
    series.touched_ns = 0;
    --expired_;
    changed_ = true;
  }
}

std::size_t Shelf::remove(Owner owner) {
  const std::size_t before = size();
  std::erase_if(series_, [&](const auto& entry) {
    const bool goes = entry.first.owner == owner;
    expired_ -= goes && entry.second.expired ? 1U : 0U;
    return goes;
  });
  owners_.erase(owner);
  changed_ = true;
  return before - size();
}

std::ptrdiff_t Shelf::expire(std::uint64_t now_ns, std::uint64_t after_ns,
                             const std::function<bool()>& may_revive) {
  if (by_host_ || definition_.label_names.empty()) {
    return 0;
  }
  const auto before = static_cast<std::ptrdiff_t>(size());
  for (auto& [key, series] : series_) {
    if (key.label_values.front() == overflow_value) {
      continue;
    }
    const std::uint64_t word = word_of(series);
    if (series.touched_ns == 0 || word != series.last_word) {
      series.last_word = word;
      if (series.expired && !may_revive()) {
        series.last_word = ~word;  // asked again next time
        continue;
      }
      revive(series);
      series.touched_ns = std::max<std::uint64_t>(now_ns, 1);
    } else if (!series.expired && now_ns - series.touched_ns >= after_ns) {
      series.expired = true;
      ++expired_;
      changed_ = true;
    }
  }
  return static_cast<std::ptrdiff_t>(size()) - before;
}

bool Shelf::arrange(const Names& names) {
  if (!changed_) {
    return false;
  }
  changed_ = false;
  rows_.clear();
  cells_.clear();
  std::vector<const std::pair<const Key, Series>*> shown;
  shown.reserve(size());
  for (const auto& entry : series_) {
    if (!entry.second.expired) {
      shown.push_back(&entry);
    }
  }
  // By names instead of handles, which are others after every start.
  if (owners_.size() > 1) {
    std::ranges::sort(shown, [&](const auto* a, const auto* b) {
      return std::tie(a->first.label_values, names(a->first.owner), a->first.owner) <
             std::tie(b->first.label_values, names(b->first.owner), b->first.owner);
    });
  }
  const auto same = [&](const Key& a, const Key& b) {
    return a.label_values == b.label_values &&
           (a.owner == b.owner || names(a.owner) == names(b.owner));
  };
  for (const auto* entry : shown) {
    // An instance that is on its way out and its successor have one name: they are one series.
    if (rows_.empty() || !same(*rows_.back().key, entry->first)) {
      rows_.push_back({&entry->first, static_cast<std::uint32_t>(cells_.size()), 0,
                       entry->second.created_unix_ns});
    }
    rows_.back().created_unix_ns =
        std::min(rows_.back().created_unix_ns, entry->second.created_unix_ns);
    for (const auto& [writer, cell] : entry->second.cells) {
      cells_.push_back(cell);
      ++rows_.back().n_cells;
    }
  }
  return true;
}

void Shelf::read(const std::function<void(Owner, std::uint64_t)>& refused) {
  const bool counts = definition_.kind == Kind::Counter;
  values_.resize(rows_.size());
  const std::size_t last = cells_.size();
  for (std::size_t at = 0; at < rows_.size(); ++at) {
    const Row& row = rows_[at];
    double value = definition_.kind == Kind::Info ? 1.0 : 0.0;
    for (std::size_t i = row.first_cell; i < row.first_cell + row.n_cells; ++i) {
      if (i + cells_ahead < last) {
        __builtin_prefetch(cells_[i + cells_ahead]);
      }
      bp_metric_cell& cell = *cells_[i];
      const std::uint64_t word = load(cell.value);
      value += counts ? static_cast<double>(word) : std::bit_cast<double>(word);
      if (const std::uint64_t n = load(cell.refused); n != 0) {
        refused(row.key->owner, n);
      }
    }
    values_[at] = value;
  }
}

void Shelf::read_histogram(const Row& row, metric::Series& out) const {
  counts_.assign(grid_.n_buckets, 0);
  out.sum = 0.0;
  out.count = 0;
  out.buckets.clear();
  for (std::size_t i = row.first_cell; i < row.first_cell + row.n_cells; ++i) {
    bp_metric_cell& cell = *cells_[i];
    out.sum += std::bit_cast<double>(load(cell.sum));
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      counts_[bucket] += load(cell.buckets[bucket]);
    }
  }
  // The count is that of the buckets: the cell's own word may be one observation ahead or behind.
  std::size_t next = 0;
  for (const Bound& bound : grid_.bounds) {
    for (; next <= bound.bucket; ++next) {
      out.count += counts_[next];
    }
    out.buckets.push_back({bound.upper, out.count});
  }
  for (; next < counts_.size(); ++next) {
    out.count += counts_[next];
  }
  out.buckets.push_back({std::numeric_limits<double>::infinity(), out.count});
}

std::vector<BucketExemplar> Shelf::exemplars(const Row& row, const ExemplarBook& book) const {
  std::vector<BucketExemplar> all;
  for (std::size_t i = row.first_cell; has_exemplars && i < row.first_cell + row.n_cells; ++i) {
    all = joined(all, book.of(cells_[i]));
  }
  return all;
}

}  // namespace host::metric
