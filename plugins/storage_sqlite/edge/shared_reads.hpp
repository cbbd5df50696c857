// plugins/storage_sqlite/edge/shared_reads.hpp - small reads that arrive together are made
// together: one visit of the blocking pool, one reader, one transaction.
//
// While one group is read the next gathers, so groups grow with the load and a lone read waits for
// nobody. A resource of the instance. Thread: strand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "backplane/cpp/plugin.hpp"

#include "engine/pool.hpp"
#include "engine/shared_read.hpp"

namespace storage_sqlite::edge {

class SharedReads {
 public:
  static constexpr std::size_t group_reads_max = 256;
  /// Fewer are not divided: each group costs a way to the blocking pool and back.
  static constexpr std::size_t group_reads_min = 16;
  /// What the results of a group hold until they are answered, and one more of them.
  static constexpr std::size_t group_bytes_max = std::size_t{8} << 20U;
  /// So many have to wait before another reader is put to work for them.
  static constexpr std::size_t waiting_per_reader = 64;

  /// Both outlive this object. `readers_max`: how many readers it may use at once.
  SharedReads(bp::context& cx, engine::Pool& pool, std::uint32_t readers_max)
      : cx_(cx), pool_(pool), readers_max_(readers_max) {}

  SharedReads(const SharedReads&) = delete;
  SharedReads& operator=(const SharedReads&) = delete;
  SharedReads(SharedReads&&) = delete;
  SharedReads& operator=(SharedReads&&) = delete;
  ~SharedReads() = default;

  /// How many groups were read so far.
  [[nodiscard]] std::uint64_t groups() const noexcept { return groups_; }

  /// `co_await`: one read among those that wait. What derives from it says what is read, and what
  /// the awaiting gives: await_resume() begins with check().
  class Waiting : public bp::suspension, public engine::SharedRead {
   public:
    explicit Waiting(SharedReads& line) : line_(line) {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) {
      const bool may_wait = wait(awaiting);
      if (may_wait) {
        line_.join(*this);
      }
      return may_wait;
    }

    void set_begun(bool begun) noexcept { begun_ = begun; }

    void done() noexcept { finish(); }

   private:
    /// Who is being read already has to wait for the end of it.
    bool give_up() noexcept override {
      if (!begun_) {
        std::erase(line_.waiting_, this);
      }
      return !begun_;
    }

    SharedReads& line_;
    bool begun_ = false;
  };

 private:
  /// `co_await`: goes on when the events that came together were all seen.
  class Later final : public bp::suspension {
   public:
    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
      const bool may_wait = wait(awaiting);
      if (may_wait) {
        wake();
      }
      return may_wait;
    }

    void await_resume() { check(); }

   private:
    bool give_up() noexcept override { return true; }
  };

  void join(Waiting& one) {
    waiting_.push_back(&one);
    if (reading_ == 0 ||
        (reading_ < readers_max_ && waiting_.size() >= waiting_per_reader * reading_)) {
      ++reading_;
      cx_.spawn([this] { return read_all(); });
    }
  }

  bp::task<void> read_all() {
    co_await Later();
    std::size_t answered = 0;
    while (!waiting_.empty()) {
      std::vector<Waiting*> group = take_group(answered);
      std::vector<engine::SharedRead*> reads(group.begin(), group.end());
      const auto count = co_await cx_.run_blocking([this, &reads]() -> bp::result<std::size_t> {
        return engine::read_together(pool_, reads, group_bytes_max);
      });
      ++groups_;
      if (!count) {
        for (Waiting* one : group) {
          one->fail(count.error());
        }
      }
      put_back(group, count.value_or(group.size()));
      for (Waiting* one : group) {
        one->done();  // it goes on while the next group is read
      }
      answered = group.size();
    }
    --reading_;
  }

  /// Half of those that wait or are answered just now, so that one half is read while the other is
  /// answered and comes again.
  std::vector<Waiting*> take_group(std::size_t answered) {
    const std::size_t half =
        std::clamp((waiting_.size() + answered + 1) / 2, group_reads_min, group_reads_max);
    const auto end =
        waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), half));
    std::vector<Waiting*> group(waiting_.begin(), end);
    waiting_.erase(waiting_.begin(), end);
    for (Waiting* one : group) {
      one->set_begun(true);
    }
    return group;
  }

  /// Those whose turn did not come lead the next group.
  void put_back(std::vector<Waiting*>& group, std::size_t first) {
    const auto rest = group.begin() + static_cast<std::ptrdiff_t>(first);
    for (auto one = rest; one != group.end(); ++one) {
      (*one)->set_begun(false);
    }
    waiting_.insert(waiting_.begin(), rest, group.end());
    group.erase(rest, group.end());
  }

  bp::context& cx_;
  engine::Pool& pool_;
  std::uint32_t readers_max_;
  std::vector<Waiting*> waiting_;
  std::size_t reading_ = 0;
  std::uint64_t groups_ = 0;
};

}  // namespace storage_sqlite::edge
