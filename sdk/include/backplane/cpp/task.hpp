// backplane/cpp/task.hpp - bp::task<T>: a coroutine on the strand, lazy, owned, awaited once.
//
// Since: 1.0. Thread: strand. A task starts when it is awaited (or spawned) and dies with its
// object. What it throws comes out of the co_await. A child inherits the parent's cancel scope.
// Frames come from the pool of the first parameter that has one (bp::context, bp::message,
// bp::call), else from the thread's (kit/frame_pool.hpp): once warm, a co_await takes nothing from
// malloc.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "backplane/cpp/strand.hpp"
#include "backplane/kit/frame_pool.hpp"

namespace bp {

template <typename Value = void>
class task;

namespace detail {

template <typename Argument>
kit::frame_pool* pool_of(Argument& argument) noexcept {
  if constexpr (requires {
                  { argument.frames() } -> std::same_as<kit::frame_pool*>;
                }) {
    return argument.frames();
  } else {
    return nullptr;
  }
}

/// Frames carry the address of their pool in front of them; null: the thread's.
struct frame_memory {
  static constexpr std::size_t head_bytes = alignof(std::max_align_t);

  // Inlined always: otherwise g++ 12 takes these for a mismatched pair and warns.
  template <typename... Arguments>
  [[gnu::always_inline]] static void* operator new(std::size_t bytes, Arguments&... arguments) {
    kit::frame_pool* pool = nullptr;
    ((pool = pool != nullptr ? pool : pool_of(arguments)), ...);
    return head(pool, bytes);
  }

  [[gnu::always_inline]] static void* operator new(std::size_t bytes) {
    return head(nullptr, bytes);
  }

  [[gnu::always_inline]] static void operator delete(void* frame, std::size_t bytes) noexcept {
    void* block = static_cast<std::byte*>(frame) - head_bytes;
    kit::frame_pool* pool = *static_cast<kit::frame_pool**>(block);
    if (pool != nullptr) {
      pool->release(block, bytes + head_bytes);
    } else {
      kit::thread_frames::release(block, bytes + head_bytes);
    }
  }

 private:
  static void* head(kit::frame_pool* pool, std::size_t bytes) {
    void* block = pool != nullptr ? pool->allocate(bytes + head_bytes)
                                  : kit::thread_frames::allocate(bytes + head_bytes);
    ::new (block) kit::frame_pool*(pool);
    return static_cast<std::byte*>(block) + head_bytes;
  }
};

struct promise_base : frame_memory {
  /// Hands over to whoever awaits us. While we are being started inside his await_suspend he is
  /// told by `done` instead, so that a loop over tasks that never wait needs no stack.
  struct final_awaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      promise_base& promise = self.promise();
      promise.done = true;
      if (promise.starting || !promise.continuation) {
        return std::noop_coroutine();
      }
      return promise.continuation;
    }

    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }

  [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }

  void unhandled_exception() noexcept { failure = std::current_exception(); }

  surroundings around;
  std::coroutine_handle<> continuation;
  std::exception_ptr failure;
  bool starting = false;
  bool done = false;
};

template <typename Value>
struct task_promise : promise_base {
  task<Value> get_return_object() noexcept;

  template <typename From>
    requires std::constructible_from<Value, From>
  void return_value(From&& from) {
    value.emplace(std::forward<From>(from));
  }

  Value take() {
    if (failure) {
      std::rethrow_exception(failure);
    }
    return std::move(*value);
  }

  std::optional<Value> value;
};

template <>
struct task_promise<void> : promise_base {
  task<void> get_return_object() noexcept;

  void return_void() const noexcept {}

  void take() const {
    if (failure) {
      std::rethrow_exception(failure);
    }
  }
};

}  // namespace detail

template <typename Value>
class [[nodiscard]] task {
 public:
  using promise_type = detail::task_promise<Value>;
  using value_type = Value;

  task() = default;

  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  task(task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}

  task& operator=(task&& other) noexcept {
    if (this != &other) {
      reset();
      frame_ = std::exchange(other.frame_, {});
    }
    return *this;
  }

  task(const task&) = delete;
  task& operator=(const task&) = delete;

  ~task() { reset(); }

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) {
    promise_type& promise = frame_.promise();
    promise.around = awaiting.promise().around;
    promise.continuation = awaiting;
    promise.starting = true;
    frame_.resume();
    promise.starting = false;
    return !promise.done;
  }

  Value await_resume() { return frame_.promise().take(); }

  /// For the layer: starts it beside its owner, awaited by nobody; it must not fail.
  void start(const surroundings& around) {
    frame_.promise().around = around;
    frame_.resume();
  }

 private:
  void reset() noexcept {
    if (frame_) {
      std::exchange(frame_, {}).destroy();
    }
  }

  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <typename Value>
task<Value> task_promise<Value>::get_return_object() noexcept {
  return task<Value>(std::coroutine_handle<task_promise>::from_promise(*this));
}

inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

template <typename Type>
struct task_value {
  static constexpr bool is_task = false;
  using type = Type;
};

template <typename Value>
struct task_value<task<Value>> {
  static constexpr bool is_task = true;
  using type = Value;
};

/// What `co_await` of it gives: for tasks and for our awaiters alike.
template <typename Awaitable>
using awaited_t = decltype(std::declval<Awaitable&>().await_resume());

}  // namespace detail

/// Is it a bp::task of anything?
template <typename Type>
concept is_task = detail::task_value<std::remove_cvref_t<Type>>::is_task;

}  // namespace bp

/// `BP_CO_TRY(co_await sent);` inside a task<result<...>>: leaves with the error.
#define BP_CO_TRY(expression)                                      \
  do {                                                             \
    if (auto&& bp_try_result = (expression); !bp_try_result) {     \
      co_return std::unexpected(std::move(bp_try_result).error()); \
    }                                                              \
  } while (false)
