// host/log/level.hpp - log levels, and which level each name writes from.
//
// Owns: the table of a filter. Thread: values. Errors: CONFIG for a text that is not a level or
// filter.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "host/error/error.hpp"

namespace host::log {

// The numbers are the law's (bp.core/1 log).
enum class Level : std::uint8_t { Trace = 0, Debug = 1, Info = 2, Warn = 3, Error = 4, Off = 5 };

[[nodiscard]] std::string_view level_name(Level level) noexcept;

// "trace" "debug" "info" "warn" "error" "off".
[[nodiscard]] error::Result<Level> parse_level(std::string_view text);

// The level of every name: its own, else that of its nearest dotted parent ("storage" speaks for
// "storage.pool"), else the fallback.
class Filter {
 public:
  using Levels = std::map<std::string, Level, std::less<>>;

  Filter() = default;
  explicit Filter(Level fallback, Levels levels = {});

  // Applies "warn,storage=trace,net=off". A level without a name replaces everything said so far:
  // BACKPLANE_LOG=off is silence, whatever the manifest asks for.
  [[nodiscard]] error::Result<void> apply(std::string_view directives);

  // An empty name sets the fallback.
  void set(std::string_view name, Level level);

  [[nodiscard]] Level level_of(std::string_view name) const noexcept;

 private:
  Level fallback_ = Level::Info;
  Levels levels_;
};

}  // namespace host::log
