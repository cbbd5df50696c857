// backplane/cpp/engine.hpp - the inside of a bp::context; not for authors.
//
// Since: 1.0. Thread: strand, except host, core and the other tables, which may be called as the
// law says.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backplane/abi/plugin.h"
#include "backplane/backplane.h"
#include "backplane/cpp/failure.hpp"
#include "backplane/cpp/task.hpp"
#include "backplane/kit/frame_pool.hpp"

namespace bp::detail {

/// Whoever gets events. Its token names it to the host.
struct event_sink {
  virtual void on_event(const bp_event& event) = 0;

  /// It calls a function that the author gave: none is called when the plugin is over.
  [[nodiscard]] virtual bool calls_author() const noexcept { return false; }

  /// Nothing new is wanted: what waits in the host stays there.
  virtual void hold_back() noexcept {}

 protected:
  ~event_sink() = default;
};

/// A sink that the engine keeps: by the token it was given until it is retired.
struct owned_sink : event_sink {
  owned_sink() = default;
  owned_sink(const owned_sink&) = delete;
  owned_sink& operator=(const owned_sink&) = delete;
  virtual ~owned_sink() = default;
};

/// Tokens: [generation 32][index 32]. An event for a sink that has gone finds nobody.
class token_table {
 public:
  [[nodiscard]] std::uint64_t add(event_sink& sink) {
    std::uint32_t index = free_;
    if (index == none) {
      index = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      free_ = slots_[index].next_free;
    }
    slots_[index].sink = &sink;
    return std::uint64_t{slots_[index].generation} << 32U | index;
  }

  void remove(std::uint64_t token) noexcept {
    if (find(token) == nullptr) {
      return;
    }
    slot& gone = slots_[static_cast<std::uint32_t>(token)];
    gone.sink = nullptr;
    ++gone.generation;
    gone.next_free = std::exchange(free_, static_cast<std::uint32_t>(token));
  }

  [[nodiscard]] event_sink* find(std::uint64_t token) const noexcept {
    const auto index = static_cast<std::uint32_t>(token);
    if (index >= slots_.size() || slots_[index].generation != token >> 32U) {
      return nullptr;
    }
    return slots_[index].sink;
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct slot {
    event_sink* sink = nullptr;
    std::uint32_t generation = 1;
    std::uint32_t next_free = none;
  };

  std::vector<slot> slots_;
  std::uint32_t free_ = none;
};

/// Tasks that are waited for together.
class task_group {
 public:
  /// `co_await group.joined()`: until no task of it runs. Not cancellable; one waiter at a time.
  class joined_awaiter final : public suspension {
   public:
    explicit joined_awaiter(task_group& group) : group_(group) {}

    ~joined_awaiter() override { group_.waiter_ = nullptr; }

    [[nodiscard]] bool await_ready() const noexcept { return group_.count_ == 0; }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
      group_.waiter_ = this;
      return wait(awaiting);
    }

    void await_resume() { check(); }

    void all_gone() noexcept { finish(); }

   private:
    bool give_up() noexcept override { return false; }

    task_group& group_;
  };

  [[nodiscard]] joined_awaiter joined() { return joined_awaiter(*this); }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  void enter() noexcept { ++count_; }

  void leave() noexcept {
    if (--count_ == 0 && waiter_ != nullptr) {
      std::exchange(waiter_, nullptr)->all_gone();
    }
  }

 private:
  std::size_t count_ = 0;
  joined_awaiter* waiter_ = nullptr;
};

/// The outermost coroutine of a task nobody awaits. Owns itself; dies when it ends.
struct root_coroutine {
  struct promise_type : promise_base, ring_node {
    ~promise_type() {
      if (group != nullptr) {
        group->leave();
      }
    }

    root_coroutine get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }

    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }

    void return_void() const noexcept {}

    void unhandled_exception() const noexcept { std::terminate(); }  // run_root catches everything

    task_group* group = nullptr;
  };

  std::coroutine_handle<promise_type> handle;
};

/// Puts the awaiting root into its own cancel scope.
struct adopt_scope {
  cancel_scope* scope;

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    self.promise().around.scope = scope;
    return false;
  }

  void await_resume() const noexcept {}
};

#pragma GCC diagnostic push
#if !defined(__clang__)
// g++ takes the frame of a coroutine template for a type of this header and complains when an
// author's lambda or class of an anonymous namespace is in it.
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

