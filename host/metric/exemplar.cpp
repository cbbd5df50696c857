// host/metric/exemplar.cpp - keeps the last of each bucket.
#include "host/metric/exemplar.hpp"

#include <chrono>

namespace host::metric {

std::uint64_t unix_now_ns() noexcept {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

void Exemplars::put(std::size_t bucket, const Exemplar& exemplar) {
  const std::lock_guard lock(mutex_);
  if (bucket < last_.size()) {
    last_[bucket] = exemplar;
  }
}

std::vector<BucketExemplar> Exemplars::all() const {
  std::vector<BucketExemplar> all;
  const std::lock_guard lock(mutex_);
  for (std::size_t bucket = 0; bucket < last_.size(); ++bucket) {
    if (last_[bucket]) {
      all.emplace_back(static_cast<std::uint32_t>(bucket), *last_[bucket]);
    }
  }
  return all;
}

std::vector<BucketExemplar> joined(std::span<const BucketExemplar> one,
                                   std::span<const BucketExemplar> other) {
  std::vector<BucketExemplar> all;
  while (!one.empty() || !other.empty()) {
    const bool from_one =
        other.empty() || (!one.empty() && one.front().first <= other.front().first);
    std::span<const BucketExemplar>& from = from_one ? one : other;
    if (!all.empty() && all.back().first == from.front().first) {
      if (from.front().second.unix_time_ns > all.back().second.unix_time_ns) {
        all.back() = from.front();
      }
    } else {
      all.push_back(from.front());
    }
    from = from.subspan(1);
  }
  return all;
}

}  // namespace host::metric
