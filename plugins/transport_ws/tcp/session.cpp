// plugins/transport_ws/tcp/session.cpp - reading, writing, silence and the ways a connection ends.
#include "tcp/session.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "json/json.hpp"
#include "net/pieces.hpp"

namespace transport_ws::tcp {

namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

bool not_now(const net::ErrorCode& failure) noexcept {
  return failure == asio::error::would_block || failure == asio::error::try_again;
}

Message own(std::string bytes) {
  return {std::make_shared<const std::string>(std::move(bytes))};
}

// A line end in JSON stands between its tokens, where a space means the same. Left in, it would let
// whoever publishes an event write lines of its own to our client, an answer of the gateway's too.
// In other text, which holds no line feed here, a carriage return is its own affair.
Message in_one_line(Message message) {
  const std::string_view payload = message.payload();
  const bool feeds = payload.find('\n') != std::string_view::npos;
  const bool returns = payload.find('\r') != std::string_view::npos;
  if (!feeds && (!returns || !json::is_valid(payload))) {
    return message;
  }
  std::string line(payload);
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '\r', ' ');
  return own(std::move(line));
}

// The kernel asks a silent other side whether it is still there: one that lost its power says
// nothing.
void keep_alive(net::Stream& stream) {
  net::ErrorCode ignored;
  (void)stream.set_option(asio::socket_base::keep_alive(true), ignored);
  const int socket = stream.socket().native_handle();
  const auto set = [socket](int option, int value) {
    (void)::setsockopt(socket, IPPROTO_TCP, option, &value, sizeof value);
  };
  set(TCP_KEEPIDLE, tcp_keepalive_s);
  set(TCP_KEEPINTVL, tcp_keepalive_step_s);
  set(TCP_KEEPCNT, tcp_keepalive_probes);
}

}  // namespace

Session::Session(std::uint64_t id, net::Stream socket, const SessionSettings& settings,
                 std::shared_ptr<Owner> owner, session::Desk desk)
    : id_(id),
      socket_(std::move(socket)),
      timer_(desk.context),
      decoder_(settings.framing, settings.message_bytes_max),
      outbox_(settings.framing, settings.queue_bytes, settings.policy),
      owner_(std::move(owner)),
      desk_(desk),
      settings_(settings),
      heard_at_(Steady::now()) {}

void Session::start(std::string_view already_read) {
  net::ErrorCode ignored;
  (void)socket_.non_blocking(true, ignored);
  (void)socket_.set_option(net::Tcp::no_delay(true), ignored);
  keep_alive(socket_);
  if (state_ == State::Open) {
    await_silence();
  }
  take(already_read);
  await_readable();
}

// --- reading

void Session::await_readable() {
  if (await_read_ || read_paused_ || read_held_ || input_ended_ || state_ == State::Closed) {
    return;
  }
  await_read_ = true;
  socket_.async_wait(net::Socket::wait_read, [self = shared_from_this()](net::ErrorCode failure) {
    self->await_read_ = false;
    if (!failure && self->state_ != State::Closed) {
      self->on_readable();
    }
  });
}

void Session::on_readable() {
  net::ErrorCode failure;
  const std::size_t bytes =
      socket_.read_some(asio::buffer(desk_.scratch.data(), desk_.scratch.size()), failure);
  if (failure == asio::error::eof) {
    on_end_of_input();
    return;
  }
  if (failure && !not_now(failure)) {
    const bool told = end_code_ != frame::close_abnormal;
    finish(end_code_, told ? end_reason_ : failure.message());
    return;
  }
  desk_.counters.bytes_received.add(bytes);
  take({desk_.scratch.data(), bytes});
  await_readable();
}

// It may have shut its half only, as `printf ... | nc -N` does, and wait for its answers.
void Session::on_end_of_input() {
  input_ended_ = true;
  if (state_ == State::Closing) {
    after_flush();
    return;
  }
  const std::string_view how = decoder_.within_message() ? "the other side hung up within a message"
                                                         : "the other side hung up";
  // Posted: the last answer may be on its way to us on this very stack.
  owner_->on_said_all(*this, [weak = weak_from_this(), &context = desk_.context, how] {
    asio::post(context, [weak, how] {
      if (const auto self = weak.lock()) {
        self->close(frame::close_normal, how);
      }
    });
  });
}

