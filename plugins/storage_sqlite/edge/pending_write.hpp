// plugins/storage_sqlite/edge/pending_write.hpp - one write on its way from the strand to the
// writer and back, in one piece of memory.
//
// The writer owns the write until it is done, then the letter that brings it home together with
// those it shared a commit with. Whoever waits is told on the strand, or not at all when he has
// gone; the write is made all the same. Access::write() makes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "backplane/cpp/plugin.hpp"
#include "backplane/kit/frame_pool.hpp"

#include "engine/writer.hpp"

namespace storage_sqlite::edge {

/// A write that comes back to the strand.
class ReturningWrite : public engine::QueuedWrite {
 public:
  using QueuedWrite::QueuedWrite;

  /// Thread: strand.
  virtual void come_home() = 0;

  // Writes come and go by the hundred, so their memory is kept for the next ones.
  [[nodiscard]] static void* operator new(std::size_t bytes) {
    return bp::kit::thread_frames::allocate(bytes);
  }

  static void operator delete(void* block, std::size_t bytes) noexcept {
    bp::kit::thread_frames::release(block, bytes);
  }
};

/// The strand as the home of its ReturningWrites, and of no others. Outlives what the writer does.
class Homecoming final : public engine::Home {
 public:
  explicit Homecoming(const bp::context& cx) : cx_(cx), strand_(cx.strand()) {}

  void welcome(engine::Chain<engine::QueuedWrite> writes) noexcept override {
    try {
      // Refused when the instance has stopped: then nobody waits, and they end here.
      (void)strand_.post([this, writes = std::move(writes)]() mutable {
        latest_ns_ = cx_.now_ns();
        while (const std::unique_ptr<engine::QueuedWrite> one = writes.pop_front()) {
          static_cast<ReturningWrite&>(*one).come_home();
        }
      });
    } catch (...) {  // NOLINT(bugprone-empty-catch): without memory for a letter nobody can be told
    }
  }

  /// When the latest of them came (context::now_ns()). Thread: strand.
  [[nodiscard]] std::uint64_t latest_ns() const noexcept { return latest_ns_; }

 private:
  const bp::context& cx_;
  bp::strand_handle strand_;
  std::uint64_t latest_ns_ = 0;
};

/// Who waits for a write. Thread: strand.
template <typename Result>
class WriteWaiter {
 public:
  virtual void take(Result result) = 0;
  /// The write ended without being made: the instance has stopped.
  virtual void forget() noexcept = 0;

 protected:
  ~WriteWaiter() = default;
};

/// `Work` may have a `came_home(const Value&)` for the strand, whether somebody waits or not.
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

  /// Null: nobody does any more.
  void set_waiter(WriteWaiter<Result>* waiter) noexcept { waiter_ = waiter; }

  bp::result<void> work(engine::Connection& connection) override {
    auto value = work_(connection);
    BP_TRY(value);
    value_.emplace(std::move(*value));
    return {};
  }

  void done(const bp::error* why) override {
    if (why != nullptr) {
      error_ = std::make_unique<bp::error>(*why);
    }
  }

  void come_home() override {
    if constexpr (requires(const Value& value) { work_.came_home(value); }) {
      if (error_ == nullptr) {
        work_.came_home(*value_);
      }
    }
    if (WriteWaiter<Result>* waiter = std::exchange(waiter_, nullptr); waiter != nullptr) {
      waiter->take(error_ != nullptr ? Result(std::unexpected(std::move(*error_)))
                                     : Result(std::move(*value_)));
    }
  }

 private:
  Work work_;
  std::optional<Value> value_;
  std::unique_ptr<bp::error> error_;
  WriteWaiter<Result>* waiter_ = nullptr;  // strand only
};

}  // namespace storage_sqlite::edge
