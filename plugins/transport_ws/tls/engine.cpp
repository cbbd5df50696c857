// plugins/transport_ws/tls/engine.cpp - OpenSSL's state machine between a socket and plain bytes.
#include "tls/engine.hpp"

#include <array>
#include <cerrno>
#include <string_view>

#include <boost/asio/error.hpp>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "tls/identity.hpp"

namespace transport_ws::tls {

namespace {

constexpr std::size_t unsent_kept_bytes = 1024;

ErrorCode system_failure(int number) noexcept {
  return {number, boost::system::system_category()};
}

bool not_now(int number) noexcept {
  return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

}  // namespace

// What OpenSSL calls in the place of read() and write().
struct Transport {
  static Engine& engine_of(BIO* bio) noexcept { return *static_cast<Engine*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, std::size_t bytes, std::size_t* got) {
    Engine& engine = engine_of(bio);
    BIO_clear_retry_flags(bio);
    ssize_t received = 0;
    do {
      received = ::recv(engine.socket_, into, bytes, 0);
    } while (received < 0 && errno == EINTR);  // who waits for edges would wait for ever
    if (received > 0) {
      *got = static_cast<std::size_t>(received);
      return 1;
    }
    if (received == 0) {
      engine.end_ = true;
    } else if (not_now(errno)) {
      BIO_set_retry_read(bio);
    } else {
      engine.socket_error_ = errno;
    }
    return 0;
  }

  // Takes everything: what the socket does not take now is kept.
  static int write(BIO* bio, const char* from, std::size_t bytes, std::size_t* put) {
    Engine& engine = engine_of(bio);
    std::size_t sent = 0;
    if (engine.unsent_.empty()) {
      const ssize_t done = ::send(engine.socket_, from, bytes, MSG_NOSIGNAL);
      if (done < 0 && !not_now(errno)) {
        engine.socket_error_ = errno;
        return 0;
      }
      sent = done > 0 ? static_cast<std::size_t>(done) : 0;
    }
    engine.unsent_.append(from + sent, bytes - sent);
    *put = bytes;
    return 1;
  }

  static long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
    if (command == BIO_CTRL_EOF) {
      return engine_of(bio).end_ ? 1 : 0;
    }
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }
};

BIO_METHOD* make_transport() noexcept {
  BIO_METHOD* transport = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
  if (transport != nullptr) {
    BIO_meth_set_read_ex(transport, &Transport::read);
    BIO_meth_set_write_ex(transport, &Transport::write);
    BIO_meth_set_ctrl(transport, &Transport::control);
  }
  return transport;
}

Engine::Engine(std::shared_ptr<const Context> context, int socket, const std::string& server_name)
    : context_(std::move(context)), ssl_(SSL_new(context_->get())), socket_(socket) {
  BIO* bio = BIO_new(context_->transport());
  if (ssl_ == nullptr || bio == nullptr) {
    SSL_free(ssl_);
    BIO_free(bio);
    ssl_ = nullptr;  // out of memory: the first use reports it
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  if (context_->side() == Side::Server) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  X509_VERIFY_PARAM* demands = SSL_get0_param(ssl_);
  if (X509_VERIFY_PARAM_set1_ip_asc(demands, server_name.c_str()) != 1) {
    SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(server_name.c_str()));
    SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl_, server_name.c_str());
  }
  ERR_clear_error();
}

Engine::~Engine() {
  SSL_free(ssl_);
}

void Engine::handshake(ErrorCode& failure) {
  failure = {};
  flush(failure);
  if (failure && failure != boost::asio::error::would_block) {
    return;
  }
  ERR_clear_error();
  const int outcome = ssl_ == nullptr ? -1 : SSL_do_handshake(ssl_);
  failure = outcome == 1 ? ErrorCode() : failure_of(outcome);
  if (!failure) {
    flush(failure);  // the last flight: before anything is said behind it
  }
}

std::size_t Engine::read(std::span<char> into, ErrorCode& failure) {
  failure = {};
  if (unsent()) {
    flush(failure);  // an answer of TLS's own that did not leave
  }
  std::size_t total = 0;
  more_ = false;
  while (total < into.size()) {
    ERR_clear_error();
    std::size_t got = 0;
    const int outcome =
        ssl_ == nullptr ? -1 : SSL_read_ex(ssl_, into.data() + total, into.size() - total, &got);
    if (outcome <= 0) {
      failure = failure_of(outcome);
      // What was read comes first; the end shows itself again.
      const bool block = failure == boost::asio::error::would_block;
      if (total > 0) {
        more_ = !block;
        failure = {};
      }
      return total;
    }
    total += got;
  }
  more_ = true;
  return total;
}

void Engine::write(std::span<const char> record, ErrorCode& failure) {
  ERR_clear_error();
  std::size_t put = 0;
  const int outcome = ssl_ == nullptr ? -1 : SSL_write_ex(ssl_, record.data(), record.size(), &put);
  failure = outcome == 1 ? ErrorCode() : failure_of(outcome);
}

void Engine::flush(ErrorCode& failure) {
  failure = {};
  while (unsent_at_ < unsent_.size()) {
    const ssize_t done =
        ::send(socket_, unsent_.data() + unsent_at_, unsent_.size() - unsent_at_, MSG_NOSIGNAL);
    if (done < 0) {
      failure = not_now(errno) ? ErrorCode(boost::asio::error::would_block) : system_failure(errno);
      return;
    }
    unsent_at_ += static_cast<std::size_t>(done);
  }
  unsent_at_ = 0;
  unsent_.clear();
  if (unsent_.capacity() > unsent_kept_bytes) {
    unsent_ = std::string();
  }
}

void Engine::shut() noexcept {
  if (established()) {
    (void)SSL_shutdown(ssl_);
  }
  ERR_clear_error();
}

bool Engine::established() const noexcept {
  return ssl_ != nullptr && SSL_is_init_finished(ssl_) == 1;
}

ErrorCode Engine::failure_of(int outcome) noexcept {
  if (ssl_ == nullptr) {
    return boost::asio::error::no_memory;
  }
  switch (SSL_get_error(ssl_, outcome)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return boost::asio::error::would_block;
    case SSL_ERROR_ZERO_RETURN:
      return boost::asio::error::eof;
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      return socket_error_ != 0 ? system_failure(socket_error_)
                                : ErrorCode(boost::asio::error::eof);
    default:
      return end_ && ERR_peek_error() == 0 ? ErrorCode(boost::asio::error::eof) : take_failure();
  }
}

Identity Engine::peer() const {
  if (!established() || SSL_get_verify_result(ssl_) != X509_V_OK) {
    return {};
  }
  X509* shown = SSL_get0_peer_certificate(ssl_);
  return shown == nullptr ? Identity() : identity_of(*shown);
}

std::string Engine::explain(const ErrorCode& failure) const {
  const long verdict = ssl_ == nullptr ? X509_V_OK : SSL_get_verify_result(ssl_);
  return verdict == X509_V_OK
             ? failure.message()
             : fmt::format("{}: {}", failure.message(), X509_verify_cert_error_string(verdict));
}

}  // namespace transport_ws::tls
