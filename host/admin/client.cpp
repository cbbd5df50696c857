// host/admin/client.cpp - one HTTP/1.1 exchange over a blocking unix socket.
#include "host/admin/client.hpp"

#include <array>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include "host/admin/http_server.hpp"

namespace host::admin {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

// Hand whole lines of the streamed body to the caller.
bool give_lines(std::string& body, const std::function<bool(std::string_view)>& on_line) {
  std::size_t begin = 0;
  for (std::size_t end = body.find('\n'); end != std::string::npos; end = body.find('\n', begin)) {
    if (!on_line(std::string_view(body).substr(begin, end - begin))) {
      return false;
    }
    begin = end + 1;
  }
  body.erase(0, begin);
  return true;
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

error::Result<ClientReply> request(const std::string& socket_path, const std::string& method,
                                   const std::string& target, const std::string& body,
                                   const std::function<bool(std::string_view)>& on_line) {
  const auto lost = [&](const boost::system::error_code& ec) {
    return error::fail(BP_E_UNAVAILABLE,
                       "no host answers on '" + socket_path + "': " + ec.message() +
                           "; fix: start it with `backplane serve`, or name its manifest with -c");
  };
  asio::io_context io;
  asio::local::stream_protocol::socket socket(io);
  boost::system::error_code ec;
  if (socket_path.size() >= sizeof(sockaddr_un::sun_path)) {
    return error::fail(BP_E_INVALID, "the socket path '" + socket_path + "' is longer than the " +
                                         std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                                         " bytes a unix socket takes; fix: set admin.unix.path or "
                                         "host.runtime_dir to a shorter path");
  }
  socket.connect(asio::local::stream_protocol::endpoint(socket_path), ec);
  if (ec) {
    return lost(ec);
  }
  if (body.size() > body_bytes_max) {
    return std::unexpected(body_too_large(std::to_string(body.size())));
  }
  const std::string head = method + " " + target +
                           " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                           std::to_string(body.size()) +
                           "\r\nContent-Type: application/json\r\n\r\n" + body;
  // A host that refuses a request early answers and closes before it has read all of it: its answer
  // is here although writing failed.
  boost::system::error_code unwritten;
  asio::write(socket, asio::buffer(head), unwritten);
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.body_limit(boost::none);
  std::string buffer;
  std::array<char, 65'536> chunk{};
  while (!parser.is_done()) {
    const std::size_t size = socket.read_some(asio::buffer(chunk), ec);
    if (ec == asio::error::eof) {
      if (parser.got_some()) {
        parser.put_eof(ec);
      }
      break;
    }
    if (ec) {
      return lost(unwritten ? unwritten : ec);
    }
    buffer.append(chunk.data(), size);
    while (!buffer.empty() && !parser.is_done()) {
      const std::size_t used = parser.put(asio::buffer(buffer), ec);
      buffer.erase(0, used);
      if (ec == http::error::need_more) {
        break;
      }
      if (ec) {
        return error::fail(BP_E_IO, "the host's answer is no HTTP: " + ec.message());
      }
    }
    if (on_line && parser.is_header_done() && parser.get().result_int() == 200 &&
        !give_lines(parser.get().body(), on_line)) {
      return ClientReply{200, ""};
    }
  }
  if (!parser.is_header_done() && unwritten) {
    return lost(unwritten);
  }
  if (!parser.is_header_done()) {
    return error::fail(BP_E_UNAVAILABLE, "the host closed the connection before it answered");
  }
  if (!parser.is_done()) {
    return error::fail(BP_E_UNAVAILABLE, "the host went away before its answer was complete");
  }
  return ClientReply{parser.get().result_int(), std::move(parser.get().body())};
}

}  // namespace host::admin
