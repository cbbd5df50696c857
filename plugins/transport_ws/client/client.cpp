// plugins/transport_ws/client/client.cpp - connecting, the client's half of the handshake, trying
// again.
#include "client/client.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <fmt/format.h>

namespace transport_ws::client {

using std::chrono::milliseconds;

Client::Client(Url url, ClientSettings settings, Handler& handler, session::Desk desk)
    : url_(std::move(url)),
      settings_(std::move(settings)),
      handler_(&handler),
      desk_(desk),
      backoff_(settings_.backoff),
      resolver_(desk.context),
      socket_(desk.context),
      timer_(desk.context) {
  settings_.tls.side = tls::Side::Client;
}

bp::result<void> Client::send(std::string text) {
  if (handler_ == nullptr) {
    return bp::fail(BP_E_CLOSED, "the client gave up or was stopped");
  }
  if (session_ != nullptr && offline_.empty() &&
      session_->send_masked(frame::Opcode::Text, text) == frame::Outbox::Put::Queued) {
    return {};
  }
  if (offline_bytes_ + text.size() > settings_.offline_bytes_max) {
    return bp::fail(BP_E_FULL, fmt::format("{} bytes wait for the connection to {} already",
                                           offline_bytes_, url_.host_field));
  }
  offline_bytes_ += text.size();
  desk_.counters.client_queued_bytes.add(static_cast<double>(text.size()));
  offline_.push_back(std::move(text));
  flush_offline();
  return {};
}

State Client::state() const noexcept {
  if (handler_ == nullptr) {
    return State::GaveUp;
  }
  if (session_ != nullptr) {
    return State::Open;
  }
  return waiting_ ? State::Waiting : State::Connecting;
}

void Client::stop(std::uint16_t code, std::string_view reason) {
  if (handler_ == nullptr) {
    return;
  }
  handler_ = nullptr;
  ++attempt_;
  timer_.cancel();
  resolver_.cancel();
  net::ErrorCode ignored;
  (void)socket_.close(ignored);
  drop_offline();
  if (const auto session = session_) {
    disconnected();
    session->close(code, reason);
  }
}

void Client::connect() {
  waiting_ = false;
  const std::uint64_t attempt = ++attempt_;
  timer_.expires_after(milliseconds(settings_.handshake_ms));
  timer_.async_wait([self = shared_from_this(), attempt](net::ErrorCode failure) {
    if (!failure && attempt == self->attempt_ && self->session_ == nullptr) {
      self->lost("no answer in time");
    }
  });
  resolver_.async_resolve(
      url_.host, url_.port,
      [self = shared_from_this(), attempt](net::ErrorCode failure, const auto& found) {
        if (attempt != self->attempt_) {
          return;
        }
        if (failure) {
          self->lost(fmt::format("looking up {}: {}", self->url_.host, failure.message()));
          return;
        }
        std::vector<net::Tcp::endpoint> addresses;
        for (const auto& entry : found) {
          addresses.push_back(entry.endpoint());
        }
        self->try_address(std::move(addresses), 0);
      });
}

void Client::try_address(std::vector<net::Tcp::endpoint> addresses, std::size_t index) {
  net::ErrorCode ignored;
  (void)socket_.close(ignored);
  const net::Tcp::endpoint address = addresses[index];
  socket_.socket().async_connect(
      address, [self = shared_from_this(), attempt = attempt_, addresses = std::move(addresses),
                index](net::ErrorCode failure) mutable {
        if (attempt != self->attempt_) {
          return;
        }
        if (!failure) {
          self->secure();
        } else if (index + 1 < addresses.size()) {
          self->try_address(std::move(addresses), index + 1);
        } else {
          self->lost(fmt::format("connecting to {}: {}", self->url_.host_field, failure.message()));
        }
      });
}

// Files that changed since the last connection are used for this one; what cannot be used is a
// reason not to connect, never a reason to connect without.
void Client::secure() {
  net::ErrorCode ignored;
  (void)socket_.non_blocking(true, ignored);
  if (!url_.secure) {
    begin_handshake();
    return;
  }
  bp::result<bool> ready = true;
  if (tls_ != nullptr) {
    ready = tls_->refresh();
  } else if (auto opened = tls::Source::open(settings_.tls)) {
    tls_ = std::move(*opened);
  } else {
    ready = std::unexpected(std::move(opened).error());
  }
  if (!ready) {
    lost(ready.error().text());
    return;
  }
  socket_ = net::Stream(std::move(socket_.socket()), tls_->current(), url_.host);
  await_secure();
}

void Client::await_secure() {
  net::ErrorCode failure;
  socket_.handshake(failure);
  if (!failure) {
    begin_handshake();
  } else if (failure != asio::error::would_block) {
    lost(failure == asio::error::eof ? "the server hung up during the TLS handshake"
                                     : "TLS: " + socket_.explain(failure));
  } else {
    socket_.async_wait(net::Socket::wait_read,
                       [self = shared_from_this(), attempt = attempt_](net::ErrorCode cancelled) {
                         if (attempt == self->attempt_ && !cancelled) {
                           self->await_secure();
                         }
                       });
  }
}

void Client::begin_handshake() {
  key_ = http::random_key();
  reader_ = std::make_unique<http::ResponseReader>(header_bytes_max_default);
  request_ = http::upgrade_request(url_.host_field, url_.target, key_, settings_.fields);
  write_request();
}

void Client::write_request() {
  while (!request_.empty() || socket_.unsent()) {
    net::ErrorCode failure;
    const std::size_t bytes = socket_.write_some(asio::buffer(request_), failure);
    if (failure && failure != asio::error::would_block) {
      lost(socket_.explain(failure));
      return;
    }
    request_.erase(0, bytes);
    if (failure) {
      socket_.async_wait(net::Socket::wait_write,
                         [self = shared_from_this(), attempt = attempt_](net::ErrorCode cancelled) {
                           if (attempt == self->attempt_ && !cancelled) {
                             self->write_request();
                           }
                         });
      return;
    }
  }
  await_answer();
}

void Client::await_answer() {
  socket_.async_wait(net::Socket::wait_read, [self = shared_from_this(),
                                              attempt = attempt_](net::ErrorCode failure) {
    if (attempt != self->attempt_) {
      return;
    }
    const auto& scratch = self->desk_.scratch;
    const std::size_t bytes =
        failure ? 0
                : self->socket_.read_some(asio::buffer(scratch.data(), scratch.size()), failure);
    if (failure && failure != asio::error::would_block) {
      self->lost(failure == asio::error::eof ? "the server hung up during the handshake"
                                             : self->socket_.explain(failure));
      return;
    }
    self->on_answer({scratch.data(), bytes});
  });
}

void Client::on_answer(std::string_view bytes) {
  const auto complete = reader_->feed(bytes);
  if (!complete) {
    lost(complete.error().reason);
  } else if (!*complete) {
    await_answer();
  } else if (const auto upgraded = http::check_upgraded(reader_->take(), key_); !upgraded) {
    lost(upgraded.error().reason);
  } else {
    const std::string already_read = reader_->rest();
    reader_.reset();
    established(already_read);
  }
}

void Client::established(std::string_view already_read) {
  timer_.cancel();
  std::shared_ptr<session::Connection::Owner> owner(shared_from_this(), this);
  session_ = std::make_shared<session::Session>(attempt_,
                                                std::exchange(socket_, net::Stream(desk_.context)),
                                                settings_.session, std::move(owner), desk_);
  backoff_.reset();
  desk_.counters.client_connections.add(1);
  for (const std::string& text : settings_.hello) {
    (void)session_->send_masked(frame::Opcode::Text, text);
  }
  const auto session = session_;
  handler_->on_connected();
  flush_offline();
  session->start(already_read);
}

void Client::flush_offline() {
  while (session_ != nullptr && !offline_.empty() && !session_->must_wait()) {
    if (session_->send_masked(frame::Opcode::Text, offline_.front()) !=
        frame::Outbox::Put::Queued) {
      return;
    }
    offline_bytes_ -= offline_.front().size();
    desk_.counters.client_queued_bytes.add(-static_cast<double>(offline_.front().size()));
    offline_.pop_front();
  }
  if (session_ != nullptr && !offline_.empty()) {
    session_->expect_drain("too slow");
  }
}

void Client::drop_offline() {
  desk_.counters.client_dropped.add(offline_.size());
  desk_.counters.client_queued_bytes.add(-static_cast<double>(offline_bytes_));
  offline_.clear();
  offline_bytes_ = 0;
}

// Once for each connection: it is called from whoever notices first.
void Client::disconnected() {
  if (session_ != nullptr) {
    session_.reset();
    waiting_ = true;
    desk_.counters.client_connections.add(-1);
  }
}

void Client::on_message(session::Connection& /*session*/, frame::Opcode kind,
                        std::string_view payload) {
  if (handler_ != nullptr) {
    handler_->on_message(kind, payload);
  }
}

void Client::on_drained(session::Connection& /*session*/) {
  flush_offline();
}

void Client::on_closing(session::Connection& /*session*/) {
  disconnected();
}

void Client::on_closed(session::Connection& session, std::uint16_t code, std::string_view reason) {
  if (session.id() == attempt_) {
    lost(reason.empty() ? fmt::format("closed with {}", code)
                        : fmt::format("closed with {}: {}", code, reason));
  }
}

void Client::lost(std::string_view why) {
  if (handler_ == nullptr) {
    return;
  }
  ++attempt_;
  timer_.cancel();
  resolver_.cancel();
  net::ErrorCode ignored;
  (void)socket_.close(ignored);
  const auto wait_ms = backoff_.next_ms();
  if (!wait_ms) {
    drop_offline();
    std::exchange(handler_, nullptr)->on_gave_up(why);
    return;
  }
  await_retry(*wait_ms);
  handler_->on_disconnected(why, *wait_ms);
}

void Client::await_retry(std::uint32_t wait_ms) {
  waiting_ = true;
  timer_.expires_after(milliseconds(wait_ms));
  timer_.async_wait([self = shared_from_this()](net::ErrorCode failure) {
    if (!failure && self->handler_ != nullptr) {
      self->desk_.counters.client_retries.add();
      self->connect();
    }
  });
}

}  // namespace transport_ws::client
