// tests/bench/transport/peers/beast.cpp - Beast as its examples use it: an echo server, and one
// that sends each message to all.
//
//   bench-server-beast echo|broadcast
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;

class Session;

struct Room {
  bool broadcasts = false;
  std::unordered_set<Session*> sessions{};
};

// One read at a time, one write at a time, each with Beast's suggested timeouts. A broadcast is one
// shared text that waits in each session's queue.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Room& room) : stream_(std::move(socket)), room_(room) {}

  ~Session() { room_.sessions.erase(this); }

  void run() {
    stream_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    stream_.async_accept([self = shared_from_this()](beast::error_code error) {
      if (!error) {
        self->room_.sessions.insert(self.get());
        self->read();
      }
    });
  }

  void send(const std::shared_ptr<const std::string>& text) {
    queue_.push_back(text);
    if (queue_.size() == 1) {
      write_queued();
    }
  }

 private:
  void read() {
    stream_.async_read(buffer_,
                       [self = shared_from_this()](beast::error_code error, std::size_t /*bytes*/) {
                         if (!error) {
                           self->on_message();
                         }
                       });
  }

  void on_message() {
    if (room_.broadcasts) {
      const auto text =
          std::make_shared<const std::string>(beast::buffers_to_string(buffer_.data()));
      buffer_.consume(buffer_.size());
      const std::vector<Session*> all(room_.sessions.begin(), room_.sessions.end());
      for (Session* session : all) {
        session->send(text);
      }
      read();
      return;
    }
    stream_.text(stream_.got_text());
    stream_.async_write(buffer_.data(), [self = shared_from_this()](beast::error_code error,
                                                                    std::size_t /*bytes*/) {
      if (!error) {
        self->buffer_.consume(self->buffer_.size());
        self->read();
      }
    });
  }

  void write_queued() {
    stream_.text(true);
    stream_.async_write(
        asio::buffer(*queue_.front()),
        [self = shared_from_this()](beast::error_code error, std::size_t /*bytes*/) {
          if (error) {
            return;
          }
          self->queue_.erase(self->queue_.begin());
          if (!self->queue_.empty()) {
            self->write_queued();
          }
        });
  }

  websocket::stream<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  std::vector<std::shared_ptr<const std::string>> queue_;
  Room& room_;
};

}  // namespace

int main(int argc, char** argv) {
  asio::io_context context(1);
  Room room{argc > 1 && std::string_view(argv[1]) == "broadcast"};
  tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
  std::cout << "listening on 127.0.0.1:" << acceptor.local_endpoint().port() << std::endl;
  const std::function<void()> accept = [&] {
    acceptor.async_accept(asio::make_strand(context),
                          [&](beast::error_code error, tcp::socket socket) {
                            if (!error) {
                              socket.set_option(tcp::no_delay(true));
                              std::make_shared<Session>(std::move(socket), room)->run();
                            }
                            accept();
                          });
  };
  accept();
  context.run();
}
