// host/metric/family.hpp - a family and its series as plain values, for exporters.
//
// Owns: everything in it. Thread: a value. Errors: none.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/metric/definition.hpp"
#include "host/metric/exemplar.hpp"

namespace host::metric {

struct Bucket {
  double upper;         // +infinity for the last
  std::uint64_t count;  // observations up to `upper`, those of lower buckets included
  friend bool operator==(const Bucket&, const Bucket&) = default;
};

struct Series {
  std::vector<std::string> label_values;  // in the order of the family's names
  double value = 0.0;                     // counter or gauge
  double sum = 0.0;                       // histogram
  std::uint64_t count = 0;                // histogram
  std::vector<Bucket> buckets;            // histogram
  std::uint64_t created_unix_ns = 0;      // when it began at zero; 0: not known
  std::vector<BucketExemplar> exemplars = {};
  friend bool operator==(const Series&, const Series&) = default;
};

struct Family {
  Kind kind = Kind::Counter;
  std::string name;
  std::string help;
  std::string unit;
  std::vector<std::string> label_names;
  std::vector<Series> series;

  // One counter or gauge series: family.add({"events"}, 12).
  void add(std::vector<std::string> label_values, double value, std::uint64_t created_unix_ns = 0) {
    series.push_back({.label_values = std::move(label_values),
                      .value = value,
                      .buckets = {},
                      .created_unix_ns = created_unix_ns});
  }

  friend bool operator==(const Family&, const Family&) = default;
};

[[nodiscard]] inline Family family_of(Kind kind, std::string name, std::string help,
                                      std::vector<std::string> label_names) {
  Family family;
  family.kind = kind;
  family.name = std::move(name);
  family.help = std::move(help);
  family.label_names = std::move(label_names);
  return family;
}

}  // namespace host::metric
