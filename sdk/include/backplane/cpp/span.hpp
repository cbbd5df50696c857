// backplane/cpp/span.hpp - bp::span, a piece of traced work that ends with its object.
//
// Since: 1.0. Thread: any; one span belongs to one thread at a time.
#pragma once

#include <string_view>
#include <utility>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/log.hpp"

namespace bp {

class span {
 public:
  span() = default;

  template <typename... KeysAndValues>
  span(const detail::engine& of, std::string_view name, const trace_context* parent,
       const KeysAndValues&... keys_and_values)
      : of_(&of) {
    if (of.trace == nullptr) {
      return;
    }
    const bp_str text = detail::to_abi(name);
    detail::with_pairs(
        [&](const bp_str* pairs, std::uint32_t n_pairs) {
          if (of.trace->begin(of.host, of.instance, &text,
                              parent != nullptr ? parent->data() : nullptr, pairs, n_pairs,
                              &handle_, context_.data()) < 0) {
            handle_ = 0;
          }
        },
        keys_and_values...);
  }

  span(span&& other) noexcept
      : of_(other.of_), handle_(std::exchange(other.handle_, 0)), context_(other.context_) {}

  span& operator=(span&& other) noexcept {
    if (this != &other) {
      end();
      of_ = other.of_;
      handle_ = std::exchange(other.handle_, 0);
      context_ = other.context_;
    }
    return *this;
  }

  span(const span&) = delete;
  span& operator=(const span&) = delete;

  ~span() { end(); }

  /// Adds or replaces fields.
  template <typename... KeysAndValues>
  void set(const KeysAndValues&... keys_and_values) const {
    if (handle_ != 0) {
      detail::with_pairs(
          [&](const bp_str* pairs, std::uint32_t n_pairs) {
            of_->trace->set(of_->host, handle_, pairs, n_pairs);
          },
          keys_and_values...);
    }
  }

  void end(bp_status status = BP_OK) noexcept {
    if (handle_ != 0) {
      of_->trace->end(of_->host, std::exchange(handle_, 0), status);
    }
  }

  /// To be handed on with calls, messages and log lines.
  [[nodiscard]] const trace_context& context() const noexcept { return context_; }

 private:
  const detail::engine* of_ = nullptr;
  bp_span handle_ = 0;
  trace_context context_{};
};

}  // namespace bp
