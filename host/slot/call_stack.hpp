// host/slot/call_stack.hpp - whose code is running on this thread, innermost first.
//
// Owns: nothing; a list of stack frames per thread. Thread: its own. Errors: none.
// It answers two questions of the law: may an inline method run here, and may this thread wait?
#pragma once

namespace host::slot {

class Slot;

class CallStack {
 public:
  class Frame {
   public:
    // `turn`: the slot's own strand handing over events.
    explicit Frame(const Slot& slot, bool turn = false) noexcept
        : slot_(slot), turn_(turn), below_(top_) {
      top_ = this;
    }

    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

    ~Frame() { top_ = below_; }

   private:
    friend class CallStack;
    const Slot& slot_;
    const bool turn_;
    const Frame* below_;
  };

  [[nodiscard]] static bool holds(const Slot& slot) noexcept {
    for (const Frame* frame = top_; frame != nullptr; frame = frame->below_) {
      if (&frame->slot_ == &slot) {
        return true;
      }
    }
    return false;
  }

  // Is the innermost code a handler of this slot, on its strand?
  [[nodiscard]] static bool in_turn_of(const Slot& slot) noexcept {
    return top_ != nullptr && &top_->slot_ == &slot && top_->turn_;
  }

  // Is the present thread one of the host's, in a plugin's handler?
  [[nodiscard]] static bool any() noexcept { return top_ != nullptr; }

 private:
  static inline thread_local const Frame* top_ = nullptr;
};

}  // namespace host::slot