void Session::take(std::string_view bytes) {
  if (bytes.empty() || state_ != State::Open) {
    return;  // when it closes, only the end of the stream is of interest
  }
  heard_at_ = Steady::now();
  corked_ = true;
  const auto violation = decoder_.feed(bytes, *this);
  corked_ = false;
  if (violation) {
    desk_.counters.violations.add();
    begin_close(violation->code, violation->reason, /*now=*/false);
  }
  flush();
}

bool Session::on_message(std::string_view payload) {
  if (state_ == State::Open && within_rate()) {
    desk_.counters.messages_received.add();
    owner_->on_message(*this, tells_kinds() ? frame::Opcode::Text : frame::Opcode::Binary, payload);
  }
  return state_ == State::Open;
}

// As session::Session counts: by the seconds of the clock.
bool Session::within_rate() {
  if (settings_.messages_per_s == 0) {
    return true;
  }
  const auto now = Steady::now().time_since_epoch();
  const auto second =
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  if (second != second_) {
    second_ = second;
    messages_said_ = 0;
  }
  if (++messages_said_ <= settings_.messages_per_s) {
    return true;
  }
  desk_.counters.over_rate.add();
  begin_close(frame::close_policy, "too many messages a second", /*now=*/false);
  return false;
}

void Session::go_on_reading() {
  read_held_ = false;
  heard_at_ = Steady::now();  // what came while we did not read is still in the kernel
  await_readable();
}

// --- writing

std::string_view Session::problem_with(const frame::Frame& frame) const {
  if (settings_.framing == Framing::Length) {
    return {};
  }
  if (!is_text(frame)) {
    return "the connection speaks lines, which carry text and no bytes";
  }
  const std::string_view text = payload_of(frame).payload();
  // JSON can be said in one line.
  if (text.find('\n') != std::string_view::npos && !json::is_valid(text)) {
    return "the text holds a line end, and the connection speaks lines";
  }
  return {};
}

void Session::send_answer(frame::Frame frame) {
  if (state_ != State::Open) {
    return;
  }
  // More answers may come in one turn than the queue holds; the socket takes what it can first.
  if (outbox_.full() && !corked_) {
    flush();
  }
  Message message = payload_of(std::move(frame));
  if (outbox_.put_answer(settings_.framing == Framing::Line
                             ? in_one_line(std::move(message))
                             : std::move(message)) == Outbox::Put::Refused) {
    cut_off("too slow: answers exceed writer.queue; ask for fewer at a time");
    return;
  }
  after_answer();
}

// What was read before the reading pauses is answered too: no more than one read.
void Session::reply(frame::Opcode /*opcode*/, std::string_view payload) {
  if (state_ == State::Open) {
    outbox_.put_anyway(own(std::string(payload)));
    after_answer();
  }
}

void Session::after_answer() {
  desk_.counters.messages_sent.add();
  read_paused_ = read_paused_ || outbox_.bytes() > settings_.queue_bytes / 2;
  request_flush();
}

frame::Outbox::Put Session::send_event(frame::Frame frame) {
  if (state_ != State::Open) {
    return Outbox::Put::Dropped;
  }
  if (!problem_with(frame).empty()) {
    desk_.counters.events_dropped.add();
    return Outbox::Put::Dropped;
  }
  const std::uint64_t dropped = outbox_.dropped();
  Message message = payload_of(std::move(frame));
  const auto put = outbox_.put_event(
      settings_.framing == Framing::Line ? in_one_line(std::move(message)) : std::move(message));
  desk_.counters.messages_sent.add(put == Outbox::Put::Queued ? 1 : 0);
  desk_.counters.events_dropped.add(outbox_.dropped() - dropped);
  if (outbox_.dropped() != dropped) {
    tell_slow();
  }
  request_flush();
  return put;
}

bool Session::must_wait() const noexcept {
  return state_ == State::Open && settings_.policy == frame::Policy::Close && outbox_.full();
}

void Session::tell_slow() {
  if (!std::exchange(slow_, true)) {
    desk_.counters.slow.add();
    owner_->on_slow(*this);
  }
}

void Session::expect_drain(std::string reason) {
  drain_asked_ = true;
  if (state_ == State::Open) {
    tell_slow();
  }
  if (settings_.block_ms == 0 || block_timer_ || state_ != State::Open) {
    return;
  }
  block_timer_ = std::make_unique<net::Timer>(desk_.context, milliseconds(settings_.block_ms));
  block_timer_->async_wait(
      [self = shared_from_this(), reason = std::move(reason)](net::ErrorCode failure) {
        if (!failure && self->drain_asked_) {
          self->cut_off(reason);
        }
      });
}

