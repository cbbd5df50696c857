// backplane/cpp/message.hpp - what a subscription's handler gets, and a message kept for later.
//
// Since: 1.0. Thread: strand (a kept message: any). Returning from a handler, or the end of its
// task, acknowledges the message; an error or an exception hands it back to the channel.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/engine.hpp"

namespace bp {

/// How long a message handed back waits by default before it is delivered again.
inline constexpr std::chrono::nanoseconds nack_delay_default = std::chrono::milliseconds(250);

/// A message whose end is up to you. Destroyed undecided, it goes back to the channel at once.
class kept_message {
 public:
  kept_message() = default;

  kept_message(const detail::engine* of, const bp_buf& raw) noexcept : of_(of), raw_(raw) {}

  kept_message(kept_message&& other) noexcept
      : of_(other.of_), raw_(std::exchange(other.raw_, {})) {}

  kept_message& operator=(kept_message&& other) noexcept {
    if (this != &other) {
      give_back();
      of_ = other.of_;
      raw_ = std::exchange(other.raw_, {});
    }
    return *this;
  }

  kept_message(const kept_message&) = delete;
  kept_message& operator=(const kept_message&) = delete;

  ~kept_message() { give_back(); }

  [[nodiscard]] explicit operator bool() const noexcept { return raw_.lease != 0; }

  [[nodiscard]] bytes_view bytes() const noexcept { return detail::view_of(raw_); }

  [[nodiscard]] std::string_view text() const noexcept { return as_text(bytes()); }

  /// Done with it. The bytes are gone.
  void ack() noexcept {
    if (raw_.lease != 0) {
      of_->chan->ack(of_->host, &raw_);
    }
    raw_ = {};
  }

  /// Not done: deliver it again after `delay`. The bytes are gone.
  void nack(const error& why, std::chrono::nanoseconds delay = nack_delay_default) noexcept {
    if (raw_.lease != 0) {
      bp_error raw = detail::blank_error();
      why.to_abi(&raw);
      of_->chan->nack(of_->host, &raw_, static_cast<std::uint64_t>(delay.count()), why.code(),
                      &raw);
    }
    raw_ = {};
  }

  /// To be sent on without a copy; sending acknowledges it.
  [[nodiscard]] buffer into_buffer() && noexcept { return {of_, std::exchange(raw_, {})}; }

 private:
  void give_back() noexcept {
    if (raw_.lease != 0) {
      of_->chan->nack(of_->host, &raw_, 0, BP_E_ABANDONED, nullptr);
    }
  }

  const detail::engine* of_ = nullptr;
  bp_buf raw_{};
};

namespace detail {

/// One message or call on its way through a handler.
struct delivery {
  delivery(engine& in, const bp_event& event)
      : of(&in),
        raw(event.buf),
        seq(event.seq),
        time_ns(event.time_ns),
        handle(event.handle),
        method(event.method),
        flags(event.flags) {
    std::memcpy(trace.data(), event.trace, trace.size());
  }

  delivery(const delivery&) = delete;
  delivery& operator=(const delivery&) = delete;
  ~delivery() = default;

  /// From now on the message does not end by returning from on_events.
  bool retain() noexcept {
    if (!retained && !decided) {
      retained = of->chan->retain(of->host, &raw) >= 0;
    }
    return retained;
  }

  void ack() noexcept {
    if (retained && !decided) {
      of->chan->ack(of->host, &raw);
      raw = {};
    }
    decided = true;
  }

  void nack(const error& why, std::chrono::nanoseconds delay) noexcept {
    if (!decided && retain()) {
      kept_message(of, std::exchange(raw, {})).nack(why, delay);
    }
    decided = true;
  }

  /// Ends it the way its handler ended.
  template <typename Value>
  void settle(const settled<Value>& end) noexcept {
    if (end.value) {
      ack();
      return;
    }
    if (end.panicked) {
      of->fault(end.value.error());
    }
    const bool at_once = end.value.error().code() == BP_E_CANCELLED;
    nack(end.value.error(), at_once ? std::chrono::nanoseconds(0) : nack_delay_default);
  }

  engine* of;
  bp_buf raw;
  std::uint64_t seq;
  std::uint64_t time_ns;
  bp_handle handle;
  std::uint32_t method;
  std::uint16_t flags;
  bool retained = false;
  bool decided = false;
  trace_context trace{};
};

}  // namespace detail

/// A message inside its handler: a small handle, valid until the handler returned or its task
/// ended.
class message {
 public:
  explicit message(detail::delivery& of) noexcept : of_(&of) {}

  [[nodiscard]] bytes_view bytes() const noexcept { return detail::view_of(of_->raw); }

  [[nodiscard]] std::string_view text() const noexcept { return as_text(bytes()); }

  /// Its position in the channel.
  [[nodiscard]] std::uint64_t seq() const noexcept { return of_->seq; }

  /// context::now() at its dispatch.
  [[nodiscard]] std::uint64_t time_ns() const noexcept { return of_->time_ns; }

  /// It was delivered before and came back.
  [[nodiscard]] bool redelivered() const noexcept { return (of_->flags & BP_EVF_REDELIVERED) != 0; }

  [[nodiscard]] std::optional<trace_context> trace() const noexcept {
    return (of_->flags & BP_EVF_TRACE) != 0 ? std::optional(of_->trace) : std::nullopt;
  }

  /// Acknowledge before the handler ends. In a task the bytes are gone afterwards.
  void ack() const noexcept { of_->ack(); }

  /// Hand it back to be delivered again. The bytes are gone afterwards.
  void nack(const error& why, std::chrono::nanoseconds delay = nack_delay_default) const noexcept {
    of_->nack(why, delay);
  }

  /// Take it out of the handler's hands. Empty when it was decided already or the host refused.
  [[nodiscard]] kept_message keep() const noexcept {
    if (of_->decided || !of_->retain()) {
      return {};
    }
    of_->decided = true;
    return {of_->of, std::exchange(of_->raw, {})};
  }

  [[nodiscard]] kit::frame_pool* frames() const noexcept { return of_->of->frames(); }

 private:
  detail::delivery* of_;
};

}  // namespace bp
