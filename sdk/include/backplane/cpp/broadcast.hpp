// backplane/cpp/broadcast.hpp - one task tells many, each reads at his own pace.
//
//   bp::broadcast<quote> quotes(256);
//   auto mine = quotes.subscribe();                 // sees what is sent from now on
//   quotes.send(quote);                             // never waits
//   while (auto got = co_await mine.next()) {       // nullopt: closed, and all was read
//     if (!*got) { missed += got->error().missed; continue; }
//     use(**got);
//   }
//
// Since: 1.0. Thread: strand, between tasks of one instance; other threads send through cx.post(),
// other plugins through a channel of the bus. Blocks: no, tasks wait. Owns: the last `capacity`
// items; a receiver keeps what it needs, either may go first. Errors: lagged{missed} as a value for
// a receiver that fell more than `capacity` behind: it goes on with the oldest that is kept, and
// nobody else notices. A next() that is cancelled takes nothing. Sending costs the same for any
// number of receivers that are awake; items are copied out (make large ones std::shared_ptr).
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

#include "backplane/cpp/task.hpp"
#include "backplane/kit/recent.hpp"

namespace bp {

/// So many items went by unread.
struct lagged {
  std::uint64_t missed = 0;

  friend bool operator==(const lagged&, const lagged&) = default;
};

template <typename Item>
class broadcast {
  struct state;

 public:
  class receiver;

  /// A capacity of 0 counts as 1.
  explicit broadcast(std::size_t capacity)
      : state_(std::make_shared<state>(capacity == 0 ? 1 : capacity)) {}

  broadcast(const broadcast&) = delete;
  broadcast& operator=(const broadcast&) = delete;

  ~broadcast() { close(); }

  /// False: closed. With no receiver there is nothing to do, and nothing is kept.
  bool send(Item item) {
    if (state_->closed) {
      return false;
    }
    if (state_->receivers > 0) {
      state_->items.push(std::move(item));
      state_->wake_all();
    }
    return true;
  }

  [[nodiscard]] receiver subscribe() { return receiver(state_); }

  [[nodiscard]] std::size_t receivers() const noexcept { return state_->receivers; }

  /// Receivers read what is kept and then get nullopt.
  void close() noexcept {
    state_->closed = true;
    state_->wake_all();
  }

 private:
  class next_awaiter;

  struct state {
    explicit state(std::size_t capacity) : items(capacity) {}

    void wake_all() noexcept {
      while (waiting.linked()) {
        auto& first = static_cast<typename next_awaiter::link&>(*waiting.next);
        first.unlink();
        first.of->ring();
      }
    }

    [[nodiscard]] std::uint64_t end() const noexcept { return items.evicted() + items.size(); }

    kit::recent<Item> items;
    std::size_t receivers = 0;
    bool closed = false;
    detail::ring_node waiting;
  };

  class next_awaiter final : public suspension {
   public:
    explicit next_awaiter(receiver& from) noexcept : from_(from) { link_.of = this; }

    [[nodiscard]] bool await_ready() const noexcept { return from_.ready(); }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
      if (!wait(awaiting)) {
        return false;
      }
      from_.state_->waiting.push_back(link_);
      return true;
    }

    std::optional<std::expected<Item, lagged>> await_resume() {
      check();
      return from_.try_next();
    }

    void ring() noexcept { wake(); }

    struct link : detail::ring_node {
      next_awaiter* of = nullptr;
    };

   private:
    bool give_up() noexcept override {
      link_.unlink();
      return true;
    }

    receiver& from_;
    link link_;
  };

  std::shared_ptr<state> state_;
};

/// One cursor. Movable between co_awaits, not during one.
template <typename Item>
class broadcast<Item>::receiver {
 public:
  receiver(receiver&& other) noexcept
      : state_(std::move(other.state_)), next_(std::exchange(other.next_, 0)) {}

  receiver& operator=(receiver&& other) noexcept {
    if (this != &other) {
      leave();
      state_ = std::move(other.state_);
      next_ = std::exchange(other.next_, 0);
    }
    return *this;
  }

  receiver(const receiver&) = delete;
  receiver& operator=(const receiver&) = delete;

  ~receiver() { leave(); }

  /// `co_await`: optional<expected<Item, lagged>>; see the top.
  [[nodiscard]] auto next() noexcept { return next_awaiter(*this); }

  /// As next(), but nullopt also when there is nothing yet.
  std::optional<std::expected<Item, lagged>> try_next() {
    const std::uint64_t oldest = state_->items.evicted();
    if (next_ < oldest) {
      return std::unexpected(lagged{oldest - std::exchange(next_, oldest)});
    }
    if (next_ == state_->end()) {
      return std::nullopt;
    }
    std::expected<Item, lagged> got(state_->items[next_ - oldest]);
    ++next_;
    return got;
  }

 private:
  friend class broadcast;

  explicit receiver(std::shared_ptr<state> of) noexcept : state_(std::move(of)), next_(0) {
    ++state_->receivers;
    next_ = state_->end();
  }

  [[nodiscard]] bool ready() const noexcept { return state_->closed || next_ != state_->end(); }

  void leave() noexcept {
    if (state_ != nullptr && --state_->receivers == 0) {
      state_->items.clear();
    }
  }

  std::shared_ptr<state> state_;
  std::uint64_t next_;
};

}  // namespace bp
