// host/admin/http_server.cpp - Asio sockets, Beast's HTTP parser; the only Beast unit of the host.
#include "host/admin/http_server.hpp"

#include <array>
#include <charconv>
#include <deque>
#include <filesystem>
#include <optional>
#include <set>
#include <unistd.h>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <sys/stat.h>

namespace host::admin {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Protocol = asio::local::stream_protocol;

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
            text.data() + i + 3) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

Request request_of(http::request<http::string_body>&& message) {
  Request request;
  request.method = std::string(message.method_string());
  std::string_view target(message.target().data(), message.target().size());
  const std::size_t question = target.find('?');
  request.path = decoded(target.substr(0, question));
  std::string_view query = question == std::string_view::npos ? "" : target.substr(question + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = pair.find('=');
    request.query.emplace(decoded(pair.substr(0, equals)), equals == std::string_view::npos
                                                               ? std::string()
                                                               : decoded(pair.substr(equals + 1)));
  }
  request.body = std::move(message.body());
  return request;
}

std::string head_of(unsigned status, const std::string& content_type, const std::string& rest) {
  return "HTTP/1.1 " + std::to_string(status) + " " +
         std::string(http::obsolete_reason(static_cast<http::status>(status))) +
         "\r\nContent-Type: " + content_type + "\r\nCache-Control: no-store\r\n" + rest + "\r\n";
}

class Connection;

class Server final : public HttpServer {
 public:
  Server(asio::io_context& io, std::string path, Handler handler)
      : io_(io), acceptor_(io), path_(std::move(path)), handler_(std::move(handler)) {}

  ~Server() override { close_now(); }

  error::Result<void> open(const std::string& mode);

  void close() override { close_now(); }

  void accept();

  void forget(const std::shared_ptr<Connection>& connection) { connections_.erase(connection); }

  [[nodiscard]] const Handler& handler() const noexcept { return handler_; }

 private:
  void close_now();

  asio::io_context& io_;
  Protocol::acceptor acceptor_;
  std::string path_;
  Handler handler_;
  std::set<std::shared_ptr<Connection>> connections_;
  bool open_ = false;
};

class Connection final : public Responder, public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::io_context& io, Protocol::socket socket, Server& server)
      : io_(io), socket_(std::move(socket)), timer_(io), server_(&server) {}

  void start() { read_request(); }

  void shut() {
    server_ = nullptr;
    boost::system::error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    tell_gone();
  }

  // What these four do happens in the order of the calls. From the io thread it happens at once:
  // what that thread posts waits in a queue of its own, and a worker's first chunk would overtake
  // the head.
  void reply(Response response) override {
    std::string text = head_of(response.status, response.content_type,
                               "Content-Length: " + std::to_string(response.body.size()) + "\r\n") +
                       response.body;
    asio::dispatch(io_, [self = shared_from_this(), text = std::move(text)]() mutable {
      self->answered_ = true;
      self->send(std::move(text));
    });
  }

  void begin_stream(std::string content_type) override {
    std::string text = head_of(200, content_type, "Transfer-Encoding: chunked\r\n");
    asio::dispatch(io_, [self = shared_from_this(), text = std::move(text)]() mutable {
      self->streaming_ = true;
      self->send(std::move(text));
      self->watch_for_close();
    });
  }

  bool write(std::string chunk) override {
    if (gone_.load(std::memory_order_relaxed)) {
      return false;
    }
    if (full()) {
      return true;  // dropped; the line numbers show the gap
    }
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), chunk.size(), 16).ptr;
    std::string text(size.data(), end);
    text += "\r\n" + chunk + "\r\n";
    unsent_.fetch_add(text.size(), std::memory_order_relaxed);
    asio::dispatch(io_, [self = shared_from_this(), text = std::move(text)]() mutable {
      self->send(std::move(text));
    });
    return true;
  }

  [[nodiscard]] bool full() const override {
    return unsent_.load(std::memory_order_relaxed) > stream_bytes_max;
  }

  void end() override {
    asio::dispatch(io_, [self = shared_from_this()] {
      self->streaming_ = false;
      self->answered_ = true;
      self->close_after_ = true;
      self->send("0\r\n\r\n");
    });
  }

  void on_gone(std::function<void()> gone) override {
    asio::dispatch(io_, [self = shared_from_this(), gone = std::move(gone)]() mutable {
      self->gone_callback_ = std::move(gone);
      if (self->gone_.load(std::memory_order_relaxed)) {
        self->tell_gone();
      }
    });
  }

 private:
  void arm_idle() {
    timer_.expires_after(std::chrono::seconds(idle_timeout_s));
    timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
      if (!ec) {
        self->drop();
      }
    });
  }

  void read_request() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(body_bytes_max);
    parser_->eager(true);
    answered_ = false;
    arm_idle();
    feed();
  }

  // Parse what is buffered, then read more.
  void feed() {
    boost::system::error_code ec;
    while (!buffer_.empty() && !parser_->is_done()) {
      const std::size_t used = parser_->put(asio::buffer(buffer_), ec);
      buffer_.erase(0, used);
      if (ec == http::error::need_more) {
        ec = {};
        break;
      }
      if (ec) {
        refuse(ec);
        return;
      }
    }
    if (parser_->is_done()) {
      timer_.cancel();
      close_after_ = !parser_->get().keep_alive();
      if (server_ != nullptr) {
        server_->handler()(request_of(parser_->release()), shared_from_this());
      }
      return;
    }
    socket_.async_read_some(
        asio::buffer(chunk_),
        [self = shared_from_this()](boost::system::error_code failed, std::size_t size) {
          if (failed) {
            self->drop();
            return;
          }
          self->buffer_.append(self->chunk_.data(), size);
          self->feed();
        });
  }

  void refuse(const boost::system::error_code& ec) {
    error::Error why(BP_E_INVALID, "not a request this server takes: " + ec.message());
    if (ec == http::error::body_limit) {
      const auto declared = parser_->get()[http::field::content_length];
      why =
          body_too_large(declared.empty() ? "more" : std::string(declared.data(), declared.size()));
    } else if (ec == http::error::header_limit) {
      why = {BP_E_TOO_LARGE, "the request's header is above the limit of " +
                                 std::to_string(header_bytes_max) + " bytes"};
    }
    close_after_ = true;
    reply({static_cast<unsigned>(error::status_row(why.code()).http_status), why.json() + "\n"});
  }

  // While streaming, a read that ends means that the reader is gone.
  void watch_for_close() {
    socket_.async_read_some(asio::buffer(chunk_),
                            [self = shared_from_this()](boost::system::error_code ec, std::size_t) {
                              if (ec) {
                                self->drop();
                              } else if (self->streaming_) {
                                self->watch_for_close();
                              }
                            });
  }

  void send(std::string text) {
    if (gone_.load(std::memory_order_relaxed)) {
      return;
    }
    out_.push_back(std::move(text));
    if (out_.size() == 1) {
      write_next();
    }
  }

  void write_next() {
    asio::async_write(socket_, asio::buffer(out_.front()),
                      [self = shared_from_this()](boost::system::error_code ec, std::size_t size) {
                        self->unsent_.fetch_sub(
                            std::min(size, self->unsent_.load(std::memory_order_relaxed)),
                            std::memory_order_relaxed);
                        self->out_.pop_front();
                        if (ec) {
                          self->drop();
                        } else if (!self->out_.empty()) {
                          self->write_next();
                        } else if (self->answered_ && self->close_after_) {
                          self->drop();
                        } else if (self->answered_) {
                          self->read_request();
                        }
                      });
  }

  void tell_gone() {
    gone_.store(true, std::memory_order_relaxed);
    if (auto gone = std::exchange(gone_callback_, {})) {
      gone();
    }
  }

  void drop() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    tell_gone();
    if (server_ != nullptr) {
      std::exchange(server_, nullptr)->forget(shared_from_this());
    }
  }

  asio::io_context& io_;
  Protocol::socket socket_;
  asio::steady_timer timer_;
  Server* server_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string buffer_;
  std::array<char, 16'384> chunk_{};
  std::deque<std::string> out_;
  std::atomic<std::size_t> unsent_{0};
  std::atomic<bool> gone_{false};
  std::function<void()> gone_callback_;
  bool answered_ = false;
  bool streaming_ = false;
  bool close_after_ = false;
};

