// host/metric/snapshot.cpp - lays families out as header, arrays and texts.
#include "host/metric/snapshot.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>
#include <unordered_map>

namespace host::metric {

namespace {

class Writer {
 public:
  explicit Writer(const std::vector<Family>& families)
      : total_(count(families)),
        series_at_(sizeof(bp_metric_snapshot) + (families.size() * sizeof(bp_metric_family))),
        labels_at_(series_at_ + (total_.series * sizeof(bp_metric_series))),
        buckets_at_(labels_at_ + (total_.labels * sizeof(bp_metric_label))),
        created_at_(buckets_at_ + (total_.buckets * sizeof(bp_metric_bucket))),
        exemplars_at_(created_at_ + (total_.series * sizeof(std::uint64_t))),
        bytes_(exemplars_at_ + (total_.exemplars * sizeof(bp_metric_exemplar)), '\0') {}

  [[nodiscard]] std::string run(const std::vector<Family>& families, std::uint64_t unix_time_ns) {
    for (std::size_t i = 0; i < families.size(); ++i) {
      put_family(i, families[i]);
    }
    const bp_metric_snapshot header{
        .struct_size = sizeof(bp_metric_snapshot),
        .n_families = narrow(families.size()),
        .n_series = narrow(total_.series),
        .n_labels = narrow(total_.labels),
        .n_buckets = narrow(total_.buckets),
        .families_offset = sizeof(bp_metric_snapshot),
        .series_offset = narrow(series_at_),
        .labels_offset = narrow(labels_at_),
        .buckets_offset = narrow(buckets_at_),
        .shape = 0,
        .unix_time_ns = unix_time_ns,
        .created_offset = narrow(created_at_),
        .exemplars_offset = narrow(exemplars_at_),
        .n_exemplars = narrow(total_.exemplars),
        .reserved = 0,
    };
    put(0, header);
    return std::move(bytes_);
  }

 private:
  struct Counts {
    std::size_t series = 0;
    std::size_t labels = 0;
    std::size_t buckets = 0;
    std::size_t exemplars = 0;
  };

  static Counts count(const std::vector<Family>& families) {
    Counts total;
    for (const Family& family : families) {
      total.series += family.series.size();
      for (const Series& series : family.series) {
        total.labels += series.label_values.size();
        total.buckets += series.buckets.size();
        total.exemplars += series.exemplars.size();
      }
    }
    return total;
  }

  // The whole is checked against 32 bits at the end; until then nothing reads these numbers.
  static std::uint32_t narrow(std::size_t number) { return static_cast<std::uint32_t>(number); }

  template <typename Part>
  void put(std::size_t at, const Part& part) {
    static_assert(std::is_trivially_copyable_v<Part>);
    std::memcpy(bytes_.data() + at, &part, sizeof part);
  }

  bp_metric_text text(std::string_view text) {
    const auto [place, fresh] = texts_.try_emplace(text, narrow(bytes_.size()));
    if (fresh) {
      bytes_ += text;
    }
    return {.offset = place->second, .len = narrow(text.size())};
  }

  void put_family(std::size_t index, const Family& family) {
    put(sizeof(bp_metric_snapshot) + (index * sizeof(bp_metric_family)),
        bp_metric_family{.kind = static_cast<std::uint32_t>(family.kind),
                         .shape = 0,
                         .name = text(family.name),
                         .help = text(family.help),
                         .unit = text(family.unit),
                         .first_series = narrow(done_.series),
                         .n_series = narrow(family.series.size())});
    for (const Series& series : family.series) {
      put(created_at_ + (done_.series * sizeof(std::uint64_t)), series.created_unix_ns);
      for (const auto& [bucket, exemplar] : series.exemplars) {
        put(exemplars_at_ + (done_.exemplars++ * sizeof(bp_metric_exemplar)),
            to_law(narrow(done_.series), bucket, exemplar));
      }
      put(series_at_ + (done_.series++ * sizeof(bp_metric_series)),
          bp_metric_series{.first_label = narrow(done_.labels),
                           .n_labels = narrow(series.label_values.size()),
                           .first_bucket = narrow(done_.buckets),
                           .n_buckets = narrow(series.buckets.size()),
                           .value = series.value,
                           .sum = series.sum,
                           .count = series.count});
      for (std::size_t i = 0; i < series.label_values.size(); ++i) {
        put(labels_at_ + (done_.labels++ * sizeof(bp_metric_label)),
            bp_metric_label{.name = text(family.label_names.at(i)),
                            .value = text(series.label_values[i])});
      }
      for (const Bucket& bucket : series.buckets) {
        put(buckets_at_ + (done_.buckets++ * sizeof(bp_metric_bucket)),
            bp_metric_bucket{.upper = bucket.upper, .count = bucket.count});
      }
    }
  }

  Counts total_;
  std::size_t series_at_;
  std::size_t labels_at_;
  std::size_t buckets_at_;
  std::size_t created_at_;
  std::size_t exemplars_at_;
  Counts done_;
  std::string bytes_;
  std::unordered_map<std::string_view, std::uint32_t> texts_;
};

}  // namespace

bp_metric_exemplar to_law(std::uint32_t series, std::uint32_t bucket,
                          const Exemplar& exemplar) noexcept {
  bp_metric_exemplar raw{};
  raw.series = series;
  raw.bucket = bucket;
  raw.value = exemplar.value;
  raw.unix_time_ns = exemplar.unix_time_ns;
  static_assert(sizeof raw.trace == sizeof exemplar.trace);
  std::memcpy(raw.trace, exemplar.trace.data(), sizeof raw.trace);
  return raw;
}

error::Result<std::string> encode_snapshot(const std::vector<Family>& families,
                                           std::chrono::sys_time<std::chrono::nanoseconds> time) {
  Writer writer(families);
  std::string bytes =
      writer.run(families, static_cast<std::uint64_t>(time.time_since_epoch().count()));
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
    return error::fail(BP_E_TOO_LARGE, "the metrics snapshot is larger than 4 GiB");
  }
  return bytes;
}

}  // namespace host::metric
