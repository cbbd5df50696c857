// host/admin/http_server.hpp - HTTP/1.1 on a unix socket, for operators of this machine.
//
// Owns: the socket file and its connections. Thread: the io_context's one thread. Errors: BUSY when
// another process listens there, IO otherwise.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "host/error/error.hpp"

namespace host::admin {

inline constexpr std::size_t connections_max = 64;
inline constexpr std::size_t header_bytes_max = 8'192;
inline constexpr std::size_t body_bytes_max = std::size_t{16} << 20U;
inline constexpr unsigned idle_timeout_s = 60;

// What client and server say of a body above the limit.
[[nodiscard]] error::Error body_too_large(const std::string& bytes);

struct Request {
  std::string method;
  std::string path;                                            // decoded, without the query
  std::multimap<std::string, std::string, std::less<>> query;  // decoded
  std::string body;
};

struct Response {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
};

// How a handler answers, from any thread, at any later time: reply() once, or begin_stream() and
// then write() until one of them answers false or end().
class Responder {
 public:
  Responder() = default;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  virtual ~Responder() = default;

  virtual void reply(Response response) = 0;
  virtual void begin_stream(std::string content_type) = 0;

  // False: the reader is gone. More than stream_bytes_max unsent: the chunk is dropped and counted.
  virtual bool write(std::string chunk) = 0;

  // Would write() drop a chunk now? Who must not lose any waits.
  [[nodiscard]] virtual bool full() const { return false; }

  virtual void end() = 0;

  // Called on the io thread when the reader went away.
  virtual void on_gone(std::function<void()> gone) = 0;
};

inline constexpr std::size_t stream_bytes_max = std::size_t{4} << 20U;

using Handler = std::function<void(Request&&, const std::shared_ptr<Responder>&)>;

class HttpServer {
 public:
  // `mode`: "0660". Removes a socket file that nobody listens on any more.
  [[nodiscard]] static error::Result<std::unique_ptr<HttpServer>> listen(
      boost::asio::io_context& io, const std::string& path, const std::string& mode,
      Handler handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  virtual ~HttpServer() = default;

  // Close the listener and every connection; remove the socket file. On the io thread.
  virtual void close() = 0;

 protected:
  HttpServer() = default;
};

}  // namespace host::admin
