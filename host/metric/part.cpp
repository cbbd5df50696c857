// host/metric/part.cpp - gathers families and series, and lays them out when a part is full.
#include "host/metric/part.hpp"

#include <cstring>

#include "host/metric/snapshot.hpp"

namespace host::metric {

namespace {

std::uint32_t narrow(std::size_t number) {
  return static_cast<std::uint32_t>(number);  // parts are far below 4 GiB
}

template <typename Item>
std::size_t bytes_of(const std::vector<Item>& items) noexcept {
  return items.size() * sizeof(Item);
}

template <typename Item>
std::byte* put(std::byte* to, const std::vector<Item>& items) {
  if (!items.empty()) {
    std::memcpy(to, items.data(), bytes_of(items));
  }
  return to + bytes_of(items);
}

}  // namespace

std::size_t PartWriter::size() const noexcept {
  return sizeof(bp_metric_snapshot) + bytes_of(families_) + bytes_of(series_) + bytes_of(labels_) +
         bytes_of(buckets_) + (created_.empty() ? 0 : series_.size() * sizeof(std::uint64_t)) +
         bytes_of(exemplars_) + texts_.size();
}

// Offsets count from the texts' beginning until the part is laid out.
bp_metric_text PartWriter::text(std::string_view text) {
  texts_ += text;
  return {.offset = narrow(texts_.size() - text.size()), .len = narrow(text.size())};
}

// Series are in order, so most values of a label are those of the series before.
bp_metric_text PartWriter::repeated(std::string_view value, bp_metric_text& last) {
  if (std::string_view(texts_).substr(last.offset, last.len) != value) {
    last = text(value);
  }
  return last;
}

void PartWriter::begin(const PartHead& head, std::span<const std::string_view> label_names) {
  head_ = head;
  label_names_ = label_names;
  put_head();
}

void PartWriter::put_head() {
  families_.push_back({.kind = static_cast<std::uint32_t>(head_.kind),
                       .shape = head_.shape,
                       .name = text(head_.name),
                       .help = head_.known ? bp_metric_text{} : text(head_.help),
                       .unit = head_.known ? bp_metric_text{} : text(head_.unit),
                       .first_series = narrow(series_.size()),
                       .n_series = 0});
  names_in_part_.clear();
  values_in_part_.assign(head_.known ? 0 : label_names_.size(), {});
  if (!head_.known) {
    for (const std::string_view name : label_names_) {
      names_in_part_.push_back(text(name));
    }
  }
}

bool PartWriter::add(std::span<const std::string_view> label_values, double value,
                     const PartExtra& extra) {
  return add(label_values,
             {.first_label = 0,
              .n_labels = 0,
              .first_bucket = 0,
              .n_buckets = 0,
              .value = value,
              .sum = 0,
              .count = 0},
             extra);
}

bool PartWriter::add(std::span<const std::string_view> label_values, const Series& histogram) {
  const std::uint32_t first = narrow(buckets_.size());
  for (const Bucket& bucket : histogram.buckets) {
    buckets_.push_back({.upper = bucket.upper, .count = bucket.count});
  }
  return add(label_values,
             {.first_label = 0,
              .n_labels = 0,
              .first_bucket = first,
              .n_buckets = narrow(histogram.buckets.size()),
              .value = histogram.value,
              .sum = histogram.sum,
              .count = histogram.count},
             {histogram.created_unix_ns, histogram.exemplars});
}

bool PartWriter::add(std::span<const std::string_view> label_values, bp_metric_series series,
                     const PartExtra& extra) {
  if (!head_.known) {
    series.first_label = narrow(labels_.size());
    series.n_labels = narrow(label_values.size());
    for (std::size_t i = 0; i < label_values.size(); ++i) {
      labels_.push_back(
          {.name = names_in_part_[i], .value = repeated(label_values[i], values_in_part_[i])});
    }
    if (extra.created_unix_ns != 0) {
      created_.resize(series_.size());
      created_.push_back(extra.created_unix_ns);
    }
  }
  for (const auto& [bucket, exemplar] : extra.exemplars) {
    exemplars_.push_back(to_law(narrow(series_.size()), bucket, exemplar));
  }
  series_.push_back(series);
  ++families_.back().n_series;
  if (size() < part_bytes) {
    return true;
  }
  if (!close()) {
    return false;
  }
  put_head();  // what is left of the family begins the next part
  return true;
}

bool PartWriter::close() {
  if (!created_.empty()) {
    created_.resize(series_.size());
  }
  const std::size_t bytes = size();
  std::byte* const at = room_(bytes);
  if (at == nullptr) {
    return false;
  }
  bp_metric_snapshot header{};
  header.struct_size = sizeof header;
  header.n_families = narrow(families_.size());
  header.n_series = narrow(series_.size());
  header.n_labels = narrow(labels_.size());
  header.n_buckets = narrow(buckets_.size());
  header.families_offset = sizeof header;
  header.series_offset = header.families_offset + narrow(bytes_of(families_));
  header.labels_offset = header.series_offset + narrow(bytes_of(series_));
  header.buckets_offset = header.labels_offset + narrow(bytes_of(labels_));
  header.shape = shape_;
  header.unix_time_ns = unix_time_ns_;
  const std::uint32_t created = header.buckets_offset + narrow(bytes_of(buckets_));
  header.created_offset = created_.empty() ? 0 : created;
  header.exemplars_offset = created + narrow(bytes_of(created_));
  header.n_exemplars = narrow(exemplars_.size());
  const std::uint32_t texts = header.exemplars_offset + narrow(bytes_of(exemplars_));
  for (bp_metric_family& family : families_) {
    family.name.offset += texts;
    family.help.offset += texts;
    family.unit.offset += texts;
  }
  for (bp_metric_label& label : labels_) {
    label.name.offset += texts;
    label.value.offset += texts;
  }
  std::memcpy(at, &header, sizeof header);
  std::byte* end = put(at + sizeof header, families_);
  end = put(end, series_);
  end = put(end, labels_);
  end = put(end, buckets_);
  end = put(end, created_);
  end = put(end, exemplars_);
  std::memcpy(end, texts_.data(), texts_.size());
  families_.clear();
  series_.clear();
  labels_.clear();
  buckets_.clear();
  created_.clear();
  exemplars_.clear();
  texts_.clear();
  return true;
}

bool PartWriter::finish() {
  // A family that was full with the part before has nothing left to say.
  return close();
}

}  // namespace host::metric
