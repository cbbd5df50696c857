// plugins/transport_ws/net/socket.hpp - the Asio types of the engine, bound to one io_context
// without type erasure.
#pragma once

#include <chrono>
#include <string>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/wait_traits.hpp>

#include "backplane/cpp/error.hpp"

namespace transport_ws {

namespace asio = boost::asio;

namespace net {

using Tcp = asio::ip::tcp;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using ErrorCode = boost::system::error_code;

/// "127.0.0.1:9400", "[::1]:0". Names are not resolved: a listener says exactly where it listens.
[[nodiscard]] bp::result<Tcp::endpoint> parse_endpoint(const std::string& text);
[[nodiscard]] std::string to_text(const Tcp::endpoint& endpoint);

}  // namespace net
}  // namespace transport_ws
