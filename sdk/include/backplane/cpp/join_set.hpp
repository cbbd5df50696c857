// backplane/cpp/join_set.hpp - several tasks at once, their results as they come.
//
//   bp::join_set<int> set(cx);
//   for (auto& item : items) set.spawn([&item] { return weigh(item); });
//   while (auto weight = co_await set.next()) { ... *weight is a result<int> ... }
//
// Since: 1.0. Thread: strand. Blocks: no, tasks wait. Owns: its children. Errors: values; a child
// that throws is a result with BP_E_PANIC and its text. When the awaiting task is cancelled, the
// children are cancelled and joined before next() throws. Join before you leave the scope in any
// other way: the destructor cancels, but it cannot wait.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "backplane/cpp/context.hpp"
#include "backplane/cpp/task.hpp"
#include "backplane/kit/ring.hpp"

namespace bp {

template <typename Value = void>
class join_set {
  struct state;

 public:
  explicit join_set(context& cx) : of_(&cx.engine()), state_(std::make_shared<state>(*of_)) {}

  join_set(const join_set&) = delete;
  join_set& operator=(const join_set&) = delete;

  ~join_set() {
    state_->waiter = nullptr;
    state_->scope.cancel();
  }

  /// Starts a child: a callable that returns task<Value> or task<result<Value>>.
  template <typename Work>
    requires is_task<std::invoke_result_t<Work&>>
  void spawn(Work work) {
    ++state_->running;
    start(std::move(work));
  }

  /// How many were spawned and not yet taken by next().
  [[nodiscard]] std::size_t size() const noexcept {
    return state_->running + state_->finished.size();
  }

  void cancel() noexcept { state_->scope.cancel(); }

  class next_awaiter final : public suspension {
   public:
    explicit next_awaiter(join_set& set) : set_(*set.state_) {}

    ~next_awaiter() override { set_.waiter = nullptr; }

    [[nodiscard]] bool await_ready() const noexcept {
      return !set_.finished.empty() || set_.running == 0;
    }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
      set_.waiter = this;
      if (wait(awaiting)) {
        return true;
      }
      give_up();
      return set_.running != 0;  // cancelled already: wait for the children all the same
    }

    std::optional<result<Value>> await_resume() {
      check();
      if (leaving_) {
        throw cancelled{};
      }
      if (set_.finished.empty()) {
        return std::nullopt;
      }
      std::optional<result<Value>> first(std::move(set_.finished.front()));
      set_.finished.pop_front();
      return first;
    }

    void one_ended() noexcept {
      if (!leaving_ || set_.running == 0) {
        set_.waiter = nullptr;
        finish();
      }
    }

   private:
    bool give_up() noexcept override {
      leaving_ = true;
      set_.scope.cancel();
      return false;
    }

    state& set_;
    bool leaving_ = false;
  };

  /// `co_await`: the next result, in order of their ends; nullopt when there is none left.
  [[nodiscard]] next_awaiter next() { return next_awaiter(*this); }

  /// Waits for all. The first error, if any; the other children are cancelled by it.
  task<result<void>> join_all() {
    result<void> all;
    while (auto one = co_await next()) {
      if (!*one && all) {
        all = std::unexpected(std::move(*one).error());
        cancel();
      }
    }
    co_return all;
  }

 private:
  struct state {
    explicit state(detail::engine& of) : scope(&of.working) {}

    cancel_scope scope;
    kit::ring<result<Value>> finished;
    std::size_t running = 0;
    next_awaiter* waiter = nullptr;
  };

  template <typename Work>
  void start(Work work) {
    of_->spawn(of_->background, state_->scope, std::move(work),
               [state = state_](detail::settled<Value> end) {
                 --state->running;
                 state->finished.push_back(std::move(end.value));
                 if (state->waiter != nullptr) {
                   state->waiter->one_ended();
                 }
               });
  }

  detail::engine* of_;
  std::shared_ptr<state> state_;
};

}  // namespace bp
