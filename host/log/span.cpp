// host/log/span.cpp - makes W3C ids, keeps open spans, writes finished ones.
#include "host/log/span.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

namespace host::log {

namespace {

std::mt19937_64 seeded() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(),
                     device(), device(), device(), device()};
  return std::mt19937_64(seed);
}

// Random, and never all zero: zero means "no id" (W3C Trace Context, 3.2.2.3).
template <std::size_t Bytes>
void fill(std::array<std::uint8_t, Bytes>& id, std::mt19937_64& random) {
  static_assert(Bytes % sizeof(std::uint64_t) == 0);
  id = {};
  while (id == std::array<std::uint8_t, Bytes>{}) {
    for (std::size_t at = 0; at < Bytes; at += sizeof(std::uint64_t)) {
      const std::uint64_t word = random();
      std::memcpy(id.data() + at, &word, sizeof word);
    }
  }
}

Field borrowed(const OwnedField& field) {
  return {field.first, std::visit([](const auto& held) { return Value(held); }, field.second)};
}

error::Error stale() {
  return {BP_E_STALE, "the span has ended, or belongs to another instance"};
}

}  // namespace

SpanTable::SpanTable() : random_(seeded()) {}

TraceContext SpanTable::next_context(const TraceContext& parent) {
  TraceContext context = parent;
  if (!parent.present()) {
    fill(context.trace_id, random_);
  }
  fill(context.span_id, random_);
  return context;
}

error::Result<SpanTable::Begun> SpanTable::begin(Owner owner, const Logger& logger,
                                                 std::string_view name, const TraceContext& parent,
                                                 std::span<const Field> fields) {
  if (name.empty()) {
    return error::fail(BP_E_INVALID, "a span has no name; name it after the work it measures");
  }
  Open span{.owner = owner,
            .logger = logger,
            .name = cut(name, span_name_bytes_max),
            .context = {},
            .parent_id = {},
            .began = std::chrono::steady_clock::now(),
            .fields = {}};
  for (const Field& field : fields) {
    if (!set_field(span, field)) {
      return error::fail(BP_E_BUSY, "span '" + span.name + "' has more than " +
                                        std::to_string(span_fields_max) +
                                        " fields; put details into log lines");
    }
  }
  const std::scoped_lock lock(mutex_);
  if (open_.size() >= open_spans_max) {
    return error::fail(BP_E_BUSY, std::to_string(open_spans_max) +
                                      " spans are open; end spans before beginning more");
  }
  if (parent.present()) {
    span.parent_id = parent.span_id;
  }
  span.context = next_context(parent);
  const Begun begun{++last_id_, span.context};
  open_.emplace(begun.id, std::move(span));
  return begun;
}

bool SpanTable::set_field(Open& span, const Field& field) {
  OwnedField owned = own(field);
  const auto found = std::ranges::find(span.fields, owned.first, &OwnedField::first);
  if (found != span.fields.end()) {
    found->second = std::move(owned.second);
    return true;
  }
  if (span.fields.size() >= span_fields_max) {
    return false;
  }
  span.fields.push_back(std::move(owned));
  return true;
}

error::Result<void> SpanTable::set(Owner owner, SpanId id, std::span<const Field> fields) {
  const std::scoped_lock lock(mutex_);
  const auto found = open_.find(id);
  if (found == open_.end() || found->second.owner != owner) {
    return std::unexpected(stale());
  }
  for (const Field& field : fields) {
    if (!set_field(found->second, field)) {
      return error::fail(BP_E_BUSY, "span '" + found->second.name + "' already has " +
                                        std::to_string(span_fields_max) + " fields");
    }
  }
  return {};
}

error::Result<void> SpanTable::end(Owner owner, SpanId id, bp_status status) {
  std::unique_lock lock(mutex_);
  const auto found = open_.find(id);
  if (found == open_.end() || found->second.owner != owner) {
    return std::unexpected(stale());
  }
  const auto ended = open_.extract(found);
  lock.unlock();
  write(ended.mapped(), status);
  return {};
}

std::vector<SpanTable::Open> SpanTable::take(Owner owner) {
  const std::scoped_lock lock(mutex_);
  std::vector<Open> taken;
  for (auto entry = open_.begin(); entry != open_.end();) {
    if (entry->second.owner != owner) {
      ++entry;
      continue;
    }
    taken.push_back(std::move(entry->second));
    entry = open_.erase(entry);
  }
  return taken;
}

void SpanTable::withdraw(Owner owner) {
  for (const Open& span : take(owner)) {
    write(span, BP_E_ABANDONED);
  }
}

std::size_t SpanTable::open_spans() const {
  const std::scoped_lock lock(mutex_);
  return open_.size();
}

void SpanTable::write(const Open& span, bp_status status) {
  const Level level = status < 0 ? Level::Info : Level::Debug;
  if (!span.logger.enabled(level)) {
    return;
  }
  const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - span.began);
  const std::string status_text = error::status_name(status);
  const std::string parent =
      span.parent_id == decltype(span.parent_id){}
          ? std::string()
          : hex({reinterpret_cast<const char*>(span.parent_id.data()), span.parent_id.size()});
  std::vector<Field> fields{{"duration_us", std::int64_t{duration.count()}},
                            {"status", status_text}};
  if (!parent.empty()) {
    fields.push_back({"parent_id", parent});
  }
  for (const OwnedField& field : span.fields) {
    fields.push_back(borrowed(field));
  }
  span.logger.write(level, span.name, fields, span.context);
}

}  // namespace host::log
