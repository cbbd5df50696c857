// backplane/cpp/strand.hpp - what the coroutines of one instance stand on.
//
// Since: 1.0. Thread: strand, all of it. Authors meet only bp::cancelled and bp::cancel_scope;
// whoever writes an awaitable of his own derives from bp::suspension.
#pragma once

#include <coroutine>
#include <cstddef>
#include <utility>

namespace bp {

/// Thrown out of a co_await when the task was cancelled (STOP, a deadline, a lost select). It is no
/// std::exception on purpose: `catch (const std::exception&)` must not swallow it. Let it pass;
/// destructors do the cleaning.
struct cancelled {};

namespace detail {

class engine;

/// A node of a ring; alone it points at itself. Unlinks itself when it dies.
struct ring_node {
  ring_node() = default;
  ring_node(const ring_node&) = delete;
  ring_node& operator=(const ring_node&) = delete;

  ~ring_node() { unlink(); }

  [[nodiscard]] bool linked() const noexcept { return next != this; }

  void unlink() noexcept {
    prev->next = next;
    next->prev = prev;
    prev = next = this;
  }

  void push_back(ring_node& node) noexcept {
    node.unlink();
    node.prev = prev;
    node.next = this;
    prev->next = &node;
    prev = &node;
  }

  ring_node* prev = this;
  ring_node* next = this;
};

struct ready_node : ring_node {
  std::coroutine_handle<> handle;
};

struct cancel_hook : ring_node {
  virtual void on_cancel() noexcept = 0;

 protected:
  ~cancel_hook() = default;
};

}  // namespace detail

/// Coroutines that may go on now, first come first served. Nobody is resumed on another's stack.
class ready_queue {
 public:
  /// Bounds one drain, so that tasks which wake each other cannot starve the events.
  static constexpr std::size_t drain_max = 1024;

  ready_queue() = default;

  /// A queue inside another: when something is ready in it, `turn` is ready in `above`, and whoever
  /// `turn` resumes drains this one in an order of his own (select does).
  ready_queue(ready_queue& above, detail::ready_node& turn) noexcept
      : above_(&above), turn_(&turn) {}

  void push(detail::ready_node& node) noexcept {
    nodes_.push_back(node);
    if (above_ != nullptr && !turn_->linked()) {
      above_->push(*turn_);
    }
  }

  [[nodiscard]] bool empty() const noexcept { return !nodes_.linked(); }

  /// Resumes what is ready. True: the bound was met and something is left.
  bool drain() {
    for (std::size_t count = 0; count < drain_max && !empty(); ++count) {
      auto& node = static_cast<detail::ready_node&>(*nodes_.next);
      node.unlink();
      node.handle.resume();
    }
    return !empty();
  }

 private:
  detail::ring_node nodes_;
  ready_queue* above_ = nullptr;
  detail::ready_node* turn_ = nullptr;
};

/// What is cancelled together. Scopes form a tree: cancelling one cancels those inside it.
class cancel_scope final : private detail::cancel_hook {
 public:
  cancel_scope() = default;

  explicit cancel_scope(cancel_scope* parent)
      : cancelled_(parent != nullptr && parent->cancelled_) {
    if (parent != nullptr && !cancelled_) {
      parent->add(*this);
    }
  }

  [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }

  /// Every await inside throws bp::cancelled, those to come included. Says so, does not wait.
  void cancel() noexcept {
    cancelled_ = true;
    while (hooks_.linked()) {
      auto& hook = static_cast<detail::cancel_hook&>(*hooks_.next);
      hook.unlink();
      hook.on_cancel();
    }
  }

  void add(detail::cancel_hook& hook) noexcept { hooks_.push_back(hook); }

 private:
  void on_cancel() noexcept override { cancel(); }

  detail::ring_node hooks_;
  bool cancelled_ = false;
};

/// What every coroutine of a task knows about its surroundings; children inherit it when awaited.
struct surroundings {
  ready_queue* queue = nullptr;
  cancel_scope* scope = nullptr;
  detail::engine* owner = nullptr;  // the instance; null in tests without one
};

/// One coroutine that waits for one thing: the base of every awaitable that really suspends.
/// The derived class says `ready`, starts its work in await_suspend() after `wait(handle)` answered
/// true, calls `finish()` when the work is done, and begins await_resume() with `check()`.
class suspension : private detail::cancel_hook, private detail::ready_node {
 public:
  suspension(const suspension&) = delete;
  suspension& operator=(const suspension&) = delete;

 protected:
  suspension() = default;
  virtual ~suspension() = default;  // an abandoned frame: both rings let go of us by themselves

  /// False: the task is cancelled already, do not start anything (await_suspend answers false).
  template <typename Promise>
  [[nodiscard]] bool wait(std::coroutine_handle<Promise> awaiting) noexcept {
    around_ = awaiting.promise().around;
    ready_node::handle = awaiting;
    if (around_.scope->cancelled()) {
      was_cancelled_ = true;
      return false;
    }
    around_.scope->add(*this);
    return true;
  }

  /// The work is done and its result is ours: it is delivered even if the task is cancelled
  /// meanwhile.
  void finish() noexcept {
    cancel_hook::unlink();
    around_.queue->push(*this);
  }

  /// Worth another look, but nothing was taken yet: cancelling still wins.
  void wake() noexcept { around_.queue->push(*this); }

  [[nodiscard]] bool waking() const noexcept { return ready_node::linked(); }

  void check() noexcept(false) {
    cancel_hook::unlink();
    if (was_cancelled_) {
      throw cancelled{};
    }
  }

  /// The task was cancelled: forget the work, its result must not come back here. False: the work
  /// cannot be given up, so the task waits for it (run_blocking).
  virtual bool give_up() noexcept = 0;

 private:
  void on_cancel() noexcept override {
    if (give_up()) {
      was_cancelled_ = true;
      around_.queue->push(*this);
    }
  }

  surroundings around_;
  bool was_cancelled_ = false;
};

}  // namespace bp
