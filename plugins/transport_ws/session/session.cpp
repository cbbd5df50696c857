// plugins/transport_ws/session/session.cpp - reading, writing, heartbeat and the ways a connection
// ends.
#include "session/session.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <random>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include "net/pieces.hpp"

namespace transport_ws::session {

namespace {

using std::chrono::milliseconds;

}  // namespace

std::uint32_t random_mask() {
  thread_local std::random_device device;
  return device();
}

Session::Session(std::uint64_t id, net::Stream socket, const SessionSettings& settings,
                 std::shared_ptr<Owner> owner, Desk desk)
    : Conversation(id, settings, std::move(owner), desk),
      socket_(desk.context, std::move(socket)),
      decoder_(settings.role, settings.message_bytes_max),
      outbox_(settings.queue_bytes, settings.policy),
      settings_(settings) {}

void Session::compress(int window_bits) noexcept {
  deflation_ = desk_.deflation;
  window_bits_ = static_cast<std::uint8_t>(window_bits);
  decoder_.allow_compressed(*deflation_, settings_.inflated_bytes_max != 0
                                             ? settings_.inflated_bytes_max
                                             : settings_.message_bytes_max);
}

void Session::start(std::string_view already_read) {
  net::ErrorCode failure;
  socket_.watch(*this, failure);
  if (failure) {
    finish(frame::close_abnormal, failure.message());
    return;
  }
  if (state_ == State::Open) {
    await_beat();
  }
  while (!already_read.empty() && state_ != State::Closed) {
    const auto piece = already_read.substr(0, desk_.scratch.size());
    std::memcpy(desk_.scratch.data(), piece.data(), piece.size());
    already_read.remove_prefix(piece.size());
    take(desk_.scratch.first(piece.size()));
  }
}

// --- reading

void Session::on_ready(std::uint32_t events) {
  const auto self = shared_from_this();
  socket_.note(events);
  if (await_write_ && socket_.writable()) {
    await_write_ = false;
    flush();
  }
  if (reading()) {
    read();
    read_soon();
  }
}

bool Session::reading() const noexcept {
  return socket_.readable() && !read_paused_ && !read_held_ && state_ != State::Closed;
}

// One read a turn: a connection that sends without end waits for the others.
void Session::read_soon() {
  if (reading()) {
    socket_.again();
  }
}

void Session::read() {
  net::ErrorCode failure;
  const std::size_t bytes = socket_.read_some(desk_.scratch, failure);
  if (failure == asio::error::would_block) {
    return;
  }
  if (failure) {
    const bool clean = failure == asio::error::eof;
    finish(end_code_, end_code_ != frame::close_abnormal ? end_reason_
                      : clean                            ? "the other side hung up"
                                                         : failure.message());
    return;
  }
  desk_.counters.bytes_received.add(bytes);
  take(desk_.scratch.first(bytes));
}

void Session::take(std::span<char> bytes) {
  if (bytes.empty() || peer_closed_) {
    return;  // after the close frame only the end of the stream is of interest
  }
  heard_ = true;
  corked_ = true;
  const auto violation = decoder_.feed(bytes, *this);
  corked_ = false;
  if (violation) {
    desk_.counters.violations.add();
    peer_closed_ = true;
    linger_ = true;
    begin_close(violation->code, violation->reason, /*now=*/true);
  }
  write_replies();
  flush();
}

bool Session::within(Rate& rate, std::uint32_t per_s, std::string_view what) {
  if (Conversation::within(rate, per_s)) {
    return true;
  }
  peer_closed_ = true;
  linger_ = true;
  close_flood(what);
  return false;
}

bool Session::on_message(frame::Opcode kind, std::string_view payload) {
  if (state_ == State::Open && within(messages_, settings_.messages_per_s, "messages")) {
    desk_.counters.messages_received.add();
    owner_->on_message(*this, kind, payload);
  }
  return state_ != State::Closed;
}

bool Session::on_ping(std::string_view payload) {
  if (state_ == State::Open && within(control_, settings_.control_per_s, "pings")) {
    outbox_.put_pong(control(frame::Opcode::Pong, payload));
  }
  return true;
}

bool Session::on_pong(std::string_view /*payload*/) {
  return state_ != State::Open || within(control_, settings_.control_per_s, "pongs");
}

bool Session::on_close(std::uint16_t code, std::string_view reason) {
  peer_closed_ = true;
  if (state_ == State::Open) {
    begin_close(code, reason, /*now=*/false);
  }
  return false;
}

// --- writing

std::string Session::control(frame::Opcode opcode, std::string_view payload) const {
  return settings_.role == frame::Role::Client ? frame::encode_frame(opcode, payload, random_mask())
                                               : frame::encode_frame(opcode, payload);
}

frame::Frame Session::packed(frame::Frame frame) const {
  return deflation_ == nullptr
             ? std::move(frame)
             : deflation_->pack(std::move(frame), settings_.deflate_bytes_min, window_bits_);
}

void Session::send_answer(frame::Frame frame) {
  if (state_ != State::Open) {
    return;
  }
  // More answers may come in one turn than the queue holds; the socket takes what it can first.
  if (outbox_.full() && !corked_) {
    flush();
  }
  if (outbox_.put_answer(packed(std::move(frame))) == frame::Outbox::Put::Refused) {
    cut_off("too slow: answers exceed writer.queue; ask for fewer at a time");
    return;
  }
  on_answer_queued();
}

frame::Outbox::Put Session::send_event(frame::Frame frame) {
  if (state_ != State::Open) {
    return frame::Outbox::Put::Dropped;
  }
  const std::uint64_t dropped = outbox_.dropped();
  const frame::Put put = outbox_.put_event(packed(std::move(frame)));
  return on_event_put(put, outbox_.dropped() - dropped);
}

frame::Outbox::Put Session::send_masked(frame::Opcode opcode, std::string_view payload) {
  return send_event(
      std::make_shared<const std::string>(frame::encode_frame(opcode, payload, random_mask())));
}

// Reading pauses while the queue is half full: what is read at once, and what it completes, comes
// on top. Only inflated messages are more than that.
std::size_t Session::replies_bytes_max() const noexcept {
  return settings_.queue_bytes + settings_.message_bytes_max + read_scratch_bytes;
}

void Session::reply(frame::Opcode opcode, std::string_view payload) {
  if (state_ != State::Open) {
    return;
  }
  // Behind what waits already; and the buffer holds no frame that could be compressed.
  if (!corked_ || !outbox_.empty() || deflation_ != nullptr) {
    if (outbox_.bytes() > replies_bytes_max() && desk_.replies.empty()) {
      flush();
    }
    if (outbox_.bytes() > replies_bytes_max()) {
      cut_off("too slow: what compressed messages hold exceeds writer.queue");
    }
    if (state_ != State::Open) {
      return;
    }
    outbox_.put_anyway(
        packed(std::make_shared<const std::string>(frame::encode_frame(opcode, payload))));
    on_answer_queued();
    return;
  }
  std::array<char, frame_header_bytes_max> header{};
  const std::size_t header_bytes = frame::encode_header(header, opcode, payload.size());
  desk_.replies.append(header.data(), header_bytes).append(payload);
  desk_.counters.messages_sent.add();
}

// Replies come before everything in the outbox: it was empty when each of them was made.
void Session::write_replies() {
  std::string& replies = desk_.replies;
  if (replies.empty()) {
    return;
  }
  std::size_t bytes = 0;
  if (state_ != State::Closed) {
    net::ErrorCode failure;
    const asio::const_buffer all = asio::buffer(replies);
    bytes = socket_.write_some({&all, 1}, failure);
    if (failure && failure != asio::error::would_block) {
      finish(end_code_, failure.message());
    }
    desk_.counters.bytes_sent.add(bytes);
  }
  if (state_ != State::Closed && bytes < replies.size()) {
    outbox_.put_begun(replies, bytes);
    pause_if_crowded();
  }
  replies.clear();
  if (replies.capacity() > replies_kept_bytes) {
    replies.shrink_to_fit();
  }
}

void Session::flush() {
  while (state_ != State::Closed && !await_write_ && (!outbox_.empty() || socket_.unsent())) {
    net::ErrorCode failure;
    const std::size_t bytes = socket_.write_some(net::Pieces(outbox_), failure);
    if (failure == asio::error::would_block) {
      await_write_ = true;
      break;
    }
    if (failure) {
      finish(end_code_, failure.message());
      return;
    }
    desk_.counters.bytes_sent.add(bytes);
    outbox_.written(bytes);
    heard_ =
        heard_ || read_paused_;  // we do not read now, so progress in writing is the sign of life
  }
  after_flush();
}

void Session::after_flush() {
  if (state_ == State::Closed) {
    return;
  }
  on_room();
  if (state_ == State::Closing && outbox_.empty() && !socket_.unsent()) {
    if (!shut_) {
      socket_.shut_down();
      shut_ = true;
    }
    if (peer_closed_ && !linger_ && settings_.role == frame::Role::Server) {
      finish(end_code_, end_reason_);
    }
  }
}

// --- heartbeat and the end

void Session::await_beat() {
  timer_.expires_after(milliseconds(settings_.heartbeat_ms));
  timer_.async_wait([this, self = shared_from_this()](net::ErrorCode failure) {
    if (!failure && state_ == State::Open) {
      on_beat();
    }
  });
}

void Session::on_beat() {
  heard_ = heard_ || read_held_;  // we do not read, so we cannot hear
  missed_pongs_ =
      heard_ || !pinged_ ? std::uint8_t{0} : static_cast<std::uint8_t>(missed_pongs_ + 1);
  if (missed_pongs_ >= missed_pongs_max) {
    abort("three pongs missed");
    return;
  }
  heard_ = false;
  pinged_ = true;
  outbox_.put_ping(control(frame::Opcode::Ping, {}));
  request_flush();
  await_beat();
}

void Session::put_last_words(std::uint16_t code, std::string_view reason, bool now) {
  const bool sayable =
      frame::is_close_code(code);  // 1005: an empty close frame is answered by an empty one
  outbox_.put_close(
      control(frame::Opcode::Close, sayable ? frame::close_payload(code, reason) : std::string()),
      now);
}

}  // namespace transport_ws::session
