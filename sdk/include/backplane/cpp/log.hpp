// backplane/cpp/log.hpp - log lines with keys and values.
//
//   log.info("opened", "path", path, "rows", n);
//
// Since: 1.0. Thread: any; a logger is a small value, give it to your threads. Never waits.
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/engine.hpp"

namespace bp {

namespace detail {

/// One value of a log line or span as text, without allocating for numbers.
class value_text {
 public:
  explicit value_text(std::string_view text) : view_(text) {}

  explicit value_text(const std::string& text) : view_(text) {}

  explicit value_text(const char* text) : view_(text) {}

  explicit value_text(bool value) : view_(value ? "true" : "false") {}

  explicit value_text(const error& value) : owned_(value.text()), view_(owned_) {}

  template <typename Number>
    requires(std::integral<Number> || std::floating_point<Number>) && (!std::same_as<Number, bool>)
  explicit value_text(Number value) {
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr;
    view_ = {digits_.data(), end};
  }

  template <typename Rep, typename Period>
  explicit value_text(std::chrono::duration<Rep, Period> value)
      : owned_(
            std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(value).count()) +
            "us"),
        view_(owned_) {}

  value_text(const value_text&) = delete;
  value_text& operator=(const value_text&) = delete;
  ~value_text() = default;

  [[nodiscard]] bp_str abi() const noexcept { return to_abi(view_); }

 private:
  std::array<char, 40> digits_{};  // NOLINT: filled only for numbers
  std::string owned_;
  std::string_view view_;
};

/// Calls `use(pairs, n_pairs)` with `key, value, key, value, ...` as the law wants them.
template <typename Use, typename... KeysAndValues>
void with_pairs(Use use, const KeysAndValues&... keys_and_values) {
  static_assert(sizeof...(keys_and_values) % 2 == 0, "keys and values come in pairs");
  if constexpr (sizeof...(keys_and_values) == 0) {
    use(static_cast<const bp_str*>(nullptr), 0U);
  } else {
    const std::array<value_text, sizeof...(keys_and_values)> texts{value_text(keys_and_values)...};
    std::array<bp_str, sizeof...(keys_and_values)> pairs;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      pairs[i] = texts[i].abi();
    }
    use(pairs.data(), static_cast<std::uint32_t>(pairs.size() / 2));
  }
}

}  // namespace detail

class logger {
 public:
  logger() = default;

  explicit logger(const detail::engine& of)
      : host_(of.host), instance_(of.instance), core_(of.core) {}

  /// Is a line of this level (BP_LOG_*) written now? Skip expensive values when it is not.
  [[nodiscard]] bool writes(std::uint32_t level) const noexcept {
    return core_ != nullptr && level >= core_->log_level(host_);
  }

  template <typename... KeysAndValues>
  void trace(std::string_view message, const KeysAndValues&... pairs) const {
    write(BP_LOG_TRACE, message, nullptr, pairs...);
  }

  template <typename... KeysAndValues>
  void debug(std::string_view message, const KeysAndValues&... pairs) const {
    write(BP_LOG_DEBUG, message, nullptr, pairs...);
  }

  template <typename... KeysAndValues>
  void info(std::string_view message, const KeysAndValues&... pairs) const {
    write(BP_LOG_INFO, message, nullptr, pairs...);
  }

  template <typename... KeysAndValues>
  void warn(std::string_view message, const KeysAndValues&... pairs) const {
    write(BP_LOG_WARN, message, nullptr, pairs...);
  }

  template <typename... KeysAndValues>
  void error(std::string_view message, const KeysAndValues&... pairs) const {
    write(BP_LOG_ERROR, message, nullptr, pairs...);
  }

  /// With a trace context, so that the line is found next to its span.
  template <typename... KeysAndValues>
  void write(std::uint32_t level, std::string_view message, const trace_context* trace,
             const KeysAndValues&... keys_and_values) const {
    if (!writes(level)) {
      return;
    }
    const bp_str text = detail::to_abi(message);
    detail::with_pairs(
        [&](const bp_str* pairs, std::uint32_t n_pairs) {
          core_->log(host_, instance_, level, &text, pairs, n_pairs,
                     trace != nullptr ? trace->data() : nullptr);
        },
        keys_and_values...);
  }

 private:
  const bp_host* host_ = nullptr;
  bp_inst instance_ = 0;
  const bp_core* core_ = nullptr;
};

}  // namespace bp
