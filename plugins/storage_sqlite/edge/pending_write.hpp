// plugins/storage_sqlite/edge/pending_write.hpp - one write on its way from the strand to the
// writer and back, in one piece of memory.
//
//   auto write = std::make_unique<PendingWrite<Work>>(options, work, home);
//   Committed answer(*write);
//   BP_CO_TRY(writer.submit_write(std::move(write)));
//   auto value = co_await answer;
//
// The writer owns the write until it is done, then the letter that brings it home together with
// those it shared a commit with. Whoever waits is told on the strand, or not at all when he has
// gone; the write is made all the same.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "backplane/cpp/plugin.hpp"

#include "engine/writer.hpp"

namespace storage_sqlite::edge {

/// A write that comes back to the strand.
class ReturningWrite : public engine::QueuedWrite {
 public:
  using QueuedWrite::QueuedWrite;

  /// Thread: strand.
  virtual void come_home() = 0;
};

/// The strand as the home of its ReturningWrites, and of no others. Lives as long as the store.
class Homecoming final : public engine::Home {
 public:
  explicit Homecoming(bp::strand_handle strand) : strand_(std::move(strand)) {}

  void welcome(engine::Chain<engine::QueuedWrite> writes) noexcept override {
    try {
      // Refused when the instance has stopped: then nobody waits, and they end here.
      (void)strand_.post([writes = std::move(writes)]() mutable {
        while (const std::unique_ptr<engine::QueuedWrite> one = writes.pop_front()) {
          static_cast<ReturningWrite&>(*one).come_home();
        }
      });
    } catch (...) {  // NOLINT(bugprone-empty-catch): without memory for a letter nobody can be told
    }
  }

 private:
  bp::strand_handle strand_;
};

template <typename Work>
class Committed;

template <typename Work>
class PendingWrite final : public ReturningWrite {
 public:
  using Result = std::invoke_result_t<Work&, engine::Connection&>;
  using Value = typename Result::value_type;

  PendingWrite(const engine::WriteOptions& options, Work work, Homecoming& home)
      : ReturningWrite(options, &home), work_(std::move(work)) {}

  PendingWrite(const PendingWrite&) = delete;
  PendingWrite& operator=(const PendingWrite&) = delete;
  PendingWrite(PendingWrite&&) = delete;
  PendingWrite& operator=(PendingWrite&&) = delete;

  ~PendingWrite() override {
    if (waiter_ != nullptr) {
      waiter_->forget();
    }
  }

  bp::result<void> work(engine::Connection& connection) override {
    auto value = work_(connection);
    BP_TRY(value);
    value_.emplace(std::move(*value));
    return {};
  }

  void done(const bp::error* why) override {
    if (why != nullptr) {
      error_.emplace(*why);
    }
  }

  void come_home() override {
    if (Committed<Work>* waiter = std::exchange(waiter_, nullptr); waiter != nullptr) {
      waiter->take(error_ ? Result(std::unexpected(std::move(*error_)))
                          : Result(std::move(*value_)));
    }
  }

 private:
  friend class Committed<Work>;

  Work work_;
  std::optional<Value> value_;
  std::optional<bp::error> error_;
  Committed<Work>* waiter_ = nullptr;  // strand only
};

/// `co_await` it once, after the write was submitted: what its work gave. Thread: strand.
template <typename Work>
class Committed final : public bp::suspension {
 public:
  using Result = typename PendingWrite<Work>::Result;

  explicit Committed(PendingWrite<Work>& write) : write_(&write) { write.waiter_ = this; }

  ~Committed() override { leave(); }

  [[nodiscard]] bool await_ready() const noexcept { return result_.has_value(); }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    waits_ = wait(awaiting);
    return waits_;
  }

  Result await_resume() {
    check();
    return std::move(*result_);
  }

 private:
  friend class PendingWrite<Work>;

  void take(Result result) {
    write_ = nullptr;
    result_.emplace(std::move(result));
    if (waits_) {
      finish();
    }
  }

  void forget() noexcept { write_ = nullptr; }

  void leave() noexcept {
    if (write_ != nullptr) {
      std::exchange(write_, nullptr)->waiter_ = nullptr;
    }
  }

  bool give_up() noexcept override {
    leave();
    return true;
  }

  PendingWrite<Work>* write_;
  std::optional<Result> result_;
  bool waits_ = false;
};

}  // namespace storage_sqlite::edge
