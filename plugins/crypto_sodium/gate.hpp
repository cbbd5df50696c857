// plugins/crypto_sodium/gate.hpp - a few at a time, some may wait, the rest are told to come back.
//
// Keeps password work from filling the host's blocking pool. Thread: strand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <utility>

#include "backplane/cpp/error.hpp"
#include "backplane/cpp/strand.hpp"

namespace crypto_sodium {

class Gate {
 public:
  /// Inside: as long as it lives, one of the places is taken.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(&gate) {}

    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}

    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    Pass& operator=(Pass&&) = delete;

    ~Pass() {
      if (gate_ != nullptr) {
        gate_->leave();
      }
    }

   private:
    Gate* gate_;
  };

  /// `co_await gate.enter()` gives bp::result<Pass>; first come, first served.
  /// Errors: BUSY when too many wait, UNAVAILABLE once the gate is closed.
  class Turn final : public bp::suspension {
   public:
    explicit Turn(Gate& gate) : gate_(gate) {}

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() override;

    [[nodiscard]] bool await_ready() noexcept;

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) {
      if (!wait(awaiting)) {
        return false;
      }
      gate_.waiting_.push_back(this);
      return true;
    }

    bp::result<Pass> await_resume();

   private:
    friend class Gate;

    enum class Standing : std::uint8_t { Outside, Inside, Refused, Closed };

    bool give_up() noexcept override;
    void decide(Standing standing) noexcept;

    Gate& gate_;
    Standing standing_ = Standing::Outside;
  };

  Gate(std::size_t inside_max, std::size_t waiting_max)
      : inside_max_(inside_max), waiting_max_(waiting_max) {}

  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  [[nodiscard]] Turn enter() { return Turn(*this); }

  /// Refuses those who wait and all who come; those inside finish.
  void close() noexcept;

  [[nodiscard]] std::size_t inside() const noexcept { return inside_; }

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  void leave() noexcept;

  std::size_t inside_max_;
  std::size_t waiting_max_;
  std::size_t inside_ = 0;
  bool closed_ = false;
  std::list<Turn*> waiting_;
};

}  // namespace crypto_sodium
