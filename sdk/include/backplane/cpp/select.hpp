// backplane/cpp/select.hpp - the first of several awaitables, and an awaitable with a deadline.
//
//   auto first = co_await bp::select(inbox.pop(), cx.sleep(1s));      // std::variant, by index
//   auto saved = co_await bp::with_deadline(cx, 2s, save(record));    // result<...>, BP_E_TIMEOUT
//
// Since: 1.0. Thread: strand. Branches are tried in the order they are written: one that need not
// wait wins, and later ones are not even started. The losers are cancelled and joined before it
// returns, so a branch may use the variables of its caller. co_await it in the expression that
// makes it: it refers to its arguments.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

#include "backplane/cpp/context.hpp"
#include "backplane/cpp/task.hpp"

namespace bp {

namespace detail {

/// `co_await here{}`: the surroundings of the awaiting coroutine.
struct here {
  surroundings around{};

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    around = self.promise().around;
    return false;
  }

  [[nodiscard]] surroundings await_resume() const noexcept { return around; }
};

/// What void becomes where a value is needed.
template <typename Value>
using value_or_unit = std::conditional_t<std::is_void_v<Value>, std::monostate, Value>;

/// The end of one branch.
template <typename Value>
struct branch_end {
  std::optional<value_or_unit<Value>> value;
  std::exception_ptr failure;

  value_or_unit<Value> take() {
    if (failure) {
      std::rethrow_exception(failure);
    }
    return std::move(*value);
  }
};

/// Who ended first; waits for all that were started.
template <std::size_t Count>
class race final : public suspension {
 public:
  static constexpr std::size_t nobody = Count;

  void enter(std::size_t index, cancel_scope& scope) noexcept {
    scopes_[index] = &scope;
    ++running_;
  }

  void ended(std::size_t index) noexcept {
    scopes_[index] = nullptr;
    --running_;
    if (winner_ == nobody) {
      winner_ = index;
      for (cancel_scope* other : scopes_) {
        if (other != nullptr) {
          other->cancel();
        }
      }
    }
    if (running_ == 0 && waiting_) {
      finish();
    }
  }

  [[nodiscard]] std::size_t winner() const noexcept { return winner_; }

  [[nodiscard]] bool await_ready() const noexcept { return running_ == 0; }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    waiting_ = true;
    return wait(awaiting) || running_ != 0;
  }

  void await_resume() const noexcept {}

 private:
  /// Cancelled from outside: the branches' scopes are below ours and end by themselves.
  bool give_up() noexcept override { return false; }

  std::array<cancel_scope*, Count> scopes_{};
  std::size_t running_ = 0;
  std::size_t winner_ = nobody;
  bool waiting_ = false;
};

#pragma GCC diagnostic push
#if !defined(__clang__)
// g++ takes the frame of a coroutine template for a type of this header and complains when an
// author's lambda or class of an anonymous namespace is in it.
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

template <typename Awaitable, typename End, typename Race>
task<void> run_branch(Awaitable& what, End& end, Race& in, std::size_t index) {
  try {
    if constexpr (std::is_void_v<awaited_t<Awaitable>>) {
      co_await what;
      end.value.emplace();
    } else {
      end.value.emplace(co_await what);
    }
  } catch (...) {
    end.failure = std::current_exception();
  }
  in.ended(index);
}

}  // namespace detail

template <typename... Awaitables>
task<std::variant<detail::value_or_unit<detail::awaited_t<std::remove_cvref_t<Awaitables>>>...>>
select(Awaitables&&... awaitables) {
  using choice =
      std::variant<detail::value_or_unit<detail::awaited_t<std::remove_cvref_t<Awaitables>>>...>;
  constexpr std::size_t count = sizeof...(Awaitables);
  const surroundings outside = co_await detail::here{};
  std::tuple<detail::branch_end<detail::awaited_t<std::remove_cvref_t<Awaitables>>>...> ends;
  detail::race<count> race;
  std::array<std::optional<cancel_scope>, count> scopes;
  std::array<task<void>, count> branches;
  [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    (
        [&] {
          if (race.winner() != race.nobody) {
            return;
          }
          scopes[Index].emplace(outside.scope);
          race.enter(Index, *scopes[Index]);
          branches[Index] =
              detail::run_branch(awaitables, std::get<Index>(ends), race, std::size_t{Index});
          branches[Index].start({outside.queue, &*scopes[Index]});
        }(),
        ...);
  }(std::index_sequence_for<Awaitables...>());
  co_await race;

  std::optional<choice> chosen;
  [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    (
        [&] {
          if (race.winner() == Index) {
            chosen.emplace(std::in_place_index<Index>, std::get<Index>(ends).take());
          }
        }(),
        ...);
  }(std::index_sequence_for<Awaitables...>());
  co_return std::move(*chosen);
}

/// `what`, or BP_E_TIMEOUT after `limit`; a result's own error comes through.
template <typename Awaitable>
task<
    result<typename detail::unwrap_result<detail::awaited_t<std::remove_cvref_t<Awaitable>>>::type>>
with_deadline(context& cx, std::chrono::nanoseconds limit, Awaitable&& what) {
  using value = detail::awaited_t<std::remove_cvref_t<Awaitable>>;
  auto timeout = cx.sleep(limit);
  auto first = co_await select(what, timeout);
  if (first.index() == 1) {
    co_return fail(BP_E_TIMEOUT, "not done after " + quantity::text_of(limit));
  }
  if constexpr (std::is_void_v<value>) {
    co_return result<void>();
  } else {
    co_return std::get<0>(std::move(first));
  }
}

#pragma GCC diagnostic pop

}  // namespace bp
