// host/slot/text.hpp - the law's strings and error storage as the host's, and back.
//
// Owns: nothing. Thread: any. Errors: writes them into the caller's storage.
#pragma once

#include <string>
#include <string_view>

#include "backplane/abi/bytes.h"

#include "host/error/error.hpp"

namespace host::slot {

[[nodiscard]] inline std::string_view view_of(const bp_str& text) noexcept {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

[[nodiscard]] inline std::string_view view_of(const bp_str* text) noexcept {
  return text == nullptr ? std::string_view() : view_of(*text);
}

[[nodiscard]] inline bp_str str_of(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

// Tell the plugin: the code as the answer, the text in its storage.
inline bp_status refuse(const error::Error& error, bp_error* out) noexcept {
  error.to_abi(out);
  return error.code();
}

// A structure whose tail this host does not know must be zero there.
[[nodiscard]] inline bool tail_is_zero(const void* structure, std::uint32_t its_size,
                                       std::size_t known) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(structure);
  for (std::size_t i = known; i < its_size; ++i) {
    if (bytes[i] != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace host::slot
