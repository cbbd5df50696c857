// plugins/transport_ws/http/exchange.cpp - reading the request, writing the answer, keeping the
// deadline.
#include "http/exchange.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include "http/failure.hpp"
#include "http/sharing.hpp"

namespace transport_ws::http {

namespace {

bool not_now(const net::ErrorCode& failure) noexcept {
  return failure == asio::error::would_block || failure == asio::error::try_again;
}

}  // namespace

Exchange::Exchange(net::Stream socket, session::Desk desk, std::uint32_t deadline_ms,
                   std::uint32_t header_bytes_max, std::uint64_t body_bytes_max)
    : socket_(std::move(socket)),
      timer_(desk.context),
      desk_(desk),
      body_bytes_max_(body_bytes_max),
      deadline_ms_(deadline_ms),
      header_bytes_max_(header_bytes_max) {
  reader_.emplace(header_bytes_max_, body_bytes_max_);
}

void Exchange::start(OnRequest on_request, OnEnd on_end) {
  on_request_ = std::move(on_request);
  on_end_ = std::move(on_end);
  net::ErrorCode ignored;
  (void)socket_.non_blocking(true, ignored);
  allow(deadline_ms_);
  await_readable();
}

void Exchange::allow(std::uint32_t deadline_ms) {
  timer_.expires_after(std::chrono::milliseconds(deadline_ms));
  timer_.async_wait([self = shared_from_this()](net::ErrorCode failure) {
    if (!failure) {
      self->end("timeout");
    }
  });
}

void Exchange::begin_count() {
  if (counted_) {
    asked_ = std::chrono::steady_clock::now();
    desk_.counters.http_in_flight.add(1);
  }
}

// `status` 0: it became a WebSocket, or nobody is there any more who could be answered.
void Exchange::end_count(unsigned status) {
  if (counted_ && status != 0) {
    desk_.counters.http_answers[session::class_of(status)].add();
  }
  if (!asked_) {
    return;
  }
  if (status != 0) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - *asked_;
    desk_.counters.http_seconds.observe(took.count());
  }
  desk_.counters.http_in_flight.add(-1);
  asked_.reset();
}

void Exchange::await_readable() {
  socket_.async_wait(net::Socket::wait_read, [self = shared_from_this()](net::ErrorCode failure) {
    if (!failure && self->on_end_ && self->out_.empty()) {
      self->on_readable();
    }
  });
}

void Exchange::on_readable() {
  net::ErrorCode failure;
  const std::size_t bytes =
      socket_.read_some(asio::buffer(desk_.scratch.data(), desk_.scratch.size()), failure);
  if (failure && !not_now(failure)) {
    const bool tls = socket_.shaking_hands() && failure != asio::error::eof;
    end(tls ? "TLS: " + socket_.explain(failure) : "hung up");
    return;
  }
  take({desk_.scratch.data(), bytes});
}

void Exchange::take(std::string_view bytes) {
  const auto complete = reader_->feed(bytes);
  if (!complete) {
    refuse(complete.error());
    return;
  }
  if (!*complete) {
    if (reader_->must_invite()) {
      stream(std::string(invitation), [this] {
        out_.clear();
        await_readable();
      });
    } else {
      await_readable();
    }
    return;
  }
  requested_ = true;
  begin_count();
  Request request = reader_->take();
  delivery_ = {.keep_alive = wants_keep_alive(request), .head = request.method == "HEAD"};
  // It may end the exchange, and with it what is called: it is held here meanwhile.
  auto on_request = std::exchange(on_request_, nullptr);
  on_request(shared_from_this(), std::move(request));
  if (on_end_) {
    on_request_ = std::move(on_request);
  }
}

// Posted, so that many requests in one read do not pile up on the stack.
void Exchange::next_request() {
  asio::post(desk_.context, [self = shared_from_this()] {
    if (!self->on_end_) {
      return;
    }
    const std::string rest = self->reader_->rest();
    self->reader_.emplace(self->header_bytes_max_, self->body_bytes_max_);
    self->out_.clear();
    self->requested_ = false;
    self->allow(self->deadline_ms_);
    if (rest.empty()) {
      self->await_readable();
    } else {
      self->take(rest);
    }
  });
}