error::Result<void> Server::open(const std::string& mode) {
  const auto failed = [&](const char* what, const boost::system::error_code& ec) {
    return error::fail(BP_E_IO, std::string(what) + " '" + path_ + "': " + ec.message());
  };
  if (path_.size() >= sizeof(sockaddr_un::sun_path)) {
    return error::fail(BP_E_TOO_LARGE,
                       "the socket path '" + path_ + "' has " + std::to_string(path_.size()) +
                           " bytes, a unix socket takes " +
                           std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                           "; fix: set admin.unix.path or host.runtime_dir to a shorter path");
  }
  boost::system::error_code ec;
  Protocol::socket probe(io_);
  probe.connect(Protocol::endpoint(path_), ec);
  if (!ec) {
    return error::fail(BP_E_BUSY,
                       "another process listens on '" + path_ +
                           "'; fix: stop it, or give this host its own host.runtime_dir");
  }
  ::unlink(path_.c_str());  // left behind by a process that was killed
  acceptor_.open(Protocol(), ec);
  if (ec) {
    return failed("opening a socket for", ec);
  }
  const mode_t before = ::umask(0177);
  acceptor_.bind(Protocol::endpoint(path_), ec);
  ::umask(before);
  if (ec) {
    return failed("binding", ec);
  }
  open_ = true;
  ::chmod(path_.c_str(), static_cast<mode_t>(std::strtoul(mode.c_str(), nullptr, 8)));
  acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) {
    return failed("listening on", ec);
  }
  accept();
  return {};
}

void Server::accept() {
  acceptor_.async_accept([this](boost::system::error_code ec, Protocol::socket socket) {
    if (ec == asio::error::operation_aborted || !open_) {
      return;
    }
    if (!ec && connections_.size() < connections_max) {
      auto connection = std::make_shared<Connection>(io_, std::move(socket), *this);
      connections_.insert(connection);
      connection->start();
    }
    accept();
  });
}

void Server::close_now() {
  if (!std::exchange(open_, false)) {
    return;
  }
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  ::unlink(path_.c_str());
  for (const std::shared_ptr<Connection>& connection : std::exchange(connections_, {})) {
    connection->shut();
  }
}

}  // namespace

error::Error body_too_large(const std::string& bytes) {
  return {BP_E_TOO_LARGE, "a body of " + bytes + " bytes is above the limit of " +
                              std::to_string(body_bytes_max) + " bytes (16 MiB)"};
}

error::Result<std::unique_ptr<HttpServer>> HttpServer::listen(asio::io_context& io,
                                                              const std::string& path,
                                                              const std::string& mode,
                                                              Handler handler) {
  auto server = std::make_unique<Server>(io, path, std::move(handler));
  if (auto opened = server->open(mode); !opened) {
    return std::unexpected(std::move(opened).error().during("opening the control socket"));
  }
  return server;
}

}  // namespace host::admin