/// Everything one instance needs, in one place.
class engine {
 public:
  engine(const bp_host* of, bp_inst called)
      : host(of),
        instance(called),
        core(table<bp_core>(BP_CORE_ID)),
        chan(table<bp_chan_api>(BP_CHAN_ID)),
        svc(table<bp_svc_api>(BP_SVC_ID)),
        json(table<bp_json_api>(BP_JSON_ID)),
        metric(table<bp_metric_api>(BP_METRIC_ID)),
        state(table<bp_state_api>(BP_STATE_ID)),
        trace(table<bp_trace_api>(BP_TRACE_ID)),
        registry(table<bp_registry_api>(BP_REGISTRY_ID)) {}

  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  ~engine() { drop_tasks(); }

  [[nodiscard]] kit::frame_pool* frames() noexcept { return &frame_pool_; }

  [[nodiscard]] std::uint64_t now_ns() const noexcept { return core->now_ns(host); }

  /// Reports a failure that is nobody's reply.
  void fault(const error& why) const noexcept {
    bp_error raw{};
    raw.struct_size = sizeof(raw);
    why.to_abi(&raw);
    core->fault(host, instance, &raw);
  }

  /// Starts `work` (a callable that makes a task) at once, on this stack, in a scope below
  /// `parent`. `done(settled<V>, cancel_scope&)` runs when it ended. The scope is the task's own.
  template <typename Work, typename Done>
  void spawn(task_group& group, cancel_scope& parent, Work work, Done done) {
    root_coroutine root = run_root(*this, &parent, std::move(work), std::move(done));
    auto& promise = root.handle.promise();
    promise.around = {&ready, &parent, this};
    promise.group = &group;
    group.enter();
    roots_.push_back(promise);
    root.handle.resume();
  }

  /// Keeps `sink` until retire(token), or for good.
  template <typename Sink>
  Sink& keep(std::unique_ptr<Sink> sink) {
    Sink& it = *sink;
    kept_[it.token()] = std::move(sink);
    return it;
  }

  /// Done with a kept sink. It goes when the present event is over, because it may be running.
  void retire(std::uint64_t token) {
    if (const auto found = kept_.find(token); found != kept_.end()) {
      retired_.push_back(std::move(found->second));
      kept_.erase(found);
    }
  }

  void sweep() noexcept { retired_.clear(); }

  /// Before everything ends: a message that nobody takes any more would come again and again.
  void hold_back() noexcept {
    for (const auto& [token, sink] : kept_) {
      sink->hold_back();
    }
  }

  /// Destroys what still hangs somewhere; nothing does after an orderly STOP.
  void drop_tasks() noexcept {
    while (roots_.linked()) {
      auto& promise = static_cast<root_coroutine::promise_type&>(*roots_.next);
      std::coroutine_handle<root_coroutine::promise_type>::from_promise(promise).destroy();
    }
  }

  const bp_host* host;
  bp_inst instance;
  const bp_core* core;
  const bp_chan_api* chan;
  const bp_svc_api* svc;
  const bp_json_api* json;  // may be null, as those below
  const bp_metric_api* metric;
  const bp_state_api* state;
  const bp_trace_api* trace;
  const bp_registry_api* registry;

  token_table tokens;
  ready_queue ready;
  cancel_scope working;    // cancelled by STOP
  cancel_scope lifecycle;  // never cancelled
  task_group handlers;     // messages and calls: QUIESCE waits for them
  task_group background;   // timers and spawned tasks
  task_group operations;   // lifecycle hooks

 private:
  template <typename Table>
  [[nodiscard]] const Table* table(const char* id) const noexcept {
    return static_cast<const Table*>(host->query(host, id));
  }

  template <typename Work, typename Done>
  static root_coroutine run_root(engine& /*for its frame pool*/, cancel_scope* parent, Work work,
                                 Done done) {
    using returned = typename task_value<decltype(work())>::type;
    using value = typename unwrap_result<returned>::type;
    cancel_scope scope(parent);
    co_await adopt_scope{&scope};
    settled<value> end{};
    try {
      if constexpr (std::is_void_v<returned>) {
        co_await work();
      } else {
        end.value = co_await work();
      }
    } catch (...) {
      end = settle_exception<value>();
    }
    done(std::move(end));
  }

  kit::frame_pool frame_pool_;
  ring_node roots_;
  std::unordered_map<std::uint64_t, std::unique_ptr<owned_sink>> kept_;
  std::vector<std::unique_ptr<owned_sink>> retired_;
};

#pragma GCC diagnostic pop

/// A token for as long as this lives.
class registration {
 public:
  registration(engine& in, event_sink& sink) : in_(&in), token_(in.tokens.add(sink)) {}

  registration(const registration&) = delete;
  registration& operator=(const registration&) = delete;

  ~registration() { in_->tokens.remove(token_); }

  [[nodiscard]] std::uint64_t token() const noexcept { return token_; }

 private:
  engine* in_;
  std::uint64_t token_;
};

}  // namespace bp::detail
