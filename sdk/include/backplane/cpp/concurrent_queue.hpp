// backplane/cpp/concurrent_queue.hpp - a bounded queue between a plugin's own threads and its
// strand, in both directions.
//
//   bp::concurrent_queue<job> jobs(cx.strand(), 256);
//   std::jthread worker([jobs] { while (auto job = jobs.pop_wait()) run(*job); });       // a
//   thread co_await jobs.push(next);                          // the strand: waits while it is full
//   jobs.close();                                      // what is inside still comes out
//
// Since: 1.0. Thread: any, where not said otherwise; any number on both sides. Copies are the same
// queue. Blocks: push_wait() and pop_wait() up to their timeout, never call them on the strand; the
// rest takes a mutex for one move. Owns: its items. Errors: values (false, nullopt), and
// bp::cancelled out of a co_await, which then took and left nothing. Items are first in first out;
// of several who wait for one, who looks first gets it. Between tasks of one strand use bp::queue,
// which needs no lock. When the instance has stopped, threads go on as before: close() it in
// stop().
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "backplane/cpp/mailbox.hpp"
#include "backplane/cpp/queue.hpp"
#include "backplane/kit/ring.hpp"

namespace bp {

template <typename Item>
class concurrent_queue {
 public:
  static constexpr std::chrono::nanoseconds for_ever = std::chrono::nanoseconds::max();

  /// `strand`: whose tasks may co_await it. A capacity of 0 counts as 1.
  concurrent_queue(strand_handle strand, std::size_t capacity)
      : state_(std::make_shared<state>(std::move(strand), capacity == 0 ? 1 : capacity)) {}

  /// False: full or closed; `item` is then unchanged.
  bool try_push(Item&& item) const { return state_->try_push(item) == outcome::done; }

  /// Nullopt: empty.
  [[nodiscard]] std::optional<Item> try_pop() const { return state_->try_pop(); }

  /// A thread of the plugin's own: waits for room. False: still full, or closed; `item` is then
  /// unchanged.
  bool push_wait(Item&& item, std::chrono::nanoseconds timeout = for_ever) const {
    const auto until = point_in(timeout);
    for (;;) {
      const outcome end = state_->try_push(item);
      if (end != outcome::again) {
        return end == outcome::done;
      }
      if (!state_->wait_for_room(until)) {
        return state_->try_push(item) == outcome::done;
      }
    }
  }

  /// A thread of the plugin's own: waits for an item. Nullopt: still empty, or closed and empty.
  [[nodiscard]] std::optional<Item> pop_wait(std::chrono::nanoseconds timeout = for_ever) const {
    const auto until = point_in(timeout);
    for (;;) {
      if (auto item = state_->try_pop()) {
        return item;
      }
      if (!state_->wait_for_item(until)) {
        return state_->try_pop();
      }
    }
  }

  /// Strand, `co_await`: waits for room; false when closed, the item is lost then.
  [[nodiscard]] task<bool> push(Item item) const { return push_task(state_, std::move(item)); }

  /// Strand, `co_await`: waits for an item; nullopt when closed and empty.
  [[nodiscard]] task<std::optional<Item>> pop() const { return pop_task(state_); }

  /// Nothing more goes in. Whoever waits is woken.
  void close() const { state_->close(); }

  [[nodiscard]] bool closed() const { return state_->is_closed(); }

  [[nodiscard]] std::size_t size() const { return state_->size(); }

 private:
  enum class outcome : char { done, again, closed };

  static std::chrono::steady_clock::time_point point_in(std::chrono::nanoseconds timeout) {
    const auto now = std::chrono::steady_clock::now();
    const auto latest = std::chrono::steady_clock::time_point::max();
    return timeout < latest - now ? now + timeout : latest;
  }

  class turn final : public detail::waiting_line::place {
   public:
    using detail::waiting_line::place::place;

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    void await_resume() { arrive(); }
  };

  /// One side: the tasks (strand only) and the threads that wait for the same thing.
  struct side {
    detail::waiting_line tasks;
    std::size_t tasks_waiting = 0;  // this and the next under the mutex
    std::size_t threads_waiting = 0;
    std::condition_variable threads;
  };

  struct state : std::enable_shared_from_this<state> {
    state(strand_handle on, std::size_t most) : strand(std::move(on)), capacity(most) {}

    outcome try_push(Item& item) {
      std::unique_lock hold(busy);
      if (shut) {
        return outcome::closed;
      }
      if (items.size() >= capacity) {
        return outcome::again;
      }
      items.push_back(std::move(item));
      tell(poppers, hold);
      return outcome::done;
    }

