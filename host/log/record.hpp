// host/log/record.hpp - one log line as a value, and its two written forms.
//
// Owns: its strings. Thread: a value. Errors: none; what is too long is cut and marked.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "backplane/abi/core.h"

#include "host/log/level.hpp"

namespace host::log {

inline constexpr std::size_t text_bytes_max = BP_LOG_TEXT_BYTES_MAX;  // a message, a value
inline constexpr std::size_t key_bytes_max = 128;
inline constexpr std::size_t fields_max = BP_LOG_PAIRS_MAX;

// W3C Trace Context ids. All zero means "not traced".
struct TraceContext {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};

  [[nodiscard]] bool present() const noexcept { return trace_id != decltype(trace_id){}; }

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// The value of a field, borrowed until the call returns.
class Value {
 public:
  using Variant = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  // Fields are written as {"path", path}: the conversions are the point.
  // NOLINTBEGIN(google-explicit-constructor)
  Value(std::string_view text) : value_(text) {}

  Value(const char* text) : value_(std::string_view(text)) {}

  Value(const std::string& text) : value_(std::string_view(text)) {}

  Value(bool flag) : value_(flag) {}

  Value(std::floating_point auto number) : value_(double{number}) {}

  Value(std::signed_integral auto number) : value_(std::int64_t{number}) {}

  Value(std::unsigned_integral auto number) : value_(std::uint64_t{number}) {}

  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] const Variant& get() const noexcept { return value_; }

 private:
  Variant value_;
};

struct Field {
  std::string_view key;
  Value value;
};

using OwnedValue = std::variant<std::string, std::int64_t, std::uint64_t, double, bool>;
using OwnedField = std::pair<std::string, OwnedValue>;

struct Record {
  std::chrono::sys_time<std::chrono::nanoseconds> time;
  Level level = Level::Info;
  std::string name;
  std::string message;
  std::vector<OwnedField> fields;
  TraceContext trace;
  std::string thread;
  std::string source;          // "host/loader/open.cpp:81"; empty for lines of plugins
  std::uint64_t repeated = 0;  // identical lines that were held back before this one

  // What the line costs the queue.
  [[nodiscard]] std::size_t bytes() const noexcept;
};

[[nodiscard]] OwnedField own(const Field& field);

// `text`, cut to `bytes_max` between characters and marked with an ellipsis when it was longer.
[[nodiscard]] std::string cut(std::string_view text, std::size_t bytes_max);

// Lower-case hexadecimal.
[[nodiscard]] std::string hex(std::string_view bytes);
[[nodiscard]] std::string trace_id_text(const TraceContext& trace);
[[nodiscard]] std::string span_id_text(const TraceContext& trace);

// "host/loader/open.cpp:81" from the path the compiler saw.
[[nodiscard]] std::string source_text(std::string_view path, std::uint32_t line);

// Both forms end with one newline and contain no other.
// JSON: no key appears twice; a user's key that would hide another one gets '_' appended.
void append_json(std::string& out, const Record& record);
void append_text(std::string& out, const Record& record, bool colour);

}  // namespace host::log
