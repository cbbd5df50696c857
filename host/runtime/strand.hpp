// host/runtime/strand.hpp - one body that runs on any worker, never twice at once.
//
// Owns: its body. Thread: any. Errors: none.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace host::runtime {

class Scheduler;

// Runs its body once for all schedule() calls since the last run began. Scheduling costs one atomic
// operation and no allocation: the queues hold plain pointers, and the state word knows whether one
// of them does. The last owner and the scheduler agree through that word who deletes.
class alignas(64) Strand {
 public:
  // `body` answers whether there is more to do at once. `name` outlives the strand.
  [[nodiscard]] static std::shared_ptr<Strand> make(Scheduler& scheduler,
                                                    std::function<bool()> body,
                                                    const std::string& name);

  Strand(const Strand&) = delete;
  Strand& operator=(const Strand&) = delete;

  // What was written before the call is seen by the body.
  void schedule();

  [[nodiscard]] bool running() const noexcept {
    return (state_.load(std::memory_order_acquire) & running_bit) != 0;
  }

  [[nodiscard]] std::string_view name() const noexcept { return name_; }

 private:
  friend class Scheduler;
  friend class StrandList;

  // queued: some queue holds it, or it shall run again after the present run. orphaned: the last
  // owner let go. closed: the runtime stopped and holds it no longer.
  static constexpr std::uint32_t queued_bit = 1;
  static constexpr std::uint32_t running_bit = 2;
  static constexpr std::uint32_t orphaned_bit = 4;
  static constexpr std::uint32_t closed_bit = 8;

  enum class After : std::uint8_t { idle, again };

  Strand(Scheduler& scheduler, std::function<bool()> body, const std::string& name)
      : scheduler_(scheduler), body_(std::move(body)), name_(name) {}

  ~Strand() = default;

  static void release(Strand* strand) noexcept;
  void close() noexcept;
  After run();

  std::atomic<std::uint32_t> state_{0};
  Strand* behind_ = nullptr;  // in a StrandList
  Scheduler& scheduler_;
  std::function<bool()> body_;
  const std::string& name_;
};

// First in, first out, linked through the strands themselves.
class StrandList {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void push_back(Strand& strand) noexcept {
    strand.behind_ = nullptr;
    (first_ == nullptr ? first_ : last_->behind_) = &strand;
    last_ = &strand;
    ++size_;
  }

  void push_front(Strand& strand) noexcept {
    strand.behind_ = first_;
    (first_ == nullptr ? last_ : first_) = &strand;
    first_ = &strand;
    ++size_;
  }

  // Null when empty.
  Strand* pop_front() noexcept {
    Strand* const strand = first_;
    if (strand != nullptr) {
      first_ = std::exchange(strand->behind_, nullptr);
      --size_;
    }
    return strand;
  }

  void append(StrandList& other) noexcept {
    while (Strand* strand = other.pop_front()) {
      push_back(*strand);
    }
  }

 private:
  Strand* first_ = nullptr;
  Strand* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace host::runtime
