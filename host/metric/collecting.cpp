// host/metric/collecting.cpp - the registry's reading side: everything as values, or in parts.
#include <bit>
#include <chrono>
#include <functional>

#include "host/metric/joined.hpp"
#include "host/metric/registry.hpp"

namespace host::metric {

namespace {

constexpr std::uint64_t hash_prime = 1'099'511'628'211U;  // FNV-1a, 64 bits
constexpr std::uint64_t hash_seed = 14'695'981'039'346'656'037U;

class Hash {
 public:
  void add(std::string_view text) noexcept {
    for (const char c : text) {
      step(static_cast<unsigned char>(c));
    }
    step(0xFF);  // no UTF-8 holds it: texts do not run into each other
  }

  void step(std::uint64_t value) noexcept { value_ = (value_ ^ value) * hash_prime; }

  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = hash_seed;
};

// Of all but the values.
std::uint64_t hash_of(const Family& family) {
  Hash hash;
  hash.step(static_cast<std::uint64_t>(family.kind));
  hash.add(family.help);
  hash.add(family.unit);
  for (const std::string& name : family.label_names) {
    hash.add(name);
  }
  for (const Series& series : family.series) {
    for (const std::string& value : series.label_values) {
      hash.add(value);
    }
    hash.step(series.created_unix_ns);
    for (const Bucket& bucket : series.buckets) {
      hash.step(std::bit_cast<std::uint64_t>(bucket.upper));
    }
  }
  return hash.value();
}

// The views are of one series at a time; the room for them is kept.
class Views {
 public:
  std::span<const std::string_view> of(const std::vector<std::string>& texts,
                                       const std::string* last) {
    views_.assign(texts.begin(), texts.end());
    if (last != nullptr) {
      views_.emplace_back(*last);
    }
    return views_;
  }

