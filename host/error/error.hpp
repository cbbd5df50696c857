// host/error/error.hpp - one error type: a code from the law's table and a chain of intentions.
//
// Owns: the chain. Thread: a value; pass it on. Errors: none of its own.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/abi/bytes.h"

namespace host::error {

// One row of status.def.
struct StatusRow {
  bp_status code;
  std::string_view name;  // "E_NOT_FOUND"
  int exit_code;
  int http_status;
  std::string_view sentence;
};

// The row of `code`; codes outside the table (a plugin's own) get the row of E_UNKNOWN.
[[nodiscard]] const StatusRow& status_row(bp_status code) noexcept;

// "NOT_FOUND" for BP_E_NOT_FOUND; "PLUGIN_65536" for a plugin's own codes.
[[nodiscard]] std::string status_name(bp_status code);

class [[nodiscard]] Error {
 public:
  Error(bp_status code, std::string message) : code_(code) { chain_.push_back(std::move(message)); }

  // Say what was being done when it failed; the outermost intention comes last. By value, so that
  // `error = std::move(error).during(...)` does not move an error into itself.
  Error during(std::string intention) && {
    chain_.push_back(std::move(intention));
    return std::move(*this);
  }

  [[nodiscard]] bp_status code() const noexcept { return code_; }

  // Innermost first; the first link is the message itself.
  [[nodiscard]] const std::vector<std::string>& chain() const noexcept { return chain_; }

  [[nodiscard]] const std::string& message() const noexcept { return chain_.front(); }

  // "starting plugin 'ws': binding 127.0.0.1:9400: address in use"
  [[nodiscard]] std::string text() const;

  [[nodiscard]] int exit_code() const noexcept { return status_row(code_).exit_code; }

  // {"code":"NOT_FOUND","message":"...","context":["...", ...]}
  [[nodiscard]] std::string json() const;

  // To and from the fixed storage of the law. `to_abi` cuts what does not fit.
  void to_abi(bp_error* out) const noexcept;
  [[nodiscard]] static Error from_abi(bp_status code, const bp_error* error);

 private:
  bp_status code_;
  std::vector<std::string> chain_;
};

template <typename Value>
using Result = std::expected<Value, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(bp_status code, std::string message) {
  return std::unexpected(Error(code, std::move(message)));
}

// A JSON string literal, quotes included; invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace host::error
