// host/slot/leases.hpp - loans of message memory to one instance, and what each must be checked
// against.
//
// Owns: one reference to the block of every loan. Thread: guarded by the slot. Errors: null,
// INVALID.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "backplane/abi/bytes.h"

#include "host/channel/receiver.hpp"
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
  // where it lies outside or is not aligned; STALE where the lease is unknown.
  [[nodiscard]] bp_status part(const bp_buf& buf, message::Message& out) noexcept;

 private:
  HandleTable<Lease> table_;
};

// Where `buf` lies in the `bytes` of memory at `begin`, which the host knows of; nothing: not
// within them, or not aligned. An empty one lies at their beginning.
[[nodiscard]] inline std::optional<std::size_t> offset_within(const bp_buf& buf,
                                                              const std::byte* begin,
                                                              std::size_t bytes) noexcept {
  if (buf.size == 0 || (buf.data == begin && buf.size <= bytes)) [[likely]] {
    return 0;
  }
  const auto first = reinterpret_cast<std::uintptr_t>(begin);
  const auto data = reinterpret_cast<std::uintptr_t>(buf.data);
  if (data < first || data - first > bytes || buf.size > bytes - (data - first) ||
      (data - first) % lease_alignment_bytes != 0) {
    return std::nullopt;
  }
  return data - first;
}

// How the law shows a message.
[[nodiscard]] bp_buf as_buf(const message::Message& message, bp_lease lease) noexcept;

}  // namespace host::slot
