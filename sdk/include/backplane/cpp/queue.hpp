// backplane/cpp/queue.hpp - bounded queues and oneshots between tasks.
//
//   bp::queue<job> jobs(64);
//   co_await jobs.push(next);                      // waits while it is full
//   while (auto job = co_await jobs.pop()) { ... } // until it is closed and empty
//
// Since: 1.0. Thread: strand; for other threads: concurrent_queue.hpp. Blocks: no, tasks wait.
// Owns: its items; it outlives whoever waits on it. Errors: values (false, nullopt), and
// bp::cancelled out of a co_await. Whoever is woken takes when he runs, so a cancelled task never
// takes an item with it. Once it has held as much as it ever does, it allocates no more.
#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <utility>

#include "backplane/cpp/task.hpp"
#include "backplane/kit/ring.hpp"

namespace bp {

namespace detail {

/// Those who wait for one of several equal things, first come first served. A thing that was
/// promised to somebody who has not run yet is not free.
class waiting_line {
 public:
  class place : public suspension {
   public:
    explicit place(waiting_line& line) : line_(line) { link_.self = this; }

    ~place() override { leave(); }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
      if (!wait(awaiting)) {
        return false;
      }
      line_.places_.push_back(link_);
      return true;
    }

   protected:
    /// Begins await_resume().
    void arrive() {
      if (std::exchange(promised_, false)) {
        --line_.promised_;
      }
      check();
    }

   private:
    friend class waiting_line;

    struct link : bp::detail::ring_node {
      place* self = nullptr;
    };

    bool give_up() noexcept override {
      leave();
      return true;
    }

    void leave() noexcept {
      link_.unlink();
      if (std::exchange(promised_, false)) {
        --line_.promised_;
        line_.promise(1);  // somebody else's turn
      }
    }

    waiting_line& line_;
    link link_;
    bool promised_ = false;
  };

  /// `count` things are there; as many of those who wait are woken as are not served yet.
  void promise(std::size_t count) noexcept {
    for (; count > 0 && places_.linked(); --count) {
      place& first = *static_cast<place::link&>(*places_.next).self;
      first.link_.unlink();
      first.promised_ = true;
      ++promised_;
      first.wake();
    }
  }

  void wake_all() noexcept { promise(static_cast<std::size_t>(-1)); }

  [[nodiscard]] std::size_t promised() const noexcept { return promised_; }

 private:
  ring_node places_;
  std::size_t promised_ = 0;
};

}  // namespace detail

/// A bounded queue. Closed, it gives what it holds and takes nothing more.
template <typename Item>
class queue {
 public:
  explicit queue(std::size_t capacity) : capacity_(capacity) {}

  queue(const queue&) = delete;
  queue& operator=(const queue&) = delete;

  class push_awaiter final : public detail::waiting_line::place {
   public:
    push_awaiter(queue& into, Item item)
        : place(into.pushers_), into_(into), item_(std::move(item)) {}

    [[nodiscard]] bool await_ready() const noexcept { return into_.closed_ || into_.free() > 0; }

    /// False: the queue was closed, the item is lost.
    bool await_resume() {
      arrive();
      return !into_.closed_ && into_.put(std::move(item_));
    }

   private:
    queue& into_;
    Item item_;
  };

  class pop_awaiter final : public detail::waiting_line::place {
   public:
    explicit pop_awaiter(queue& from) : place(from.poppers_), from_(from) {}

    [[nodiscard]] bool await_ready() const noexcept {
      return from_.closed_ || from_.items_.size() > from_.poppers_.promised();
    }

    std::optional<Item> await_resume() {
      arrive();
      return from_.take();
    }

   private:
    queue& from_;
  };

  /// `co_await`: waits for room; false when closed.
  [[nodiscard]] push_awaiter push(Item item) { return push_awaiter(*this, std::move(item)); }

  /// `co_await`: waits for an item; nullopt when closed and empty.
  [[nodiscard]] pop_awaiter pop() { return pop_awaiter(*this); }

  /// False: full or closed.
  bool try_push(Item item) { return !closed_ && free() > 0 && put(std::move(item)); }

  std::optional<Item> try_pop() {
    return items_.size() > poppers_.promised() ? take() : std::nullopt;
  }

  void close() noexcept {
    closed_ = true;
    poppers_.wake_all();
    pushers_.wake_all();
  }

  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

  [[nodiscard]] bool closed() const noexcept { return closed_; }

 private:
  [[nodiscard]] std::size_t free() const noexcept {
    const std::size_t taken = items_.size() + pushers_.promised();
    return taken < capacity_ ? capacity_ - taken : 0;
  }

  bool put(Item item) {
    items_.push_back(std::move(item));
    if (items_.size() > poppers_.promised()) {
      poppers_.promise(1);
    }
    return true;
  }

  std::optional<Item> take() {
    if (items_.empty()) {
      return std::nullopt;
    }
    std::optional<Item> first(std::move(items_.front()));
    items_.pop_front();
    if (free() > 0) {
      pushers_.promise(1);
    }
    return first;
  }

  std::size_t capacity_;
  bool closed_ = false;
  kit::ring<Item> items_;
  detail::waiting_line poppers_;
  detail::waiting_line pushers_;
};

/// One value, set once, taken once.
template <typename Value>
class oneshot {
 public:
  /// False: it was set before.
  bool set(Value value) {
    if (was_set_) {
      return false;
    }
    was_set_ = true;
    return slot_.try_push(std::move(value));
  }

  /// Nobody will set it: the waiting task gets nullopt.
  void close() noexcept { slot_.close(); }

  /// `co_await`: optional<Value>.
  [[nodiscard]] auto wait() { return slot_.pop(); }

 private:
  queue<Value> slot_{1};
  bool was_set_ = false;
};

}  // namespace bp
