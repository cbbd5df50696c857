// backplane/cpp/state.hpp - what an instance hands to its successor.
//
// Since: 1.0. Thread: strand, inside the hook (and its task) only.
#pragma once

#include <string>
#include <string_view>

#include "backplane/cpp/bytes.hpp"

namespace bp {

class state_writer {
 public:
  state_writer(const detail::engine& of, bp_op op) : of_(&of), op_(op) {}

  /// Flags: BP_STATE_PORTABLE when another machine could read it.
  result<void> put(std::string_view key, bytes_view value, std::uint32_t flags = 0) const {
    if (of_->state == nullptr) {
      return fail(BP_E_UNSUPPORTED, "this host keeps no state (bp.state/1)");
    }
    const bp_str name = detail::to_abi(key);
    const bp_status status =
        of_->state->put(of_->host, op_, &name, flags, value.data(), value.size());
    if (status < 0) {
      return std::unexpected(error(status).during("saving '" + std::string(key) + "'"));
    }
    return {};
  }

  result<void> put(std::string_view key, std::string_view value, std::uint32_t flags = 0) const {
    return put(key, as_bytes(value), flags);
  }

 private:
  const detail::engine* of_;
  bp_op op_;
};

class state_reader {
 public:
  state_reader(const detail::engine& of, bp_op op) : of_(&of), op_(op) {}

  /// The bytes are the host's until the hook ended.
  [[nodiscard]] result<bytes_view> get(std::string_view key) const {
    if (of_->state == nullptr) {
      return fail(BP_E_UNSUPPORTED, "this host keeps no state (bp.state/1)");
    }
    const bp_str name = detail::to_abi(key);
    bp_str value{};
    const bp_status status = of_->state->get(of_->host, op_, &name, &value);
    if (status < 0) {
      return std::unexpected(error(status).during("restoring '" + std::string(key) + "'"));
    }
    return as_bytes(detail::from_abi(value));
  }

 private:
  const detail::engine* of_;
  bp_op op_;
};

}  // namespace bp