// What was not read as far as that is no handshake.
bool Exchange::speaks_json() const {
  return origins_ != nullptr && !reader_->peek("Upgrade");
}

std::string Exchange::text_of(const Response& response, Delivery how) const {
  return speaks_json() ? to_text(response, how, sharing_fields(*origins_, reader_->peek("Origin")))
                       : to_text(response, how);
}

void Exchange::serve(const Response& response) {
  if (on_end_) {
    served_ = true;
    how_ = "answered";
    go_on_ = delivery_.keep_alive;
    end_count(response.status);
    write(text_of(response, delivery_));
  }
}

void Exchange::refuse(const Refusal& refusal) {
  answer(speaks_json() ? failure(refusal) : failure_in_words(refusal), refusal.reason);
}

void Exchange::answer(const Response& response, std::string_view how) {
  if (on_end_) {
    how_ = how;
    end_count(response.status);
    write(text_of(response, {.head = requested_ && delivery_.head}));
  }
}

void Exchange::stream(std::string bytes, OnDrained on_drained) {
  if (on_end_) {
    on_drained_ = std::move(on_drained);
    write(std::move(bytes));
  }
}

void Exchange::finish(std::string bytes, std::string_view how) {
  if (on_end_) {
    how_ = how;
    write(std::move(bytes));
  }
}

void Exchange::upgrade(std::string accepted, OnUpgraded on_upgraded) {
  if (on_end_) {
    on_upgraded_ = std::move(on_upgraded);
    end_count(0);
    write(std::move(accepted));
  }
}

void Exchange::write(std::string text) {
  out_ = std::move(text);
  out_at_ = 0;
  go_on_writing();
}

void Exchange::go_on_writing() {
  while (out_at_ < out_.size() || socket_.unsent()) {
    net::ErrorCode failure;
    const std::size_t bytes =
        socket_.write_some(asio::buffer(out_.data() + out_at_, out_.size() - out_at_), failure);
    if (not_now(failure)) {
      socket_.async_wait(net::Socket::wait_write,
                         [self = shared_from_this()](net::ErrorCode cancelled) {
                           if (!cancelled && self->on_end_) {
                             self->go_on_writing();
                           }
                         });
      return;
    }
    if (failure) {
      end("hung up");
      return;
    }
    out_at_ += bytes;
  }
  written();
}

void Exchange::written() {
  if (on_drained_) {
    std::exchange(on_drained_, nullptr)();
    return;
  }
  if (on_upgraded_) {
    timer_.cancel();
    on_end_ = nullptr;
    std::exchange(on_upgraded_, nullptr)(std::move(socket_), reader_->rest());
    return;
  }
  if (std::exchange(go_on_, false)) {
    next_request();
    return;
  }
  net::ErrorCode ignored;
  (void)socket_.shutdown(net::Socket::shutdown_send, ignored);
  if (requested_) {
    end(how_);
  } else {
    await_hangup();
  }
}

// An answer to a request that was not read to its end: closing now would make the kernel reset the
// connection and the answer would be lost. The deadline bounds this.
void Exchange::await_hangup() {
  socket_.async_wait(net::Socket::wait_read, [self = shared_from_this()](net::ErrorCode failure) {
    if (failure || !self->on_end_) {
      return;
    }
    const auto& scratch = self->desk_.scratch;
    (void)self->socket_.read_some(asio::buffer(scratch.data(), scratch.size()), failure);
    if (failure && !not_now(failure)) {
      self->end(self->how_);
    } else {
      self->await_hangup();
    }
  });
}

void Exchange::end(std::string_view how) {
  if (!on_end_) {
    return;
  }
  timer_.cancel();
  end_count(0);
  net::ErrorCode ignored;
  (void)socket_.close(ignored);
  on_request_ = nullptr;
  on_upgraded_ = nullptr;
  on_drained_ = nullptr;
  std::exchange(on_end_, nullptr)(served_ ? answered : how);
}

}  // namespace transport_ws::http