 private:
  std::vector<std::string_view> views_;
};

bool write_family(PartWriter& writer, const Family& family, std::uint32_t shape, bool known) {
  Views names;
  Views values;
  writer.begin({family.kind, shape, family.name, family.help, family.unit, known},
               names.of(family.label_names, nullptr));
  for (const Series& series : family.series) {
    const auto labels = values.of(series.label_values, nullptr);
    const bool written =
        family.kind == Kind::Histogram
            ? writer.add(labels, series)
            : writer.add(labels, series.value, {series.created_unix_ns, series.exemplars});
    if (!written) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::uint64_t Registry::now_ns() const {
  return limits_.now_ns ? limits_.now_ns()
                        : static_cast<std::uint64_t>(
                              std::chrono::steady_clock::now().time_since_epoch().count());
}

std::uint64_t Registry::unix_now() const {
  return limits_.unix_now_ns ? limits_.unix_now_ns() : unix_now_ns();
}

std::vector<Family> Registry::run_collectors() {
  std::vector<Family> families;
  const std::scoped_lock lock(collectors_mutex_);
  for (const auto& [id, collector] : collectors_) {
    collector(families);
  }
  return families;
}

// Lets series expire, puts rows in order, and reads every cell of a counter or gauge once.
void Registry::look(Refused& refused) {
  const std::uint64_t now = limits_.expire_after_ns == 0 ? 0 : now_ns();
  const Shelf::Names names = [this](Owner owner) -> const std::string& { return name_of(owner); };
  const std::function count = [&](Owner owner, std::uint64_t n) { refused[owner] += n; };
  for (auto& [name, shelf] : shelves_) {
    if (limits_.expire_after_ns != 0) {
      std::size_t revived = 0;
      const auto more = shelf.expire(now, limits_.expire_after_ns, [&] {
        const bool room = shelf.size() < limits_.series_per_family &&
                          series_total_ + revived < limits_.series_total;
        revived += room ? 1 : 0;
        return room;
      });
      series_total_ = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(series_total_) + more);
    }
    if (shelf.arrange(names)) {
      shelf.shape = last_shape_ + 1;
    }
    shelf.read(count);
  }
}

Family Registry::read(const Shelf& shelf) const {
  const Definition& definition = shelf.definition();
  Family family{.kind = definition.kind,
                .name = definition.name,
                .help = definition.help,
                .unit = definition.unit,
                .label_names = definition.label_names,
                .series = {}};
  if (!shelf.by_host()) {
    family.label_names.emplace_back(plugin_label);
  }
  family.series.reserve(shelf.rows().size());
  for (std::size_t i = 0; i < shelf.rows().size(); ++i) {
    const Shelf::Row& row = shelf.rows()[i];
    Series series{.label_values = row.key->label_values, .value = shelf.value(i), .buckets = {}};
    if (!shelf.by_host()) {
      series.label_values.push_back(name_of(row.key->owner));
    }
    series.created_unix_ns = row.created_unix_ns;
    series.exemplars = shelf.exemplars(row, exemplars_);
    if (definition.kind == Kind::Histogram) {
      series.value = 0.0;
      shelf.read_histogram(row, series);
    }
    family.series.push_back(std::move(series));
  }
  return family;
}

void Registry::append_own(std::vector<Family>& families, const Refused& refused) const {
  Family refusals = family_of(Kind::Counter, "backplane_metric_refused",
                              "Negative additions and NaN that metric cells refused.",
                              {std::string(plugin_label)});
  Family overflowed =
      family_of(Kind::Counter, "backplane_metric_overflow",
                "Bindings that went to the overflow series of a family.", {"family"});
  Family conflicts =
      family_of(Kind::Counter, "backplane_metric_conflicts",
                "Definitions that were refused because another one stands.", {"family"});
  for (const auto& [name, shelf] : shelves_) {
    for (const Owner owner : shelf.owners()) {
      refusals.add({name_of(owner)}, 0.0);
    }
    if (shelf.overflowed > 0) {
      overflowed.add({name}, static_cast<double>(shelf.overflowed));
    }
    if (shelf.conflicts > 0) {
      conflicts.add({name}, static_cast<double>(shelf.conflicts));
    }
  }
  for (const auto& [owner, n] : refused) {
    refusals.add({name_of(owner)}, static_cast<double>(n));
  }
  Family series = family_of(Kind::Gauge, "backplane_metric_series",
                            "Series of plugins that are shown now.", {});
  series.add({}, static_cast<double>(series_total_));
  Family limit = family_of(Kind::Gauge, "backplane_metric_series_limit",
                           "How many series of plugins may be shown.", {});
  limit.add({}, static_cast<double>(limits_.series_total));
  for (Family* own : {&refusals, &overflowed, &conflicts, &series, &limit}) {
    families.push_back(std::move(*own));
  }
}

std::vector<Family> Registry::collect() {
  std::vector<Family> families = run_collectors();
  {
    const std::scoped_lock lock(mutex_);
    Refused refused;
    look(refused);
    last_shape_ += 1;
    for (const auto& [name, shelf] : shelves_) {
      families.push_back(read(shelf));
    }
    append_own(families, refused);
  }
  return in_order(std::move(families));
}

void Registry::give_shapes(const std::vector<Family>& families) {
  for (auto& [name, look] : looks_) {
    look.seen = false;
  }
  for (const Family& family : families) {
    Look& look = looks_[family.name];
    const std::uint64_t hash = hash_of(family);
    if (look.shape == 0 || look.hash != hash) {
      look = {hash, last_shape_ + 1, false};
    }
    look.seen = true;
  }
  std::erase_if(looks_, [](const auto& entry) { return !entry.second.seen; });
}

bool Registry::write(PartWriter& writer, const Shelf& shelf, bool known) const {
  const Definition& definition = shelf.definition();
  const std::string plugin(plugin_label);
  Views names;
  Views values;
  writer.begin(
      {definition.kind, shelf.shape, definition.name, definition.help, definition.unit, known},
      names.of(definition.label_names, shelf.by_host() ? nullptr : &plugin));
  Series histogram;
  for (std::size_t i = 0; i < shelf.rows().size(); ++i) {
    const Shelf::Row& row = shelf.rows()[i];
    std::span<const std::string_view> labels;
    if (!known) {
      labels =
          values.of(row.key->label_values, shelf.by_host() ? nullptr : &name_of(row.key->owner));
    }
    bool written = true;
    if (shelf.has_exemplars) {
      histogram.exemplars = shelf.exemplars(row, exemplars_);
    }
    if (definition.kind == Kind::Histogram) {
      shelf.read_histogram(row, histogram);
      histogram.created_unix_ns = row.created_unix_ns;
      written = writer.add(labels, histogram);
    } else {
      written = writer.add(labels, shelf.value(i), {row.created_unix_ns, histogram.exemplars});
    }
    if (!written) {
      return false;
    }
  }
  return true;
}

bool Registry::snapshot(std::uint32_t known, std::uint64_t unix_time_ns, const PartRoom& room) {
  std::vector<Family> families = run_collectors();
  const std::scoped_lock lock(mutex_);
  Refused refused;
  look(refused);
  append_own(families, refused);
  families = in_order(std::move(families));
  give_shapes(families);
  last_shape_ += 1;
  known = known >= last_shape_ ? 0 : known;  // never given out: nothing is known
  PartWriter writer(room, last_shape_, unix_time_ns);
  const auto is_known = [known](std::uint32_t shape) { return shape <= known; };
  auto shelf = shelves_.begin();
  for (const Family& family : families) {
    for (; shelf != shelves_.end() && shelf->first < family.name; ++shelf) {
      if (!write(writer, shelf->second, is_known(shelf->second.shape))) {
        return false;
      }
    }
    const bool taken = shelf != shelves_.end() && shelf->first == family.name;
    const std::uint32_t shape = looks_.at(family.name).shape;
    if (!taken && !write_family(writer, family, shape, is_known(shape))) {
      return false;
    }
  }
  for (; shelf != shelves_.end(); ++shelf) {
    if (!write(writer, shelf->second, is_known(shelf->second.shape))) {
      return false;
    }
  }
  return writer.finish();
}

}  // namespace host::metric