    std::optional<Item> try_pop() {
      std::unique_lock hold(busy);
      if (items.empty()) {
        return std::nullopt;
      }
      std::optional<Item> first(std::move(items.front()));
      items.pop_front();
      tell(pushers, hold);
      return first;
    }

    /// False: the time is over, or nothing will come any more.
    bool wait_for_item(std::chrono::steady_clock::time_point until) {
      std::unique_lock hold(busy);
      return wait(poppers, hold, until, [this] { return !items.empty() || shut; }) &&
             !items.empty();
    }

    bool wait_for_room(std::chrono::steady_clock::time_point until) {
      std::unique_lock hold(busy);
      return wait(pushers, hold, until, [this] { return items.size() < capacity || shut; });
    }

    template <typename Ready>
    static bool wait(side& at, std::unique_lock<std::mutex>& hold,
                     std::chrono::steady_clock::time_point until, Ready ready) {
      ++at.threads_waiting;
      const bool there = at.threads.wait_until(hold, until, ready);
      --at.threads_waiting;
      return there;
    }

    /// Wakes one of each kind; who comes too late waits again. The lock is given up.
    void tell(side& at, std::unique_lock<std::mutex>& hold) {
      const bool threads = at.threads_waiting > 0;
      const bool tasks = at.tasks_waiting > 0 && !std::exchange(posted, true);
      hold.unlock();
      if (threads) {
        at.threads.notify_one();
      }
      if (tasks) {
        wake_strand();
      }
    }

    void wake_strand() {
      const auto sent = strand.post([self = this->shared_from_this()] { self->on_strand(); });
      if (!sent) {  // the instance has stopped: no task waits any more
        const std::lock_guard hold(busy);
        posted = false;
      }
    }

    void on_strand() {
      std::size_t there = 0;
      std::size_t room = 0;
      bool all = false;
      {
        const std::lock_guard hold(busy);
        posted = false;
        there = items.size();
        room = capacity - there;
        all = shut;
      }
      all ? poppers.tasks.wake_all() : poppers.tasks.promise(there);
      all ? pushers.tasks.wake_all() : pushers.tasks.promise(room);
    }

    void close() {
      bool tasks = false;
      {
        const std::lock_guard hold(busy);
        shut = true;
        tasks = poppers.tasks_waiting + pushers.tasks_waiting > 0 && !std::exchange(posted, true);
      }
      poppers.threads.notify_all();
      pushers.threads.notify_all();
      if (tasks) {
        wake_strand();
      }
    }

    [[nodiscard]] bool is_closed() {
      const std::lock_guard hold(busy);
      return shut;
    }

    [[nodiscard]] std::size_t size() {
      const std::lock_guard hold(busy);
      return items.size();
    }

    strand_handle strand;
    std::size_t capacity;
    std::mutex busy;
    kit::ring<Item> items;
    bool shut = false;
    bool posted = false;  // a wake-up is under way to the strand
    side poppers;
    side pushers;
  };

  /// Announces a task before it looks again, so that nothing comes between its look and its sleep.
  struct announced {
    announced(state& of, side& at) : of_(of), at_(at) { count(1); }

    announced(const announced&) = delete;
    announced& operator=(const announced&) = delete;

    ~announced() { count(static_cast<std::size_t>(-1)); }

    void count(std::size_t step) const {
      const std::lock_guard hold(of_.busy);
      at_.tasks_waiting += step;
    }

    state& of_;
    side& at_;
  };

  static task<std::optional<Item>> pop_task(std::shared_ptr<state> of) {
    if (auto item = of->try_pop()) {
      co_return item;
    }
    const announced here(*of, of->poppers);
    for (;;) {
      const bool last = of->is_closed();
      if (auto item = of->try_pop(); item || last) {
        co_return item;
      }
      co_await turn(of->poppers.tasks);
    }
  }

  static task<bool> push_task(std::shared_ptr<state> of, Item item) {
    outcome end = of->try_push(item);
    if (end != outcome::again) {
      co_return end == outcome::done;
    }
    const announced here(*of, of->pushers);
    for (;;) {
      end = of->try_push(item);
      if (end != outcome::again) {
        co_return end == outcome::done;
      }
      co_await turn(of->pushers.tasks);
    }
  }

  std::shared_ptr<state> state_;
};

}  // namespace bp
