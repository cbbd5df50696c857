// tests/bench/transport/server.hpp - a server as a process of its own: where it listens, what it
// costs.
//
// Owns: the process; it ends with this object. Thread: the main one. Errors: std::runtime_error
// when it does not start, or is gone.
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace bench {

class Server {
 public:
  // Runs `command` and waits for a line with "listening" and 127.0.0.1:PORT in it, on either
  // output.
  explicit Server(const std::vector<std::string>& command);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  // Of all its threads, in user and kernel space, since its start.
  [[nodiscard]] std::uint64_t processor_ns() const;

  // Memory of its own that is in use: what the kernel holds for its sockets is not in it.
  [[nodiscard]] std::uint64_t private_bytes() const;

 private:
  void end() noexcept;

  pid_t process_ = -1;
  int output_ = -1;
  std::uint16_t port_ = 0;
  std::thread reader_;  // so that what it says never blocks it
};

}  // namespace bench
