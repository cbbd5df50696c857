// backplane/testing/lease_book.hpp - the fake host's message memory.
//
// Since: 1.0. Thread: the fake host's lock. Retaining copies and the lent memory is overwritten
// afterwards, so that a plugin that keeps pointers into it fails in its tests instead of in the
// field.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/abi/bytes.h"

namespace bp::testing {

class lease_book {
 public:
  static constexpr std::size_t guard_bytes = 16;  // past the end of each block

  /// A new lease of `size` bytes. `message` != 0: it holds that message.
  [[nodiscard]] bp_buf lend(std::size_t size, std::uint64_t message = 0) {
    block made{
        std::make_unique<std::max_align_t[]>((size + guard_bytes) / sizeof(std::max_align_t) + 1),
        size, message};
    const bp_buf raw{made.memory.get(), size, size, next_};
    blocks_.emplace(next_++, std::move(made));
    return raw;
  }

  [[nodiscard]] bp_buf lend_copy(std::string_view content, std::uint64_t message = 0) {
    bp_buf raw = lend(content.size(), message);
    std::copy(content.begin(), content.end(), static_cast<char*>(raw.data));
    return raw;
  }

  [[nodiscard]] bool holds(bp_lease lease) const { return blocks_.contains(lease); }

  /// The message a lease holds; 0: none.
  [[nodiscard]] std::uint64_t message_of(bp_lease lease) const {
    const auto found = blocks_.find(lease);
    return found == blocks_.end() ? 0 : found->second.message;
  }

  /// Ends a lease. False: it was never given or has ended.
  bool end(bp_lease lease) {
    const auto found = blocks_.find(lease);
    if (found == blocks_.end()) {
      return false;
    }
    std::memset(found->second.memory.get(), 0xDD, found->second.size);
    blocks_.erase(found);
    return true;
  }

  /// What a lease or a borrowed span holds, checked against the lease's own bounds; nullopt:
  /// outside of it.
  [[nodiscard]] std::optional<std::string> content(const bp_buf& raw) const {
    if (raw.lease != 0) {
      const auto found = blocks_.find(raw.lease);
      if (found == blocks_.end()) {
        return std::nullopt;
      }
      const auto* begin = reinterpret_cast<const std::byte*>(found->second.memory.get());
      const auto* data = static_cast<const std::byte*>(raw.data);
      if (data < begin || data + raw.size > begin + found->second.size) {
        return std::nullopt;
      }
    }
    return raw.size == 0 ? std::string()
                         : std::string(static_cast<const char*>(raw.data), raw.size);
  }

  [[nodiscard]] std::size_t open() const noexcept { return blocks_.size(); }

 private:
  struct block {
    std::unique_ptr<std::max_align_t[]> memory;
    std::size_t size;
    std::uint64_t message;
  };

  std::map<bp_lease, block> blocks_;
  bp_lease next_ = 1;
};

}  // namespace bp::testing
