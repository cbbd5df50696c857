// backplane/cpp/mailbox.hpp - from any thread to the strand, and answers from there.
//
// Since: 1.0. Thread: any, unless said otherwise. A handle may outlive the instance: then post()
// answers BP_E_CLOSED and does nothing.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "backplane/cpp/engine.hpp"

namespace bp {

namespace detail {

/// What waits to run on the strand. One wake-up of the host per batch.
class mailbox final : public event_sink {
 public:
  using letter = std::move_only_function<void(engine&)>;

  explicit mailbox(engine& in) : of_(&in) { token_.emplace(in, static_cast<event_sink&>(*this)); }

  result<void> put(letter work) {
    const std::lock_guard hold(busy_);
    if (of_ == nullptr) {
      return fail(BP_E_CLOSED, "the instance has stopped");
    }
    if (letters_.empty()) {
      const bp_status status = of_->core->post(of_->host, of_->instance, token_->token());
      if (status < 0) {
        return std::unexpected(error(status).during("waking the strand"));
      }
    }
    letters_.push_back(std::move(work));
    return {};
  }

  /// Strand. After this the host is never called again from here.
  void close() noexcept {
    std::vector<letter> undelivered;  // destroyed without the lock: destructors may post
    {
      const std::lock_guard hold(busy_);
      of_ = nullptr;
      undelivered.swap(letters_);
    }
    token_.reset();
  }

 private:
  void on_event(const bp_event& /*event*/) override {
    std::vector<letter> batch;
    engine* in = nullptr;
    {
      const std::lock_guard hold(busy_);
      batch.swap(letters_);
      in = of_;
    }
    for (letter& each : batch) {
      if (in != nullptr) {
        if (const auto end = settle([&] { each(*in); }); !end.value) {
          in->fault(end.value.error());
        }
      }
    }
  }

  std::optional<registration> token_;
  std::mutex busy_;
  std::vector<letter> letters_;
  engine* of_;
};

}  // namespace detail

/// Runs functions on the strand. Give copies of it to your threads.
class strand_handle {
 public:
  strand_handle() = default;

  explicit strand_handle(std::shared_ptr<detail::mailbox> box) : box_(std::move(box)) {}

  /// `work()` on the strand, after what was posted before; it may return a task.
  template <typename Work>
  result<void> post(Work work) const {
    if (box_ == nullptr) {
      return fail(BP_E_CLOSED, "a strand_handle of no instance");
    }
    if constexpr (is_task<std::invoke_result_t<Work&>>) {
      return box_->put([work = std::move(work)](detail::engine& in) mutable {
        in.spawn(in.background, in.working, std::move(work), [&in](const auto& end) {
          if (!end.value && end.value.error().code() != BP_E_CANCELLED) {
            in.fault(end.value.error());
          }
        });
      });
    } else {
      return box_->put([work = std::move(work)](detail::engine&) mutable { work(); });
    }
  }

 private:
  std::shared_ptr<detail::mailbox> box_;
};

namespace detail {

template <typename Value>
struct arrival_state {
  std::optional<result<Value>> value;  // strand only
  void* waiter = nullptr;
  void (*tell)(void*) = nullptr;
};

}  // namespace detail

/// `co_await` it once, on the strand: result<Value>. Error BP_E_ABANDONED: the completion died
/// unset.
template <typename Value>
class arrival final : public suspension {
 public:
  explicit arrival(std::shared_ptr<detail::arrival_state<Value>> state)
      : state_(std::move(state)) {}

  ~arrival() override { state_->waiter = nullptr; }

  [[nodiscard]] bool await_ready() const noexcept { return state_->value.has_value(); }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    state_->waiter = this;
    state_->tell = [](void* self) { static_cast<arrival*>(self)->finish(); };
    return wait(awaiting);
  }

  result<Value> await_resume() {
    check();
    return std::move(*state_->value);
  }

 private:
  bool give_up() noexcept override {
    state_->waiter = nullptr;
    return true;
  }

  std::shared_ptr<detail::arrival_state<Value>> state_;
};

/// The answering side of an arrival: set once, from any thread.
template <typename Value>
class completion {
 public:
  completion() = default;

  explicit completion(strand_handle strand)
      : strand_(std::move(strand)), state_(std::make_shared<detail::arrival_state<Value>>()) {}

  completion(completion&&) noexcept = default;

  completion& operator=(completion&& other) noexcept {
    if (this != &other) {
      abandon();
      strand_ = std::move(other.strand_);
      state_ = std::move(other.state_);
    }
    return *this;
  }

  completion(const completion&) = delete;
  completion& operator=(const completion&) = delete;

  ~completion() { abandon(); }

  /// Strand: what to co_await. Once, before the completion is given away.
  [[nodiscard]] bp::arrival<Value> arrival() const { return bp::arrival<Value>(state_); }

  /// The answer. When the instance has stopped meanwhile, nobody waits and nothing happens.
  void set(result<Value> value) {
    auto state = std::move(state_);
    if (state == nullptr) {
      return;
    }
    (void)strand_.post([state = std::move(state), value = std::move(value)]() mutable {
      state->value.emplace(std::move(value));
      if (state->waiter != nullptr) {
        state->tell(std::exchange(state->waiter, nullptr));
      }
    });
  }

 private:
  void abandon() noexcept {
    if (state_ != nullptr) {
      set(std::unexpected(error(BP_E_ABANDONED, "the completion was dropped unset")));
    }
  }

  strand_handle strand_;
  std::shared_ptr<detail::arrival_state<Value>> state_;
};

}  // namespace bp
