// tests/bench/transport/clients.hpp - many WebSocket connections in one thread: the load, the same
// for every server.
//
// Messages are frames made once and sent again; what comes back is counted by its length, and the
// first frame of each piece is compared byte by byte. Owns: the connections. Thread: the main one.
// Errors: std::runtime_error when a connection is refused or closed, or what comes is not what was
// sent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// An opening handshake; the connection, which does not block. Throws when it is not accepted.
[[nodiscard]] int open_websocket(std::uint16_t port, std::string_view path);

// A frame as a client sends it, with a mask; a server's has none.
enum class Sender : std::uint8_t { client, server };
[[nodiscard]] std::string text_frame(std::string_view payload, Sender sender);

class Clients {
 public:
  // `first`: what each connection sends after its handshake, and the answer that it waits for.
  struct Hello {
    std::string frame;
    std::string answer;
  };

  Clients(std::uint16_t port, std::string_view path, unsigned connections, const Hello& first = {});
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;
  ~Clients();

  // What is sent, and the frame that each message of a server must be.
  void speak(std::string sent, std::string expected, unsigned under_way);

  // Every connection sends, and gets back, its share of `count` messages, `under_way` at once.
  // Returns how many that were.
  std::uint64_t echo(std::uint64_t count);

  // The first connection sends `count` messages, each of which comes to all. Returns how many came.
  std::uint64_t broadcast(std::uint64_t count);

 private:
  struct Connection {
    int socket = -1;
    std::uint64_t to_send = 0;  // messages of this round
    std::uint64_t sent_bytes = 0;
    std::uint64_t due_bytes = 0;  // allowed to be sent by now
    std::uint64_t received_bytes = 0;
    std::uint64_t wanted_bytes = 0;
    bool blocked = false;  // the socket takes no more
  };

  void begin(Connection& connection, std::uint64_t sends, std::uint64_t receives);
  void run();
  void flush(Connection& connection);
  void receive(Connection& connection);
  void check(const Connection& connection, std::size_t bytes) const;
  void watch(Connection& connection, bool writable, int operation);

  std::vector<Connection> connections_;
  int poll_ = -1;
  std::string sent_;      // one frame
  std::string repeated_;  // as many as may be sent at once
  std::string expected_;
  unsigned under_way_ = 1;
  std::uint64_t unfinished_ = 0;
  std::vector<char> buffer_;
};

}  // namespace bench
