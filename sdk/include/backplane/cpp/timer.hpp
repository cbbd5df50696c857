// backplane/cpp/timer.hpp - sleeping, repeating, and work on the blocking pool.
//
// Since: 1.0. Thread: strand.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "backplane/cpp/engine.hpp"

namespace bp {

namespace detail {

[[nodiscard]] inline std::uint64_t point_in(const engine& of, std::chrono::nanoseconds from_now) {
  return of.now_ns() + static_cast<std::uint64_t>(from_now.count() > 0 ? from_now.count() : 0);
}

class sleep_awaiter final : public suspension, private event_sink {
 public:
  sleep_awaiter(engine& of, std::chrono::nanoseconds how_long) : of_(of), how_long_(how_long) {}

  ~sleep_awaiter() override { stop(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) {
    if (!wait(awaiting)) {
      return false;
    }
    name_.emplace(of_, static_cast<event_sink&>(*this));
    const bp_status status = of_.core->timer(of_.host, of_.instance, point_in(of_, how_long_), 0,
                                             name_->token(), &timer_);
    if (status < 0) {
      name_.reset();
      throw failure(error(status).during("setting a timer"));
    }
    return true;
  }

  void await_resume() { check(); }

 private:
  void on_event(const bp_event& /*event*/) override {
    name_.reset();
    finish();
  }

  bool give_up() noexcept override {
    stop();
    return true;
  }

  void stop() noexcept {
    if (name_) {
      of_.core->cancel_timer(of_.host, timer_);
      name_.reset();
    }
  }

  engine& of_;
  std::chrono::nanoseconds how_long_;
  std::optional<registration> name_;
  bp_timer timer_ = 0;
};

/// The inside of every() and after().
class timer_end : public owned_sink {
 public:
  timer_end(engine& in, bool repeats) : of(in), repeats_(repeats), token_(in, *this) {}

  result<void> set(std::chrono::nanoseconds first, std::chrono::nanoseconds every) {
    const bp_status status =
        of.core->timer(of.host, of.instance, point_in(of, first),
                       static_cast<std::uint64_t>(every.count()), token_.token(), &timer_);
    return status < 0 ? result<void>(std::unexpected(error(status).during("setting a timer")))
                      : result<void>();
  }

  void cancel() noexcept {
    over_ = true;
    of.core->cancel_timer(of.host, timer_);
    retire_if_idle();
  }

  [[nodiscard]] bool calls_author() const noexcept final { return true; }

  [[nodiscard]] std::uint64_t token() const noexcept { return token_.token(); }

  engine& of;

 protected:
  virtual void tick() = 0;

  template <typename Value>
  void ended(const settled<Value>& end) {
    running_ = false;
    if (!end.value && end.value.error().code() != BP_E_CANCELLED) {
      of.fault(end.value.error());
    }
    retire_if_idle();
  }

 private:
  void on_event(const bp_event& /*event*/) override {
    if (over_ || running_) {
      return;  // a tick during the task of the last one is merged into it
    }
    over_ = !repeats_;
    running_ = true;
    tick();
  }

  void retire_if_idle() {
    if (over_ && !running_) {
      of.retire(token());
    }
  }

  bool repeats_;
  bool over_ = false;
  bool running_ = false;
  registration token_;
  bp_timer timer_ = 0;
};

template <typename Handler>
class ticking final : public timer_end {
 public:
  ticking(engine& in, bool repeats, Handler handler)
      : timer_end(in, repeats), handler_(std::move(handler)) {}

 private:
  void tick() override {
    if constexpr (is_task<std::invoke_result_t<Handler&>>) {
      of.spawn(
          of.background, of.working, [this] { return handler_(); },
          [this](const auto& end) { ended(end); });
    } else {
      ended(settle([this] { return handler_(); }));
    }
  }

