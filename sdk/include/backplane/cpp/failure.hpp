// backplane/cpp/failure.hpp - an error on its way through code that cannot return it, and back.
//
// Since: 1.0. Thread: values. Inside start() and handlers `throw bp::failure(error)` means what
// returning the error means; every other exception that reaches the boundary is a panic.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "backplane/cpp/error.hpp"
#include "backplane/cpp/strand.hpp"

namespace bp {

class failure : public std::exception {
 public:
  explicit failure(error why) : why_(std::move(why)), text_(why_.text()) {}

  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  [[nodiscard]] const error& why() const noexcept { return why_; }

 private:
  error why_;
  std::string text_;
};

/// The value, or the error as an exception: `auto out = bp::value_of(cx.try_open("out"));`
template <typename Value>
Value value_of(result<Value> from) {
  if (!from) {
    throw failure(std::move(from).error());
  }
  if constexpr (!std::is_void_v<Value>) {
    return std::move(*from);
  }
}

namespace detail {

/// How a handler, a hook or a task ended.
template <typename Value>
struct settled {
  result<Value> value;
  bool panicked = false;
};

template <typename Type>
struct unwrap_result {
  using type = Type;
  static constexpr bool is_result = false;
};

template <typename Value>
struct unwrap_result<result<Value>> {
  using type = Value;
  static constexpr bool is_result = true;
};

/// The exception being handled, as an error. Call inside `catch (...)`.
template <typename Value>
settled<Value> settle_exception() noexcept {
  try {
    throw;
  } catch (const cancelled&) {
    return {std::unexpected(error(BP_E_CANCELLED)), false};
  } catch (const failure& known) {
    return {std::unexpected(known.why()), false};
  } catch (const std::exception& other) {
    return {std::unexpected(error(BP_E_PANIC, std::string("exception: ") + other.what())), true};
  } catch (...) {
    return {std::unexpected(error(BP_E_PANIC, "an exception that is no std::exception")), true};
  }
}

/// Runs `work` and settles what it returns or throws.
template <typename Work>
auto settle(Work&& work) noexcept {
  using returned = decltype(work());
  using value = typename unwrap_result<returned>::type;
  try {
    if constexpr (std::is_void_v<returned>) {
      work();
      return settled<void>{};
    } else {
      return settled<value>{work()};
    }
  } catch (...) {
    return settle_exception<value>();
  }
}

}  // namespace detail
}  // namespace bp
