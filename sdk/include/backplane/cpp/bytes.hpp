// backplane/cpp/bytes.hpp - views of bytes and text, and leases that give themselves back.
//
// Since: 1.0. Thread: any; a buffer belongs to one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "backplane/cpp/engine.hpp"

namespace bp {

using bytes_view = std::span<const std::byte>;

/// 24 bytes of W3C trace context: trace-id[16], span-id[8].
using trace_context = std::array<std::uint8_t, BP_TRACE_CONTEXT_BYTES>;

[[nodiscard]] inline bytes_view as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span(text));
}

[[nodiscard]] inline std::string_view as_text(bytes_view bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

namespace detail {

[[nodiscard]] inline bp_str to_abi(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

[[nodiscard]] inline std::string_view from_abi(const bp_str& text) noexcept {
  return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}

[[nodiscard]] inline bytes_view view_of(const bp_buf& raw) noexcept {
  return raw.size == 0 ? bytes_view()
                       : bytes_view(static_cast<const std::byte*>(raw.data), raw.size);
}

/// A bp_error ready to be handed to a call of the law.
[[nodiscard]] inline bp_error blank_error() noexcept {
  bp_error raw;
  raw.struct_size = sizeof(raw);
  raw.code = BP_OK;
  raw.n_context = 0;
  raw.text_len = 0;
  return raw;
}

}  // namespace detail

/// Message memory lent by the host: from sender::reserve(), context::alloc() or a reply. Empty by
/// default.
class buffer {
 public:
  buffer() = default;

  buffer(const detail::engine* of, const bp_buf& raw) noexcept : of_(of), raw_(raw) {}

  buffer(buffer&& other) noexcept : of_(other.of_), raw_(std::exchange(other.raw_, {})) {}

  buffer& operator=(buffer&& other) noexcept {
    if (this != &other) {
      reset();
      of_ = other.of_;
      raw_ = std::exchange(other.raw_, {});
    }
    return *this;
  }

  buffer(const buffer&) = delete;
  buffer& operator=(const buffer&) = delete;

  ~buffer() { reset(); }

  [[nodiscard]] bool empty() const noexcept { return raw_.size == 0; }

  [[nodiscard]] std::size_t size() const noexcept { return raw_.size; }

  [[nodiscard]] std::size_t capacity() const noexcept { return raw_.capacity; }

  [[nodiscard]] std::byte* data() noexcept { return static_cast<std::byte*>(raw_.data); }

  [[nodiscard]] std::span<std::byte> writable() noexcept { return {data(), raw_.size}; }

  [[nodiscard]] bytes_view bytes() const noexcept { return detail::view_of(raw_); }

  [[nodiscard]] std::string_view text() const noexcept { return as_text(bytes()); }

  /// Says how much of the capacity is in use.
  void resize(std::size_t size) noexcept {
    raw_.size = size < raw_.capacity ? size : raw_.capacity;
  }

  void reset() noexcept {
    if (raw_.lease != 0) {
      of_->chan->release(of_->host, &raw_);
    }
    raw_ = {};
  }

  /// For calls of the law that move the lease and zero it (send, call, reply).
  [[nodiscard]] bp_buf* raw() noexcept { return &raw_; }

 private:
  const detail::engine* of_ = nullptr;
  bp_buf raw_{};
};

namespace detail {

[[nodiscard]] inline result<buffer> alloc(const engine& of, std::size_t size) {
  bp_buf raw{};
  const bp_status status = of.core->alloc(of.host, of.instance, size, &raw);
  if (status < 0) {
    return fail(status, "allocating " + std::to_string(size) +
                            " bytes of message memory: " + std::string(sentence(status)));
  }
  raw.size = size;
  return buffer(&of, raw);
}

[[nodiscard]] inline result<buffer> copy_of(const engine& of, bytes_view bytes) {
  if (bytes.empty()) {
    return buffer();
  }
  auto lease = alloc(of, bytes.size());
  if (lease) {
    std::memcpy(lease->data(), bytes.data(), bytes.size());
  }
  return lease;
}

/// Keeps an event's payload past on_events: its lease where it has one, else a copy.
[[nodiscard]] inline result<buffer> keep_payload(const engine& of, const bp_buf& lent) {
  bp_buf raw = lent;
  if (raw.lease != 0 && of.chan->retain(of.host, &raw) >= 0) {
    return buffer(&of, raw);
  }
  return copy_of(of, view_of(lent));
}

/// The error an event carries.
[[nodiscard]] inline error event_error(const bp_event& event) {
  const bool has_error = (event.flags & BP_EVF_ERROR) != 0 && event.buf.data != nullptr;
  return error::from_abi(event.status,
                         has_error ? static_cast<const bp_error*>(event.buf.data) : nullptr);
}

}  // namespace detail
}  // namespace bp
