// plugins/transport_ws/session/conversation.cpp - who reads too slowly, who says too much, and the
// end.
#include "session/conversation.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>

namespace transport_ws::session {

namespace {

using std::chrono::milliseconds;

}  // namespace

bool Rate::admits(std::uint32_t per_s) noexcept {
  if (per_s == 0) {
    return true;
  }
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto second =
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  if (second != second_) {
    second_ = second;
    admitted_ = 0;
  }
  return ++admitted_ <= per_s;
}

Conversation::Conversation(std::uint64_t id, const Bounds& bounds, std::shared_ptr<Owner> owner,
                           Desk desk)
    : id_(id), bounds_(bounds), owner_(std::move(owner)), desk_(desk), timer_(desk.context) {}

bool Conversation::within(Rate& rate, std::uint32_t per_s) noexcept {
  const bool admitted = rate.admits(per_s);
  desk_.counters.over_rate.add(admitted ? 0 : 1);
  return admitted;
}

void Conversation::close_flood(std::string_view what) {
  begin_close(frame::close_policy, "too many " + std::string(what) + " a second", /*now=*/false);
}

void Conversation::go_on_reading() {
  read_held_ = false;
  on_sign_of_life();
  read_soon();
}

// --- who reads too slowly

void Conversation::on_answer_queued() {
  desk_.counters.messages_sent.add();
  pause_if_crowded();
  request_flush();
}

frame::Put Conversation::on_event_put(frame::Put put, std::uint64_t dropped) {
  desk_.counters.messages_sent.add(put == frame::Put::Queued ? 1 : 0);
  desk_.counters.events_dropped.add(dropped);
  if (dropped > 0) {
    tell_slow();
  }
  request_flush();
  return put;
}

bool Conversation::must_wait() const noexcept {
  return state_ == State::Open && bounds_.policy == frame::Policy::Close &&
         queued_bytes() >= bounds_.queue_bytes;
}

void Conversation::tell_slow() {
  if (!std::exchange(slow_, true)) {
    desk_.counters.slow.add();
    owner_->on_slow(*this);
  }
}

void Conversation::expect_drain(std::string reason) {
  drain_asked_ = true;
  if (state_ != State::Open) {
    return;
  }
  tell_slow();
  if (bounds_.block_ms == 0 || block_timer_) {
    return;
  }
  block_timer_ = std::make_unique<net::Timer>(desk_.context, milliseconds(bounds_.block_ms));
  block_timer_->async_wait(
      [self = shared_from_this(), reason = std::move(reason)](net::ErrorCode failure) {
        if (!failure && self->drain_asked_) {
          self->cut_off(reason);
        }
      });
}

void Conversation::cut_off(std::string_view reason) {
  if (state_ == State::Open) {
    desk_.counters.cut_off.add();
    begin_close(frame::close_try_again_later, reason, /*now=*/true);
  }
}

// Everything queued by handlers that are ready now leaves in one write.
void Conversation::request_flush() {
  if (corked_ || flush_posted_ || await_write_ || state_ == State::Closed) {
    return;
  }
  flush_posted_ = true;
  asio::post(desk_.context, [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void Conversation::on_room() {
  const bool roomy = queued_bytes() <= bounds_.queue_bytes / 2;
  slow_ = slow_ && !roomy;
  if (read_paused_ && roomy) {
    read_paused_ = false;
    on_sign_of_life();
    read_soon();
  }
  if (drain_asked_ && roomy && state_ == State::Open) {
    drain_asked_ = false;
    block_timer_.reset();
    owner_->on_drained(*this);
  }
}

// --- the end

void Conversation::begin_close(std::uint16_t code, std::string_view reason, bool now) {
  if (state_ != State::Open) {
    return;
  }
  const auto self = shared_from_this();  // the owner may forget us in on_closing()
  state_ = State::Closing;
  end_code_ = code;
  end_reason_ = reason;
  read_paused_ = false;
  read_held_ = false;
  block_timer_.reset();
  put_last_words(code, reason, now);
  timer_.expires_after(milliseconds(close_handshake_ms));
  timer_.async_wait([self](net::ErrorCode failure) {
    if (!failure) {
      self->finish(self->end_code_, self->end_reason_);
    }
  });
  owner_->on_closing(*this);
  read_soon();
  request_flush();
}

void Conversation::finish(std::uint16_t code, std::string_view reason) {
  if (state_ == State::Closed) {
    return;
  }
  const auto self = shared_from_this();
  const std::string last_words(reason);
  const bool told = state_ == State::Closing;
  state_ = State::Closed;
  timer_.cancel();
  block_timer_.reset();
  hang_up();
  if (!told) {
    owner_->on_closing(*this);
  }
  owner_->on_closed(*this, code, last_words);
}

}  // namespace transport_ws::session