void Session::cut_off(std::string_view reason) {
  if (state_ == State::Open) {
    desk_.counters.cut_off.add();
    begin_close(frame::close_try_again_later, reason, /*now=*/true);
  }
}

// Everything queued by handlers that are ready now leaves in one write.
void Session::request_flush() {
  if (corked_ || flush_posted_ || await_write_ || state_ == State::Closed) {
    return;
  }
  flush_posted_ = true;
  asio::post(desk_.context, [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void Session::flush() {
  while (state_ != State::Closed && !await_write_ && (!outbox_.empty() || socket_.unsent())) {
    net::ErrorCode failure;
    const std::size_t bytes = socket_.write_some(net::Pieces(outbox_), failure);
    if (not_now(failure)) {
      await_writable();
      break;
    }
    if (failure) {
      finish(end_code_, failure.message());
      return;
    }
    desk_.counters.bytes_sent.add(bytes);
    outbox_.written(bytes);
    heard_at_ = Steady::now();
  }
  after_flush();
}

void Session::await_writable() {
  await_write_ = true;
  socket_.async_wait(net::Socket::wait_write, [self = shared_from_this()](net::ErrorCode failure) {
    self->await_write_ = false;
    if (!failure) {
      self->flush();
    }
  });
}

void Session::after_flush() {
  if (state_ == State::Closed) {
    return;
  }
  const bool roomy = outbox_.bytes() <= settings_.queue_bytes / 2;
  slow_ = slow_ && !roomy;
  if (read_paused_ && roomy) {
    read_paused_ = false;
    heard_at_ = Steady::now();
    await_readable();
  }
  if (drain_asked_ && roomy && state_ == State::Open) {
    drain_asked_ = false;
    block_timer_.reset();
    owner_->on_drained(*this);
  }
  if (state_ == State::Closing && outbox_.empty() && !socket_.unsent()) {
    if (!std::exchange(shut_, true)) {
      net::ErrorCode ignored;
      (void)socket_.shutdown(net::Socket::shutdown_send, ignored);
    }
    // Not closed at once otherwise: unread bytes would make the kernel reset the connection, and
    // what was written last would be lost. The close timer bounds it.
    if (input_ended_) {
      finish(end_code_, end_reason_);
    }
  }
}

// --- silence and the end

void Session::await_silence() {
  if (settings_.idle_ms == 0) {
    return;
  }
  const auto limit = milliseconds(settings_.idle_ms);
  timer_.expires_at(heard_at_ + limit);
  timer_.async_wait([self = shared_from_this(), limit](net::ErrorCode failure) {
    if (failure || self->state_ != State::Open) {
      return;
    }
    if (self->read_held_) {
      self->heard_at_ = Steady::now();  // we do not read, so we cannot hear
    }
    if (Steady::now() - self->heard_at_ >= limit) {
      self->close(frame::close_going_away, "nothing was said in either direction for 'idle'");
    } else {
      self->await_silence();
    }
  });
}

void Session::begin_close(std::uint16_t code, std::string_view reason, bool now) {
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
  if (now) {
    outbox_.drop_waiting();
  }
  if (settings_.farewell) {
    outbox_.put_anyway(own(
        fmt::format(R"({{"jsonrpc":"2.0","method":"closed","params":{{"code":{},"reason":{}}}}})",
                    code, json::quoted(reason))));
  }
  timer_.expires_after(milliseconds(close_handshake_ms));
  timer_.async_wait([self](net::ErrorCode failure) {
    if (!failure) {
      self->finish(self->end_code_, self->end_reason_);
    }
  });
  owner_->on_closing(*this);
  await_readable();
  request_flush();
}

void Session::finish(std::uint16_t code, std::string_view reason) {
  if (state_ == State::Closed) {
    return;
  }
  const auto self = shared_from_this();
  const std::string last_words(reason);
  const bool told = state_ == State::Closing;
  state_ = State::Closed;
  timer_.cancel();
  block_timer_.reset();
  net::ErrorCode ignored;
  (void)socket_.close(ignored);
  if (!told) {
    owner_->on_closing(*this);
  }
  owner_->on_closed(*this, code, last_words);
}

}  // namespace transport_ws::tcp
