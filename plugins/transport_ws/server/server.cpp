// plugins/transport_ws/server/server.cpp - binding, accepting, handing connections to the loops.
#include "server/server.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <mutex>
#include <random>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

namespace transport_ws::server {

namespace {

std::vector<std::unique_ptr<Loop>> make_loops(const Settings& settings, const BusFactory& make_bus,
                                              Observer& observer, topic::Hub& hub) {
  std::vector<std::unique_ptr<Loop>> loops;
  for (std::uint32_t i = 0; i < settings.io_threads; ++i) {
    loops.push_back(std::make_unique<Loop>(i, settings, make_bus, observer, hub));
  }
  return loops;
}

std::uint64_t now_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
}

// Wherever a client comes back, the history of its channels is there.
void share_channels(const std::vector<std::unique_ptr<Loop>>& loops) {
  for (const auto& each : loops) {
    each->share_channels([&loops, self = each.get()](const std::string& channel) {
      for (const auto& other : loops) {
        if (other.get() != self) {
          asio::post(other->context(), [other = other.get(), channel] { other->keep(channel); });
        }
      }
    });
  }
}

// `on_done` by whoever comes last of so many, on whatever threads.
std::function<void()> after_all(std::size_t count, std::move_only_function<void()> on_done) {
  struct Waiting {
    std::atomic<std::size_t> left;
    std::move_only_function<void()> on_done;
  };

  auto waiting = std::make_shared<Waiting>(count, std::move(on_done));
  return [waiting] {
    if (--waiting->left == 0) {
      waiting->on_done();
    }
  };
}

// What all loops share.
Settings completed(Settings settings) {
  settings.census = std::make_shared<auth::Census>(settings.per_principal_max);
  std::random_device random;
  settings.gateway.epochs = std::make_shared<rpc::Epochs>(
      fmt::format("{:016x}", (std::uint64_t{random()} << 32U) | std::uint64_t{random()}));
  return settings;
}

}  // namespace

Server::Server(Settings settings, const BusFactory& make_bus, Observer& observer)
    : settings_(completed(std::move(settings))),
      admission_(settings_.connections_max, settings_.connections_per_ip_max),
      http_admission_(http_connections_max, http_connections_max),
      accept_rate_(settings_.accept_per_s, settings_.accept_per_s),
      loops_(make_loops(settings_, make_bus, observer, hub_)),
      metrics_listener_(loops_.front()->context()),
      reload_timer_(loops_.front()->context()),
      observer_(observer) {
  share_channels(loops_);
  for (std::size_t i = 0; i < (settings_.reuse_port ? loops_.size() : 1); ++i) {
    listeners_.push_back(std::make_unique<Listener>(loops_[i]->context()));
  }
  for (const TcpListener& each : settings_.tcp) {
    tcp_.push_back(std::make_unique<TcpPort>(Listener(loops_.front()->context()),
                                             "tcp." + each.route.name, nullptr));
  }
}

Server::~Server() {
  stop();
}

bp::result<std::unique_ptr<tls::Source>> Server::secure(
    const std::optional<tls::Settings>& settings, std::string_view key) {
  if (!settings) {
    return nullptr;
  }
  auto opened = tls::Source::open(*settings);
  if (!opened) {
    return std::unexpected(
        std::move(opened).error().during("reading the files of '" + std::string(key) + "'"));
  }
  return std::move(*opened);
}

net::Stream Server::stream_of(const std::unique_ptr<tls::Source>& tls, net::Socket socket) {
  return tls ? net::Stream(std::move(socket), tls->current()) : net::Stream(std::move(socket));
}

// One listening socket an io thread: the kernel deals connections out and no thread hands them on.
// Sockets that share a port do so with any process of this user, so the first look is for an
// address that is in use.
bp::result<void> Server::open_listeners() {
  const bool together = listeners_.size() > 1;
  if (together && settings_.listen.port() != 0) {
    Listener look(loops_.front()->context());
    BP_TRY(look.bind(settings_.listen, "listen"));
    look.close();
  }
  listening_ = settings_.listen;
  for (const auto& listener : listeners_) {
    BP_TRY(listener->bind(listening_, "listen", together));
    listening_ = listener->endpoint();
  }
  return {};
}

