// host/schema/verify.hpp - is this buffer a well-formed message of that table?
//
// Owns: nothing. Thread: any. Errors: E_SCHEMA naming the field, E_TOO_LARGE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <flatbuffers/flatbuffers.h>

#include "backplane/abi/channel.h"

#include "host/schema/model.hpp"

namespace host::schema {

inline constexpr std::size_t binary_bytes_max = BP_MESSAGE_BYTES_MAX;
inline constexpr std::uint32_t table_depth_max = 64;
inline constexpr std::size_t buffer_alignment_bytes = 8;

// The bytes at an address where every scalar may be read: the caller's own, or a copy.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::span<const std::byte> bytes);

  [[nodiscard]] std::span<const std::uint8_t> view() const noexcept { return view_; }

 private:
  std::vector<std::uint64_t> copy_;
  std::span<const std::uint8_t> view_;
};

// The root table, safe to read through the model; the buffer must be aligned as above.
[[nodiscard]] error::Result<const flatbuffers::Table*> verified_root(
    const Table& table, std::span<const std::uint8_t> buffer);

}  // namespace host::schema
