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
    : Conversation(id, settings, std::move(owner), desk),
      socket_(std::move(socket)),
      decoder_(settings.framing, settings.message_bytes_max),
      outbox_(settings.framing, settings.queue_bytes, settings.policy),
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
  read_soon();
}

// --- reading

void Session::read_soon() {
  if (await_read_ || read_paused_ || read_held_ || input_ended_ || state_ == State::Closed) {
    return;
  }
  await_read_ = true;
  socket_.async_wait(net::Socket::wait_read,
                     [this, self = shared_from_this()](net::ErrorCode failure) {
                       await_read_ = false;
                       if (!failure && state_ != State::Closed) {
                         on_readable();
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
  read_soon();
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
  if (state_ != State::Open) {
    return false;
  }
  if (within(messages_, settings_.messages_per_s)) {
    desk_.counters.messages_received.add();
    owner_->on_message(*this, tells_kinds() ? frame::Opcode::Text : frame::Opcode::Binary, payload);
  } else {
    close_flood("messages");
  }
  return state_ == State::Open;
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
  on_answer_queued();
}

// What was read before the reading pauses is answered too: no more than one read.
void Session::reply(frame::Opcode /*opcode*/, std::string_view payload) {
  if (state_ == State::Open) {
    outbox_.put_anyway(own(std::string(payload)));
    on_answer_queued();
  }
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
  return on_event_put(put, outbox_.dropped() - dropped);
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
  socket_.async_wait(net::Socket::wait_write,
                     [this, self = shared_from_this()](net::ErrorCode failure) {
                       await_write_ = false;
                       if (!failure) {
                         flush();
                       }
                     });
}

void Session::after_flush() {
  if (state_ == State::Closed) {
    return;
  }
  on_room();
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
  timer_.async_wait([this, self = shared_from_this(), limit](net::ErrorCode failure) {
    if (failure || state_ != State::Open) {
      return;
    }
    if (read_held_) {
      on_sign_of_life();  // we do not read, so we cannot hear
    }
    if (Steady::now() - heard_at_ >= limit) {
      close(frame::close_going_away, "nothing was said in either direction for 'idle'");
    } else {
      await_silence();
    }
  });
}

void Session::put_last_words(std::uint16_t code, std::string_view reason, bool now) {
  if (now) {
    outbox_.drop_waiting();
  }
  if (settings_.farewell) {
    outbox_.put_anyway(own(
        fmt::format(R"({{"jsonrpc":"2.0","method":"closed","params":{{"code":{},"reason":{}}}}})",
                    code, json::quoted(reason))));
  }
}

void Session::hang_up() noexcept {
  net::ErrorCode ignored;
  (void)socket_.close(ignored);
}

}  // namespace transport_ws::tcp