bp::result<void> Server::secure_all() {
  auto tls = secure(settings_.tls, "tls");
  BP_TRY(tls);
  tls_ = std::move(*tls);
  auto metrics_tls = secure(settings_.metrics_tls, "metrics.tls");
  BP_TRY(metrics_tls);
  metrics_tls_ = std::move(*metrics_tls);
  for (std::size_t i = 0; i < tcp_.size(); ++i) {
    auto of_port = secure(settings_.tcp[i].tls, tcp_[i]->key + ".tls");
    BP_TRY(of_port);
    tcp_[i]->tls = std::move(*of_port);
  }
  return {};
}

bp::result<void> Server::open_tcp() {
  for (std::size_t i = 0; i < tcp_.size(); ++i) {
    BP_TRY(tcp_[i]->listener.bind(settings_.tcp[i].listen, tcp_[i]->key + ".listen"));
  }
  return {};
}

bp::result<void> Server::open() {
  BP_TRY(secure_all());
  auto opened = open_listeners();
  if (opened && settings_.metrics_listen) {
    opened = metrics_listener_.bind(*settings_.metrics_listen, "metrics_listen");
    metrics_listening_ = metrics_listener_.endpoint();
  }
  if (opened) {
    opened = open_tcp();
  }
  if (!opened) {
    close_listeners();
  }
  return opened;
}

void Server::close_listeners() {
  for (const auto& listener : listeners_) {
    listener->close();
  }
  metrics_listener_.close();
  for (const auto& port : tcp_) {
    port->listener.close();
  }
}

std::vector<net::Tcp::endpoint> Server::tcp_listening() const {
  std::vector<net::Tcp::endpoint> endpoints;
  for (const auto& port : tcp_) {
    endpoints.push_back(port->listener.endpoint());
  }
  return endpoints;
}

// Three stat() a listener; only files that changed are read, on this io thread.
void Server::await_reload() {
  reload_timer_.expires_after(std::chrono::milliseconds(settings_.tls_reload_ms));
  reload_timer_.async_wait([this](net::ErrorCode cancelled) {
    if (!cancelled) {
      reload(tls_, "tls");
      reload(metrics_tls_, "metrics.tls");
      for (const auto& port : tcp_) {
        reload(port->tls, port->key + ".tls");
      }
      await_reload();
    }
  });
}

void Server::reload(const std::unique_ptr<tls::Source>& tls, std::string_view key) {
  if (tls == nullptr) {
    return;
  }
  const auto changed = tls->refresh();
  if (!changed) {
    loops_.front()->counters().certificates_rejected.add();
    observer_.on_certificate(key, std::unexpected(changed.error()));
  } else if (*changed) {
    observer_.on_certificate(key, {});
  }
}

void Server::run() {
  const bool secured = tls_ || metrics_tls_ || std::ranges::any_of(tcp_, [](const auto& port) {
                         return port->tls != nullptr;
                       });
  if (settings_.tls_reload_ms > 0 && secured) {
    await_reload();
  }
  if (settings_.reuse_port) {
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      accept(*listeners_[i], *loops_[i]);
    }
  } else {
    deal_out();
  }
  if (settings_.metrics_listen) {
    accept_scrapes();
  }
  for (std::size_t i = 0; i < tcp_.size(); ++i) {
    accept_tcp(i);
  }
  for (const auto& loop : loops_) {
    loop->run();
  }
}

Listener::OnPause Server::tell_of_pauses(Loop& loop) {
  return [this, &loop](bool paused, const std::string& reason) {
    loop.counters().accept_pauses.add(paused ? 1 : 0);
    observer_.on_accept_paused(paused, reason);
  };
}

void Server::accept(Listener& listener, Loop& loop) {
  listener.accept(
      [this, &loop](net::Socket socket, const net::Tcp::endpoint& from) {
        take(loop, std::move(socket), from);
      },
      tell_of_pauses(loop));
}

// In turn; the socket is made for the loop that will have it.
void Server::deal_out() {
  listeners_.front()->accept(
      [this](net::Socket socket, const net::Tcp::endpoint& from) {
        take(*loops_[turn_ % loops_.size()], std::move(socket), from);
        ++turn_;
      },
      tell_of_pauses(*loops_.front()),
      [this]() -> asio::io_context& { return loops_[turn_ % loops_.size()]->context(); });
}

// The limits are of all connections, whatever they speak.
std::expected<net::Admission::Ticket, Server::Turned> Server::admit(const net::Tcp::endpoint& from,
                                                                    Whose whose) {
  if (!accept_rate_.try_take(now_ns())) {
    return std::unexpected(Turned{"too many new connections a second", session::Rejection::Rate});
  }
  auto ticket =
      whose == Whose::Peers ? admission_.enter(from.address()) : admission_.enter_unnamed();
  if (!ticket) {
    const bool all = ticket.error() == net::too_many;
    return std::unexpected(Turned{
        ticket.error(), all ? session::Rejection::Connections : session::Rejection::Address});
  }
  return std::move(*ticket);
}

