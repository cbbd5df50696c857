// plugins/metrics_prometheus/picture.cpp - families of parts and our own, by name, as far as
// wanted.
#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "backplane/cpp/json_writer.hpp"

#include "lines.hpp"

namespace metrics_prometheus {

namespace {

namespace contract = bp::metrics::export_;

constexpr std::uint64_t ns_per_ms = 1'000'000;

std::string kind_text(std::uint32_t kind) {
  constexpr std::array<std::string_view, 6> names{"",          "counter", "gauge",
                                                  "histogram", "info",    "stateset"};
  return std::string(kind < names.size() ? names.at(kind) : "");
}

double finite(double value, std::string& special) {
  if (std::isfinite(value)) {
    return value;
  }
  special = std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  return 0.0;
}

std::unique_ptr<contract::SeriesT> series_of(const Series& from, std::uint32_t kind) {
  auto series = std::make_unique<contract::SeriesT>();
  for (const Label& label : from.labels) {
    auto& to = series->labels.emplace_back(std::make_unique<contract::LabelT>());
    to->name = label.name;
    to->value = label.value;
  }
  series->value = finite(kind == BP_METRIC_INFO ? 1.0 : from.value, series->special);
  series->sum = finite(from.sum, series->special);
  series->count = from.count;
  for (const Bucket& bucket : from.buckets) {
    if (std::isfinite(bucket.upper)) {
      auto& to = series->buckets.emplace_back(std::make_unique<contract::BucketT>());
      to->upper = bucket.upper;
      to->count = bucket.count;
    }
  }
  return series;
}

// A family whose series may lie in several parts.
struct Source {
  std::uint32_t kind = 0;
  std::string_view help;
  std::string_view unit;
  std::vector<std::pair<const Snapshot*, Snapshot::Head>> runs;
  const Family* own = nullptr;
  std::size_t n_series = 0;
};

bp::result<Series> series_at(const Snapshot& part, const Snapshot::Head& head, std::uint32_t index,
                             Snapshot::Shape& room) {
  BP_TRY(part.shape_of(head, index, room));
  const auto raw = part.series_at(head, index);
  Series series{
      .labels = room.labels, .value = raw.value, .sum = raw.sum, .count = raw.count, .buckets = {}};
  for (std::size_t i = 0; i < room.uppers.size(); ++i) {
    series.buckets.push_back({room.uppers[i], part.bucket_at(raw, i).count});
  }
  return series;
}

bp::result<std::unique_ptr<contract::FamilyT>> family_of(std::string_view name,
                                                         const Source& source) {
  auto family = std::make_unique<contract::FamilyT>();
  family->kind = kind_text(source.kind);
  family->name = name;
  family->help = source.help;
  family->unit = source.unit;
  if (source.own != nullptr) {
    for (const Series& series : source.own->series) {
      family->series.push_back(series_of(series, source.kind));
    }
  }
  Snapshot::Shape room;
  for (const auto& [part, head] : source.runs) {
    for (std::uint32_t i = 0; i < head.n_series; ++i) {
      const auto series = series_at(*part, head, i, room);
      BP_TRY(series);
      family->series.push_back(series_of(*series, source.kind));
    }
  }
  return family;
}

using Sources = std::map<std::string_view, Source>;

bp::result<Sources> sources_of(std::span<const Snapshot> parts, std::span<const Family> own,
                               const Wanted& wanted) {
  Sources all;
  const auto is_wanted = [&](std::string_view name) {
    return name.starts_with(wanted.prefix) && name > wanted.after;
  };
  for (const Snapshot& part : parts) {
    for (std::uint32_t i = 0; i < part.n_families(); ++i) {
      const auto head = part.family(i);
      BP_TRY(head);
      if (Lines::is_known(head->kind) && is_wanted(head->name)) {
        Source& source = all[head->name];
        if (source.runs.empty()) {
          source.kind = head->kind;
          source.help = head->help;
          source.unit = head->unit;
        }
        source.runs.emplace_back(&part, *head);
        source.n_series += head->n_series;
      }
    }
  }
  for (const Family& family : own) {
    if (is_wanted(family.name)) {
      all.try_emplace(family.name, Source{.kind = family.kind,
                                          .help = family.help,
                                          .unit = family.unit,
                                          .runs = {},
                                          .own = &family,
                                          .n_series = family.series.size()});
    }
  }
  return all;
}

}  // namespace

bp::result<contract::SnapshotReplyT> take_picture(std::span<const Snapshot> parts,
                                                  std::span<const Family> own,
                                                  const Wanted& wanted) {
  const auto sources = sources_of(parts, own, wanted);
  BP_TRY(sources);
  const std::size_t enough = wanted.series_max == 0
                                 ? picture_series_default
                                 : std::min(wanted.series_max, picture_series_max);
  contract::SnapshotReplyT picture;
  picture.unix_time_ms = parts.empty() ? 0 : parts.front().unix_time_ns() / ns_per_ms;
  std::size_t given = 0;
  for (const auto& [name, source] : *sources) {
    if (given > 0 && given + source.n_series > enough) {
      picture.next = picture.families.back()->name;
      break;
    }
    auto family = family_of(name, source);
    BP_TRY(family);
    given += source.n_series;
    picture.families.push_back(std::move(*family));
  }
  return picture;
}

std::string to_json(const contract::SnapshotReplyT& picture) {
  std::string text;
  bp::json::writer out(text);
  out.begin_object().key("unix_time_ms").value(picture.unix_time_ms);
  out.key("families").begin_array();
  for (const auto& family : picture.families) {
    out.begin_object().key("kind").value(family->kind).key("name").value(family->name);
    out.key("unit").value(family->unit).key("series").begin_array();
    for (const auto& series : family->series) {
      out.begin_object().key("labels").begin_object();
      for (const auto& label : series->labels) {
        out.key(label->name).value(label->value);
      }
      out.end_object();
      if (family->kind == "histogram") {
        out.key("sum").value(series->sum).key("count").value(series->count);
        out.key("buckets").begin_array();
        for (const auto& bucket : series->buckets) {
          out.begin_array().value(bucket->upper).value(bucket->count).end_array();
        }
        out.end_array();
      } else if (series->special.empty()) {
        out.key("value").value(series->value);
      } else {
        out.key("value").value(series->special);
      }
      out.end_object();
    }
    out.end_array().end_object();
  }
  out.end_array();
  if (!picture.next.empty()) {
    out.key("next").value(picture.next);
  }
  out.end_object();
  return text;
}

}  // namespace metrics_prometheus
