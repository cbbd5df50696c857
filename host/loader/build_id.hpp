// host/loader/build_id.hpp - the number that tells one build of a library from another.
//
// Owns: nothing. Thread: any. Errors: none; damaged notes have no build id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace host::loader {

// In hex, from the bytes of an ELF note segment; empty: none.
[[nodiscard]] std::string build_id_in(std::span<const std::byte> notes,
                                      std::uint64_t segment_align);

}  // namespace host::loader
