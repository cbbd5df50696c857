// host/slot/gate.hpp - the short way from a handle to the thing behind it: no lock, no counting.
//
// Owns: the gates, nothing behind them; whoever bars one keeps the thing alive until nobody is
// inside. Thread: enter and leave by one thread at a time per gate; the rest under the slot's
// lock. Errors: null for a stale or forged handle.
//
// Who enters says so, then looks whether the gate is still open; who shuts closes it, then looks
// whether somebody is inside. Entering happens millions of times a second and shutting almost
// never: the fence between the two steps is an asymmetric one. Whoever comes with a handle that is
// not the gate's says nothing: another thread may be inside by right.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "host/channel/sender.hpp"
#include "host/runtime/asymmetric_fence.hpp"
#include "host/service/service.hpp"
#include "host/slot/handle_table.hpp"

namespace host::slot {

// The leases of one gate, of which the last one counts. One thread gives them; whoever comes with
// one may look.
template <HandleKind Kind>
class GateLeases {
 public:
  [[nodiscard]] bool begun() const noexcept { return last_.load(std::memory_order_relaxed) != 0; }

  void begin(std::uint32_t number) noexcept {
    last_.store(handle_of(Kind, number, 0), std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t next(std::size_t index) noexcept {
    const auto number =
        static_cast<std::uint32_t>(last_.load(std::memory_order_relaxed) >> handle_index_bits) + 1;
    const std::uint64_t given = handle_of(Kind, number, static_cast<std::uint32_t>(index));
    last_.store(given, std::memory_order_relaxed);
    return given;
  }

  [[nodiscard]] bool is_last(std::uint64_t lease) const noexcept {
    return lease == last_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> last_{0};
};

struct Gate {
  std::atomic<std::uint64_t> handle{0};  // 0: shut
  std::atomic<bool> inside{false};

  void leave() noexcept { inside.store(false, std::memory_order_release); }

  [[nodiscard]] bool occupied() const noexcept { return inside.load(std::memory_order_acquire); }

  [[nodiscard]] std::uint32_t index() const noexcept {
    return static_cast<std::uint32_t>(handle.load(std::memory_order_relaxed) & handle_index_max);
  }
};

// To a sending end; for the one thread that sends.
struct alignas(64) SendGate : Gate {
  std::atomic<bool> settling{false};  // the strand is inside, beside whoever sends there now
  bool unsettled = false;  // strand: sent in this turn, sleepers not looked for behind a fence
  GateLeases<HandleKind::room> leases;  // on the lane's room
  std::uint64_t bytes_max = 0;          // of one message
  channel::Sender* sender = nullptr;
  // How many listen: what bp.chan/1 activity() gives away. It is here, and not in the channel,
  // because it must stay mapped when the channel is gone.
  std::uint32_t activity = 0;

  [[nodiscard]] bool occupied() const noexcept {
    return Gate::occupied() || settling.load(std::memory_order_acquire);
  }

  // Is this the lease on what the sender lent, and is it still out? Inside, or under the slot's
  // lock.
  [[nodiscard]] bool holds(std::uint64_t lease) const noexcept {
    return leases.is_last(lease) && sender->lent() != nullptr;
  }
};

// To a required service; for the strand. Others take the long way.
struct alignas(64) CallGate : Gate {
  std::atomic<bp_lease> lent{0};         // the lease on `reply` that is out
  GateLeases<HandleKind::reply> leases;  // on `reply`
  service::Service* service = nullptr;
  service::Seat seat{inside};
  alignas(16) std::array<std::byte, BP_INLINE_REPLY_BYTES> reply;

  [[nodiscard]] bool holds(bp_lease lease) const noexcept {
    return lease != 0 && lent.load(std::memory_order_acquire) == lease;
  }

  // False: it is not out. On the strand, which alone lends, it takes no atomic exchange; a thread
  // that gives the same lease up at that moment may hear the same.
  bool give_up(bp_lease lease, bool on_strand) noexcept {
    if (!holds(lease)) {
      return false;
    }
    if (on_strand) {
      lent.store(0, std::memory_order_release);
      return true;
    }
    return lent.compare_exchange_strong(lease, 0, std::memory_order_acq_rel);
  }
};

template <typename Kind>
class GateTable {
 public:
  GateTable() = default;
  GateTable(const GateTable&) = delete;
  GateTable& operator=(const GateTable&) = delete;

  ~GateTable() {
    for (const std::atomic<Kind*>& chunk : chunks_) {
      delete[] chunk.load(std::memory_order_relaxed);
    }
  }

  // Null: stale. Otherwise leave() it.
  [[nodiscard]] Kind* enter(std::uint64_t handle) const noexcept {
    Kind* gate = at(handle & handle_index_max);
    if (gate == nullptr || gate->handle.load(std::memory_order_relaxed) != handle || handle == 0) {
      return nullptr;
    }
    gate->inside.store(true, std::memory_order_relaxed);
    fence_.light();
    if (gate->handle.load(std::memory_order_acquire) != handle) [[unlikely]] {
      gate->leave();
      return nullptr;
    }
    return gate;
  }

  // The strand settles what it sent there in this turn; the end may be another thread's already.
  void settle(SendGate& gate) const noexcept {
    gate.settling.store(true, std::memory_order_relaxed);
    fence_.light();
    if (gate.handle.load(std::memory_order_acquire) != 0) {
      gate.sender->settle();
    }
    gate.settling.store(false, std::memory_order_release);
  }

  // A shut gate for `handle`: set it up, then open(). Null: so many that this one has none.
  [[nodiscard]] Kind* prepare(std::uint64_t handle) {
    const std::size_t index = handle & handle_index_max;
    const unsigned chunk = chunk_of(index);
    if (chunk >= chunks_.size()) {
      return nullptr;
    }
    if (chunks_[chunk].load(std::memory_order_relaxed) == nullptr) {
      chunks_[chunk].store(new Kind[first_chunk << chunk], std::memory_order_release);
    }
    return at(index);
  }

  static void open(Kind& gate, std::uint64_t handle) noexcept {
    gate.handle.store(handle, std::memory_order_release);
  }

  // Nobody gets in any more; somebody may still be inside. The gate that was barred, or null.
  Kind* bar(std::uint64_t handle) noexcept {
    Kind* gate = at(handle & handle_index_max);
    if (gate == nullptr || gate->handle.load(std::memory_order_relaxed) != handle) {
      return nullptr;
    }
    gate->handle.store(0, std::memory_order_seq_cst);
    fence_.heavy();
    return gate;
  }

  void bar_all() noexcept {
    for_each([](Kind& gate) { gate.handle.store(0, std::memory_order_seq_cst); });
    fence_.heavy();
  }

  // Not under a lock that is taken inside, and only where nothing inside waits for anybody.
  static void wait_until_empty(const Kind& gate) noexcept {
    while (gate.occupied()) {
      std::this_thread::yield();
    }
  }

  template <typename Visit>
  void for_each(Visit&& visit) const noexcept {
    for (std::size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
      if (Kind* gates = chunks_[chunk].load(std::memory_order_relaxed)) {
        for (std::size_t i = 0; i < first_chunk << chunk; ++i) {
          visit(gates[i]);
        }
      }
    }
  }

  [[nodiscard]] Kind* at(std::size_t index) const noexcept {
    if (index < first_chunk) [[likely]] {
      Kind* gates = chunks_[0].load(std::memory_order_acquire);
      return gates == nullptr ? nullptr : gates + index;
    }
    return far_at(index);
  }

 private:
  // Chunk k holds first_chunk << k gates: an instance with a handful of ends pays for a handful.
  static constexpr std::size_t first_chunk = 4;

  [[nodiscard]] Kind* far_at(std::size_t index) const noexcept {
    const unsigned chunk = chunk_of(index);
    if (chunk >= chunks_.size()) {
      return nullptr;
    }
    Kind* gates = chunks_[chunk].load(std::memory_order_acquire);
    return gates == nullptr ? nullptr
                            : gates + (index - first_chunk * ((std::size_t{1} << chunk) - 1));
  }

  [[nodiscard]] static unsigned chunk_of(std::size_t index) noexcept {
    return static_cast<unsigned>(std::bit_width(index / first_chunk + 1)) - 1;
  }

  std::array<std::atomic<Kind*>, 15> chunks_{};
  runtime::AsymmetricFence fence_;
};

}  // namespace host::slot
