// host/log/span.hpp - spans of a trace: begun, given fields, and written to the log when they end.
//
// Owns: the open spans. Thread: any. Errors: STALE, INVALID, BUSY.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backplane/ext/trace.h"

#include "host/log/sink.hpp"

namespace host::log {

inline constexpr std::size_t open_spans_max = BP_TRACE_SPANS_MAX;
inline constexpr std::size_t span_fields_max = BP_TRACE_FIELDS_MAX;
inline constexpr std::size_t span_name_bytes_max = 256;

// A line at level debug, or info when the status is a failure: message = the span's name, then
// duration_us, status, parent_id, and the span's own fields.
class SpanTable {
 public:
  // Says nothing of the owner's line but who it is: an instance handle, or 0 for the host itself.
  using Owner = std::uint64_t;

  // Ids are below 2^56 and never used again, so the caller may add a kind in the top byte.
  using SpanId = std::uint64_t;

  struct Begun {
    SpanId id;
    TraceContext context;  // to hand on with calls, messages and log lines
  };

  SpanTable();

  // An absent parent starts a new trace. `logger` writes the line at the end.
  [[nodiscard]] error::Result<Begun> begin(Owner owner, const Logger& logger, std::string_view name,
                                           const TraceContext& parent,
                                           std::span<const Field> fields = {});

  // Adds fields or replaces those of equal key.
  [[nodiscard]] error::Result<void> set(Owner owner, SpanId id, std::span<const Field> fields);

  // Ends the span.
  [[nodiscard]] error::Result<void> end(Owner owner, SpanId id, bp_status status);

  // Ends every span of `owner` as ABANDONED: its instance is gone.
  void withdraw(Owner owner);

  [[nodiscard]] std::size_t open_spans() const;

 private:
  struct Open {
    Owner owner = 0;
    Logger logger;
    std::string name;
    TraceContext context;
    std::array<std::uint8_t, 8> parent_id{};
    std::chrono::steady_clock::time_point began;
    std::vector<OwnedField> fields;
  };

  [[nodiscard]] std::vector<Open> take(Owner owner);
  [[nodiscard]] TraceContext next_context(const TraceContext& parent);
  static void write(const Open& span, bp_status status);
  [[nodiscard]] static bool set_field(Open& span, const Field& field);

  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  SpanId last_id_ = 0;
  std::unordered_map<SpanId, Open> open_;
};

}  // namespace host::log
