// backplane/cpp/select.hpp - the first of several awaitables, and an awaitable with a time limit.
//
//   auto first = co_await bp::select(commands.pop(), heartbeat.pop(), cx.sleep(1s));
//   if (auto* command = std::get_if<0>(&first)) { ... }              // std::variant, by index
//   auto saved = co_await bp::with_timeout(save(record), 2s);        // result<...>, BP_E_TIMEOUT
//
// Since: 1.0. Thread: strand. Blocks: no, tasks wait. Owns: nothing, it refers to its arguments:
// co_await it in the expression that makes it. Errors: what the winner throws comes out.
//
// select is biased: of the branches that may go on, the one written first does, whatever became
// ready first. So write commands before heartbeat before shutdown. A branch that need not wait
// wins at once, and those after it are not even started. The losers are cancelled and joined before
// it returns, so a branch may use the variables of its caller. They take nothing with them, unless
// a losing task took something and then waits for more: give select what takes last.
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

/// The branches of one select, each with a ready queue and a scope of its own, and the turn of the
/// selecting coroutine, which comes when any of them may go on.
template <std::size_t Count>
class race final : private ready_node {
 public:
  static constexpr std::size_t nobody = Count;

  explicit race(const surroundings& outside) noexcept : outside_(outside) {}

  /// Where branch `index` lives; counted as running from now on.
  surroundings enter(std::size_t index) {
    lane& mine = lanes_[index].emplace(outside_, static_cast<ready_node&>(*this));
    ++running_;
    return {&mine.queue, &mine.scope, outside_.owner};
  }

  /// Called by the branch itself, as the last that it does.
  void ended(std::size_t index) noexcept {
    --running_;
    if (winner_ == nobody) {
      winner_ = index;
      for (std::size_t other = 0; other < Count; ++other) {
        if (other != index && lanes_[other]) {
          lanes_[other]->scope.cancel();
        }
      }
    }
  }

  [[nodiscard]] std::size_t winner() const noexcept { return winner_; }

  [[nodiscard]] bool over() const noexcept { return running_ == 0; }

  /// Lets branch `index` go as far as it gets without waiting: a select in it may have chosen
  /// already and only has to see its losers off.
  void settle(std::size_t index) { lanes_[index]->queue.drain(); }

  /// Lets the first branch go on that may; the next turn is for the others.
  void go_on() {
    for (std::optional<lane>& each : lanes_) {
      if (each && !each->queue.empty()) {
        each->queue.drain();
        break;
      }
    }
    for (std::optional<lane>& each : lanes_) {
      if (each && !each->queue.empty() && !ready_node::linked()) {
        outside_.queue->push(*this);
      }
    }
  }

  /// `co_await race`: until a branch may go on. Cancelled from outside, the branches' scopes, which
  /// are below ours, end them by themselves.
  [[nodiscard]] bool await_ready() const noexcept { return false; }

  void await_suspend(std::coroutine_handle<> self) noexcept { ready_node::handle = self; }

  void await_resume() const noexcept {}

  /// No turn comes after this.
  void close() noexcept { ready_node::unlink(); }

 private:
  struct lane {
    lane(const surroundings& outside, ready_node& turn)
        : queue(*outside.queue, turn), scope(outside.scope) {}

    ready_queue queue;
    cancel_scope scope;
  };

  surroundings outside_;
  std::array<std::optional<lane>, Count> lanes_;
  std::size_t running_ = 0;
  std::size_t winner_ = nobody;
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
  std::tuple<detail::branch_end<detail::awaited_t<std::remove_cvref_t<Awaitables>>>...> ends;
  detail::race<count> race(co_await detail::here{});
  std::array<task<void>, count> branches;
  [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    (
        [&] {
          if (race.winner() != race.nobody) {
            return;
          }
          branches[Index] =
              detail::run_branch(awaitables, std::get<Index>(ends), race, std::size_t{Index});
          branches[Index].start(race.enter(Index));
          race.settle(Index);
        }(),
        ...);
  }(std::index_sequence_for<Awaitables...>());
  while (!race.over()) {
    co_await race;
    race.go_on();
  }
  race.close();

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

/// `what`, or BP_E_TIMEOUT after `limit` (then `what` is cancelled and joined); a result's own
/// error comes through.
template <typename Awaitable>
task<
    result<typename detail::unwrap_result<detail::awaited_t<std::remove_cvref_t<Awaitable>>>::type>>
with_timeout(Awaitable&& what, std::chrono::nanoseconds limit) {
  using value = detail::awaited_t<std::remove_cvref_t<Awaitable>>;
  const surroundings around = co_await detail::here{};
  detail::sleep_awaiter timeout(*around.owner, limit);
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
