// plugins/transport_ws/http/exchange.cpp - reading the request, writing the answer, keeping the
// deadline.
#include "http/exchange.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

namespace transport_ws::http {

namespace {

bool not_now(const net::ErrorCode& failure) noexcept {
  return failure == asio::error::would_block || failure == asio::error::try_again;
}

}  // namespace

Exchange::Exchange(net::Stream socket, session::Desk desk, std::uint32_t deadline_ms,
                   std::uint32_t header_bytes_max)
    : socket_(std::move(socket)),
      timer_(desk.context),
      desk_(desk),
      reader_(header_bytes_max, /*body_bytes_max=*/0),
      deadline_ms_(deadline_ms) {}

void Exchange::start(OnRequest on_request, OnEnd on_end) {
  on_request_ = std::move(on_request);
  on_end_ = std::move(on_end);
  net::ErrorCode ignored;
  (void)socket_.non_blocking(true, ignored);
  timer_.expires_after(std::chrono::milliseconds(deadline_ms_));
  timer_.async_wait([self = shared_from_this()](net::ErrorCode failure) {
    if (!failure) {
      self->end("timeout");
    }
  });
  await_readable();
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
  const auto complete = reader_.feed({desk_.scratch.data(), bytes});
  if (!complete) {
    refuse(complete.error());
  } else if (!*complete) {
    await_readable();
  } else {
    requested_ = true;
    std::exchange(on_request_, nullptr)(shared_from_this(), reader_.take());
  }
}

void Exchange::refuse(const Refusal& refusal) {
  Response response;
  response.status = refusal.status;
  response.body = refusal.reason + "\n";
  if (refusal.status == 426) {
    response.fields = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
  }
  if (refusal.status == 401) {
    response.fields = {{"WWW-Authenticate", "Bearer"}};
  }
  answer(response, refusal.reason);
}

void Exchange::answer(const Response& response, std::string_view how) {
  if (on_end_) {
    how_ = how;
    write(to_text(response));
  }
}

void Exchange::upgrade(std::string accepted, OnUpgraded on_upgraded) {
  if (on_end_) {
    on_upgraded_ = std::move(on_upgraded);
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
  if (on_upgraded_) {
    timer_.cancel();
    on_end_ = nullptr;
    std::exchange(on_upgraded_, nullptr)(std::move(socket_), reader_.rest());
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
  net::ErrorCode ignored;
  (void)socket_.close(ignored);
  on_request_ = nullptr;
  on_upgraded_ = nullptr;
  std::exchange(on_end_, nullptr)(how);
}

}  // namespace transport_ws::http
