// host/slot/leases.hpp - loans of message memory to one instance, and what each must be checked
// against.
//
// Owns: one reference to the block of every loan. Thread: guarded by the slot. Errors: null,
// INVALID.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "backplane/abi/bytes.h"

#include "host/channel/receiver.hpp"
#include "host/channel/sender.hpp"
#include "host/message/pool.hpp"
#include "host/slot/handle_table.hpp"

namespace host::slot {

inline constexpr std::size_t leases_max = std::size_t{1} << 20U;
inline constexpr std::size_t lease_alignment_bytes = 16;

struct Lease {
  message::Message message;
  std::shared_ptr<channel::Receiver> receiver;  // of a received message
  std::uint64_t delivery = 0;
};

class Leases {
 public:
  explicit Leases(std::uint32_t first_generation)
      : table_(HandleKind::lease, first_generation, leases_max) {}

  // 0 when the limit is reached.
  [[nodiscard]] bp_lease add(Lease lease) { return table_.add(std::move(lease)); }

  [[nodiscard]] Lease* find(bp_lease handle) noexcept { return table_.find(handle); }

  std::optional<Lease> remove(bp_lease handle) { return table_.remove(handle); }

  [[nodiscard]] std::vector<Lease> take_all() { return table_.take_all(); }

  [[nodiscard]] std::size_t size() const noexcept { return table_.size(); }

  // The part of the lease's block that `buf` names, checked against the host's own record. INVALID
  // where it lies outside or is not aligned; STALE where the lease is unknown or still lent to an
  // event.
  [[nodiscard]] bp_status part(const bp_buf& buf, message::Message& out) noexcept;

 private:
  HandleTable<Lease> table_;
};

// Where `buf` lies in the room that `sender` lent; false: not within it, or not aligned.
[[nodiscard]] inline bool offset_in_room(const channel::Sender& sender, const bp_buf& buf,
                                         std::size_t& offset) noexcept {
  offset = 0;
  if (buf.size == 0) {
    return true;
  }
  const auto begin = reinterpret_cast<std::uintptr_t>(sender.lent());
  const auto data = reinterpret_cast<std::uintptr_t>(buf.data);
  const std::size_t bytes = sender.lent_bytes();
  offset = data - begin;
  return data >= begin && offset <= bytes && buf.size <= bytes - offset &&
         offset % lease_alignment_bytes == 0;
}

// How the law shows a message.
[[nodiscard]] bp_buf as_buf(const message::Message& message, bp_lease lease) noexcept;

}  // namespace host::slot
