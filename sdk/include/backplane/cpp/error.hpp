// backplane/cpp/error.hpp - errors as values for plugin authors: a code and a chain of intentions.
//
// Since: 1.0. Thread: values. An error converts to and from the law's fixed storage (bp_error).
#pragma once

#include <algorithm>
#include <cstring>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/abi/bytes.h"

namespace bp {

/// The sentence that the law's table gives a code; a plugin's own codes get a general one.
[[nodiscard]] constexpr std::string_view sentence(bp_status code) noexcept {
  switch (code) {
#define BP_STATUS(name, number, exit_code, http_status, text) \
  case (number):                                              \
    return text;
#include "backplane/abi/status.def"
#undef BP_STATUS
    default:
      return code <= BP_E_PLUGIN_FIRST ? "failed with a code of the plugin's own" : "unknown code";
  }
}

/// A failure: what happened (`message`), and what was being done meanwhile (`context`, innermost
/// first).
class [[nodiscard]] error {
 public:
  error(bp_status code, std::string message) : code_(code), message_(std::move(message)) {}

  explicit error(bp_status code) : error(code, std::string(sentence(code))) {}

  /// Adds the intention that failed: `.during("opening '" + path + "'")`. The outermost comes last.
  error during(std::string intention) && {
    context_.push_back(std::move(intention));
    return std::move(*this);
  }

  [[nodiscard]] bp_status code() const noexcept { return code_; }

  [[nodiscard]] const std::string& message() const noexcept { return message_; }

  [[nodiscard]] const std::vector<std::string>& context() const noexcept { return context_; }

  /// "outermost: ...: message" in one line.
  [[nodiscard]] std::string text() const {
    std::string line;
    for (auto link = context_.rbegin(); link != context_.rend(); ++link) {
      line += *link + ": ";
    }
    return line + message_;
  }

  /// Writes into the law's storage; text that does not fit is cut, the code never is.
  void to_abi(bp_error* out) const noexcept {
    if (out == nullptr || out->struct_size < sizeof(bp_error)) {
      return;
    }
    out->code = code_;
    out->n_context = 0;
    out->text_len = 0;
    append_to(out, message_);
    for (const std::string& link : context_) {
      if (out->text_len + 1 >= BP_ERROR_TEXT_BYTES) {
        return;
      }
      append_to(out, link);
      ++out->n_context;
    }
  }

  /// Reads the law's storage; `raw` may be null or empty, then the code's sentence is the message.
  [[nodiscard]] static error from_abi(bp_status code, const bp_error* raw) {
    if (raw == nullptr || raw->struct_size < sizeof(bp_error) || raw->text_len == 0) {
      return error(code);
    }
    std::string_view rest(raw->text, std::min<std::size_t>(raw->text_len, BP_ERROR_TEXT_BYTES));
    error result(code, std::string(take_link(rest)));
    while (!rest.empty()) {
      result.context_.emplace_back(take_link(rest));
    }
    return result;
  }

 private:
  static std::string_view take_link(std::string_view& rest) noexcept {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    const std::string_view link = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return link;
  }

  static void append_to(bp_error* out, std::string_view link) noexcept {
    const std::size_t bytes =
        std::min<std::size_t>(link.size(), BP_ERROR_TEXT_BYTES - 1 - out->text_len);
    std::memcpy(out->text + out->text_len, link.data(), bytes);
    out->text_len += static_cast<std::uint32_t>(bytes);
    out->text[out->text_len++] = '\0';
  }

  bp_status code_;
  std::string message_;
  std::vector<std::string> context_;
};

template <typename Value>
using result = std::expected<Value, error>;

/// `return bp::fail(BP_E_NOT_FOUND, "no key 'a'");`
[[nodiscard]] inline std::unexpected<error> fail(bp_status code, std::string message) {
  return std::unexpected(error(code, std::move(message)));
}

/// `BP_TRY(open(path));` returns the error of a bp::result<void> (or of any result) to the caller.
#define BP_TRY(expression)                                      \
  do {                                                          \
    if (auto&& bp_try_result = (expression); !bp_try_result) {  \
      return std::unexpected(std::move(bp_try_result).error()); \
    }                                                           \
  } while (false)

}  // namespace bp
