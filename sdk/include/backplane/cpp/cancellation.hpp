// backplane/cpp/cancellation.hpp - cancelling some work from elsewhere on the strand.
//
//   bp::cancel_source stop_import;                                        // a member
//   auto end = co_await bp::with_cancellation(import(file), stop_import.token());
//   if (!end && end.error().code() == BP_E_CANCELLED) { ... }             // stop_import.cancel()
//
// Since: 1.0. Thread: strand (other threads: cx.post, or cx.stop_token() for loops of their own).
// Blocks: no, tasks wait. Owns: a token keeps what it needs of its source, either may go first.
// Errors: BP_E_CANCELLED as a value. What is cancelled so is everything the work awaits, its
// join_sets and selects included; it is joined before with_cancellation() returns. Cancelling the
// awaiting task itself (STOP) still throws bp::cancelled.
#pragma once

#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>

#include "backplane/cpp/select.hpp"

namespace bp {

/// Says whether, and waits until, its source or a source above that was cancelled. Copies are
/// cheap. Without a source it never is.
class cancel_token {
 public:
  class awaiter;

  cancel_token() = default;

  [[nodiscard]] bool cancelled() const noexcept { return scope_ != nullptr && scope_->cancelled(); }

  /// `co_await`: until it is cancelled.
  [[nodiscard]] awaiter wait() const;

 private:
  friend class cancel_source;

  explicit cancel_token(std::shared_ptr<cancel_scope> scope) noexcept : scope_(std::move(scope)) {}

  std::shared_ptr<cancel_scope> scope_;
};

class cancel_token::awaiter final : public suspension {
 public:
  explicit awaiter(std::shared_ptr<cancel_scope> scope) noexcept : scope_(std::move(scope)) {
    bell_.of = this;
  }

  [[nodiscard]] bool await_ready() const noexcept {
    return scope_ != nullptr && scope_->cancelled();
  }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    if (!wait(awaiting)) {
      return false;
    }
    if (scope_ != nullptr) {
      scope_->add(bell_);
    }
    return true;
  }

  void await_resume() { check(); }

 private:
  struct bell final : detail::cancel_hook {
    void on_cancel() noexcept override { of->finish(); }

    awaiter* of = nullptr;
  };

  bool give_up() noexcept override {
    bell_.unlink();
    return true;
  }

  std::shared_ptr<cancel_scope> scope_;
  bell bell_;
};

inline cancel_token::awaiter cancel_token::wait() const {
  return awaiter(scope_);
}

/// Cancels what holds its tokens. A source made from a token is its child: cancelled with it, not
/// the other way round. Its death cancels nothing.
class cancel_source {
 public:
  cancel_source() : scope_(std::make_shared<cancel_scope>()) {}

  explicit cancel_source(const cancel_token& above)
      : scope_(std::make_shared<cancel_scope>(above.scope_.get())) {}

  cancel_source(const cancel_source&) = delete;
  cancel_source& operator=(const cancel_source&) = delete;
  ~cancel_source() = default;

  /// Once and for all. Says so; whoever awaits runs later.
  void cancel() noexcept { scope_->cancel(); }

  [[nodiscard]] bool cancelled() const noexcept { return scope_->cancelled(); }

  [[nodiscard]] cancel_token token() const noexcept { return cancel_token(scope_); }

 private:
  std::shared_ptr<cancel_scope> scope_;
};

#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wsubobject-linkage"  // as in select.hpp
#endif

/// `what`, or BP_E_CANCELLED once `token` is; a token that is already does not even start it.
template <typename Awaitable>
task<
    result<typename detail::unwrap_result<detail::awaited_t<std::remove_cvref_t<Awaitable>>>::type>>
with_cancellation(Awaitable&& what, cancel_token token) {
  auto cancelled = token.wait();
  auto first = co_await select(cancelled, what);
  if (first.index() == 0) {
    co_return fail(BP_E_CANCELLED, "cancelled by its cancel_source");
  }
  if constexpr (std::is_void_v<detail::awaited_t<std::remove_cvref_t<Awaitable>>>) {
    co_return result<void>();
  } else {
    co_return std::get<1>(std::move(first));
  }
}

#pragma GCC diagnostic pop

}  // namespace bp
