// plugins/transport_ws/net/readiness.hpp - which sockets of an io thread are ready: an epoll of its
// own within Asio's.
//
// Asio arms a socket anew for each wait, an epoll_ctl for every message where messages come one by
// one. Here a socket is registered once, edge-triggered (epoll(7)), and Asio waits for the epoll:
// once for all sockets of a turn. asio::use_service() finds it; it is gone with the context.
// Thread: the io thread's.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <sys/epoll.h>

#include "limits.hpp"
#include "net/socket.hpp"

namespace transport_ws::net {

class Readiness final : public asio::execution_context::service {
 public:
  class Watcher {
   public:
    /// What epoll_wait(2) told, or 0 after again(). Anybody may be forgotten meanwhile.
    virtual void on_ready(std::uint32_t events) = 0;

   protected:
    ~Watcher() = default;
  };

  static inline asio::execution_context::id id;  // use_service() looks it up

  /// Throws boost::system::system_error where no descriptor is left.
  explicit Readiness(asio::io_context& context);

  /// Until forget(). What is ready already is told, too. The context's run() goes on meanwhile.
  void watch(int socket, Watcher& watcher, ErrorCode& failure);

  /// Before the socket is closed.
  void forget(int socket, const Watcher& watcher) noexcept;

  /// on_ready() once more, after everybody whose turn is now. Only while it is watched.
  void again(Watcher& watcher);

 private:
  void shutdown() noexcept override { shut_ = true; }

  void await();
  void turn();
  void extra_turn();

  asio::io_context& context_;
  asio::posix::basic_stream_descriptor<Executor> epoll_;
  std::array<epoll_event, ready_sockets_max> ready_{};
  std::span<epoll_event> untold_;  // of this turn
  std::vector<Watcher*> again_;    // null: forgotten
  std::vector<Watcher*> again_now_;
  std::size_t watched_ = 0;
  bool awaiting_ = false;
  bool extra_posted_ = false;
  bool shut_ = false;
};

}  // namespace transport_ws::net