void Server::take(Loop& loop, net::Socket socket, const net::Tcp::endpoint& from) {
  net::Stream stream = stream_of(tls_, std::move(socket));
  const bool proxy = settings_.proxies.trusts(from.address());
  if (auto ticket = admit(from, proxy ? Whose::RequestWillTell : Whose::Peers)) {
    loop.adopt(std::move(stream), std::move(*ticket));
  } else {
    loop.turn_away(std::move(stream), ticket.error().reason, ticket.error().why);
  }
}

void Server::accept_tcp(std::size_t number) {
  TcpPort& port = *tcp_[number];
  port.listener.accept(
      [this, &port, number](net::Socket socket, const net::Tcp::endpoint& from) {
        Loop& loop = *loops_[port.turn++ % loops_.size()];
        net::Stream stream = stream_of(port.tls, std::move(socket));
        if (auto ticket = admit(from, Whose::Peers)) {
          loop.adopt_tcp(std::move(stream), std::move(*ticket), number);
        } else {
          loop.hang_up(std::move(stream), ticket.error().reason, ticket.error().why);
        }
      },
      tell_of_pauses(*loops_.front()),
      [this, &port]() -> asio::io_context& {
        return loops_[port.turn % loops_.size()]->context();
      });
}

void Server::accept_scrapes() {
  Loop& loop = *loops_.front();
  metrics_listener_.accept(
      [this, &loop](net::Socket socket, const net::Tcp::endpoint& from) {
        if (auto ticket = http_admission_.enter(from.address())) {
          loop.adopt_http(stream_of(metrics_tls_, std::move(socket)), std::move(*ticket));
        }
      },
      tell_of_pauses(loop));
}

void Server::drain(std::uint16_t code, std::move_only_function<void()> on_done) {
  const auto done = after_all(loops_.size(), std::move(on_done));
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    asio::post(loops_[i]->context(), [this, i] { listeners_[i]->close(); });
  }
  asio::post(loops_.front()->context(), [this] {
    for (const auto& port : tcp_) {
      port->listener.close();
    }
  });
  for (const auto& loop : loops_) {
    loop->drain(code, done);
  }
}

void Server::stop() {
  for (const auto& loop : loops_) {
    loop->stop();
  }
  close_listeners();
}

void Server::close(std::uint64_t connection, std::uint16_t code, std::string reason,
                   std::move_only_function<void(bool found)> on_done) {
  at_home_of(connection,
             [connection, code, reason = std::move(reason), on_done = std::move(on_done)](
                 Loop& loop) mutable { on_done(loop.close(connection, code, reason)); });
}

void Server::serve(const std::shared_ptr<const rest::Table>& table, std::size_t routes,
                   std::move_only_function<void()> on_done) {
  const auto done = after_all(loops_.size(), std::move(on_done));
  for (const auto& loop : loops_) {
    // Loops add up what they count: one of them counts the routes.
    const std::size_t counted = loop == loops_.front() ? routes : 0;
    asio::post(loop->context(), [done, table, counted, loop = loop.get()] {
      loop->serve(table, counted);
      done();
    });
  }
}

void Server::list(std::uint64_t after, std::size_t count,
                  std::move_only_function<void(std::vector<ConnectionInfo>)> on_done) {
  struct Gathering {
    std::mutex mutex;
    std::vector<ConnectionInfo> found;
    std::size_t open = 0;
    std::move_only_function<void(std::vector<ConnectionInfo>)> on_done;
  };

  auto gathering = std::make_shared<Gathering>();
  gathering->open = loops_.size();
  gathering->on_done = std::move(on_done);
  for (const auto& loop : loops_) {
    asio::post(loop->context(), [gathering, after, count, of = loop.get()] {
      auto part = of->connections(after, count);
      const std::scoped_lock lock(gathering->mutex);
      std::ranges::move(part, std::back_inserter(gathering->found));
      if (--gathering->open == 0) {
        std::ranges::sort(gathering->found, {}, &ConnectionInfo::id);
        gathering->found.resize(std::min(count, gathering->found.size()));
        gathering->on_done(std::move(gathering->found));
      }
    });
  }
}

}  // namespace transport_ws::server