  Handler handler_;
};

/// A function on the blocking pool. Lives until the pool is done with it, whatever becomes of the
/// task.
template <typename Function>
class blocking_job final : private event_sink {
 public:
  using value = std::invoke_result_t<Function&>;
  using stored = std::conditional_t<std::is_void_v<value>, char, value>;

  explicit blocking_job(Function function) : function_(std::move(function)) {}

  /// Negative: refused, nothing will run.
  bp_status begin(engine& of, std::shared_ptr<blocking_job> self) {
    self_ = std::move(self);
    name_.emplace(of, static_cast<event_sink&>(*this));
    const bp_status status =
        of.core->run_blocking(of.host, of.instance, &blocking_job::run, this, name_->token());
    if (status < 0) {
      name_.reset();
      self_.reset();
    }
    return status;
  }

  template <typename Done>
  void when_done(Done* awaiter) noexcept {
    awaiter_ = awaiter;
    tell_ = [](void* waiting) { static_cast<Done*>(waiting)->done(); };
  }

  void abandon() noexcept { awaiter_ = nullptr; }

  value take() {
    if (failure_) {
      std::rethrow_exception(failure_);
    }
    if (!ran_) {
      throw cancelled{};
    }
    if constexpr (!std::is_void_v<value>) {
      return std::move(*value_);
    }
  }

 private:
  static void BP_CALL run(void* self) noexcept {
    auto& job = *static_cast<blocking_job*>(self);
    job.ran_ = true;
    try {
      if constexpr (std::is_void_v<value>) {
        job.function_();
      } else {
        job.value_.emplace(job.function_());
      }
    } catch (...) {
      job.failure_ = std::current_exception();
    }
  }

  void on_event(const bp_event& /*event*/) override {
    const std::shared_ptr<blocking_job> last = std::move(self_);
    name_.reset();
    if (awaiter_ != nullptr) {
      tell_(std::exchange(awaiter_, nullptr));
    }
  }

  Function function_;
  std::optional<stored> value_;
  std::exception_ptr failure_;
  bool ran_ = false;
  std::shared_ptr<blocking_job> self_;
  std::optional<registration> name_;
  void* awaiter_ = nullptr;
  void (*tell_)(void*) = nullptr;
};

template <typename Function>
class blocking_awaiter final : public suspension {
 public:
  using value = typename blocking_job<Function>::value;

  blocking_awaiter(engine& of, Function function)
      : of_(of), job_(std::make_shared<blocking_job<Function>>(std::move(function))) {}

  ~blocking_awaiter() override { job_->abandon(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) {
    if (!wait(awaiting)) {
      return false;
    }
    job_->when_done(this);
    const bp_status status = job_->begin(of_, job_);
    if (status < 0) {
      refused_.emplace(error(status).during("handing work to the blocking pool"));
    }
    return status >= 0;
  }

  value await_resume() {
    check();
    if (!refused_) {
      return job_->take();
    }
    if constexpr (unwrap_result<value>::is_result) {
      return std::unexpected(std::move(*refused_));
    } else {
      throw failure(std::move(*refused_));
    }
  }

  void done() noexcept { finish(); }

 private:
  /// A running function cannot be stopped, and it may use the task's variables: wait for it.
  bool give_up() noexcept override { return false; }

  engine& of_;
  std::shared_ptr<blocking_job<Function>> job_;
  std::optional<error> refused_;
};

}  // namespace detail

/// A timer of every() or after(). Copies name the same.
class timer {
 public:
  timer() = default;

  timer(detail::engine& of, std::uint64_t token) : of_(&of), token_(token) {}

  /// No tick comes after this; a task that runs goes on.
  void cancel() const noexcept {
    if (of_ != nullptr) {
      if (auto* end = static_cast<detail::timer_end*>(of_->tokens.find(token_)); end != nullptr) {
        end->cancel();
      }
    }
  }

 private:
  detail::engine* of_ = nullptr;
  std::uint64_t token_ = 0;
};

}  // namespace bp
