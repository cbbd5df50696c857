// host/slot/leases.cpp - range checks: the plugin's bp_buf is a claim, not a fact.
#include "host/slot/leases.hpp"

namespace host::slot {

bp_status Leases::part(const bp_buf& buf, message::Message& out) noexcept {
  const Lease* lease = find(buf.lease);
  if (lease == nullptr) {
    return BP_E_STALE;
  }
  message::Block& block = *lease->message.block.get();
  const auto offset = offset_within(buf, block.payload(), block.capacity);
  if (!offset) {
    return BP_E_INVALID;
  }
  out = lease->message;
  out.size = buf.size;
  if (buf.size > 0) {
    out.offset = *offset;
  }
  return BP_OK;
}

bp_buf as_buf(const message::Message& message, bp_lease lease) noexcept {
  bp_buf buf{};
  if (message.block) {
    buf.data = message.data();
    buf.size = message.size;
    buf.capacity = message.block.get()->capacity - message.offset;
    buf.lease = lease;
  }
  return buf;
}

}  // namespace host::slot
