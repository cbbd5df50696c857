// host/log/collapse.cpp - decides which repetitions are written and which are only counted.
#include "host/log/collapse.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

namespace host::log {

namespace {

std::size_t mixed(std::size_t seed, std::size_t hash) noexcept {
  return seed ^ (hash + 0x9E3779B97F4A7C15U + (seed << 6U) + (seed >> 2U));
}

std::size_t message_hash(const Record& record) noexcept {
  const std::hash<std::string_view> hash;
  return mixed(mixed(hash(record.name), hash(record.message)),
               static_cast<std::size_t>(record.level));
}

std::size_t fields_hash(const Record& record) noexcept {
  std::size_t seed = record.fields.size();
  for (const auto& [key, value] : record.fields) {
    seed = mixed(mixed(seed, std::hash<std::string>{}(key)), std::hash<OwnedValue>{}(value));
  }
  return seed;
}

}  // namespace

void Collapse::watch(std::size_t message, std::size_t fields, Time now) {
  if (watched_.size() >= watched_messages_max) {
    std::erase_if(watched_, [now](const auto& entry) {
      return entry.second.held_back == 0 && entry.second.ends <= now;
    });
  }
  if (watched_.size() < watched_messages_max) {
    watched_.emplace(message, Watched{.ends = now + window_, .fields_hash = fields, .last = {}});
  }
}

bool Collapse::admit(const Record& record, Time now) {
  if (window_.count() == 0 || record.level < Level::Info) {
    return true;
  }
  const std::size_t fields = fields_hash(record);
  const std::size_t message = message_hash(record);
  const auto found = watched_.find(message);
  if (found == watched_.end()) {
    watch(message, fields, now);
    return true;
  }
  Watched& seen = found->second;
  if (seen.held_back == 0 && seen.ends <= now) {
    seen = Watched{.ends = now + window_, .fields_hash = fields, .last = {}};
    return true;
  }
  if (seen.fields_hash != fields && seen.written < burst_max) {
    seen.fields_hash = fields;
    ++seen.written;
    return true;
  }
  ++seen.held_back;
  seen.last = record;
  next_due_ = std::min(next_due_.value_or(seen.ends), seen.ends);
  return false;
}

std::vector<Record> Collapse::expire(Time now) {
  std::vector<Record> summaries;
  if (!next_due_ || *next_due_ > now) {
    return summaries;
  }
  next_due_.reset();
  for (auto entry = watched_.begin(); entry != watched_.end();) {
    Watched& seen = entry->second;
    const bool ended = seen.ends <= now;
    if (ended && seen.held_back > 0) {
      seen.last.repeated = seen.held_back;
      summaries.push_back(std::move(seen.last));
    } else if (!ended && seen.held_back > 0) {
      next_due_ = std::min(next_due_.value_or(seen.ends), seen.ends);
    }
    entry = ended ? watched_.erase(entry) : std::next(entry);
  }
  std::ranges::sort(summaries, {}, &Record::time);
  return summaries;
}

std::vector<Record> Collapse::drain() {
  next_due_ = Time::min();
  return expire(Time::max());
}

}  // namespace host::log
