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

// What all loops share.
Settings completed(Settings settings) {
  settings.census = std::make_shared<auth::Census>(settings.per_principal_max);
  std::random_device random;
  settings.gateway.epoch =
      fmt::format("{:016x}", (std::uint64_t{random()} << 32U) | std::uint64_t{random()});
  return settings;
}

bp_status status_of(const net::ErrorCode& failure) noexcept {
  if (failure == asio::error::address_in_use) {
    return BP_E_EXISTS;
  }
  return failure == asio::error::access_denied ? BP_E_PERMISSION : BP_E_IO;
}

std::string text_of(const net::ErrorCode& failure) {
  if (failure == asio::error::address_in_use) {
    return "address in use";
  }
  return failure.message();
}

}  // namespace

Server::Server(Settings settings, const BusFactory& make_bus, Observer& observer)
    : settings_(completed(std::move(settings))),
      admission_(settings_.connections_max, settings_.connections_per_ip_max),
      http_admission_(http_connections_max, http_connections_max),
      loops_(make_loops(settings_, make_bus, observer, hub_)),
      listener_(loops_.front()->context()),
      metrics_listener_(loops_.front()->context()),
      reload_timer_(loops_.front()->context()),
      observer_(observer) {
  share_channels(loops_);
}

Server::~Server() {
  stop();
}

bp::result<void> Server::bind(Listener& listener, const net::Tcp::endpoint& endpoint,
                              std::string_view key) {
  net::ErrorCode failure;
  net::Acceptor& acceptor = listener.acceptor;
  const auto step = [&failure](auto&& action) {
    if (!failure) {
      action();
    }
  };
  step([&] { acceptor.open(endpoint.protocol(), failure); });
  step([&] { acceptor.set_option(net::Acceptor::reuse_address(true), failure); });
  step([&] { acceptor.bind(endpoint, failure); });
  step([&] { acceptor.listen(listen_backlog, failure); });
  if (failure) {
    net::ErrorCode ignored;
    (void)acceptor.close(ignored);
    const std::string named(key);
    std::string text(text_of(failure));
    text += failure == asio::error::address_in_use
                ? "; fix: end the process that listens there, or give '" + named + "' another port"
                : "; fix: give '" + named + "' an address and port that this machine has free";
    return std::unexpected(bp::error(status_of(failure), std::move(text))
                               .during("binding '" + named + "' " + net::to_text(endpoint)));
  }
  return {};
}

bp::result<void> Server::secure(Listener& listener, const std::optional<tls::Settings>& settings,
                                std::string_view key) {
  if (settings) {
    auto opened = tls::Source::open(*settings);
    if (!opened) {
      return std::unexpected(
          std::move(opened).error().during("reading the files of '" + std::string(key) + "'"));
    }
    listener.tls = std::move(*opened);
  }
  return {};
}

net::Stream Server::stream_of(const Listener& listener, net::Socket socket) {
  return listener.tls ? net::Stream(std::move(socket), listener.tls->current())
                      : net::Stream(std::move(socket));
}

bp::result<void> Server::open() {
  BP_TRY(secure(listener_, settings_.tls, "tls"));
  BP_TRY(secure(metrics_listener_, settings_.metrics_tls, "metrics.tls"));
  BP_TRY(bind(listener_, settings_.listen, "listen"));
  if (settings_.metrics_listen) {
    if (auto bound = bind(metrics_listener_, *settings_.metrics_listen, "metrics_listen"); !bound) {
      net::ErrorCode ignored;
      (void)listener_.acceptor.close(ignored);
      return bound;
    }
    metrics_listening_ = metrics_listener_.acceptor.local_endpoint();
  }
  listening_ = listener_.acceptor.local_endpoint();
  return {};
}

// Three stat() a listener; only files that changed are read, on this io thread.
void Server::await_reload() {
  reload_timer_.expires_after(std::chrono::milliseconds(settings_.tls_reload_ms));
  reload_timer_.async_wait([this](net::ErrorCode cancelled) {
    if (!cancelled) {
      reload(listener_, "tls");
      reload(metrics_listener_, "metrics.tls");
      await_reload();
    }
  });
}

void Server::reload(Listener& listener, std::string_view key) {
  if (listener.tls == nullptr) {
    return;
  }
  const auto changed = listener.tls->refresh();
  if (!changed) {
    observer_.on_certificate(key, std::unexpected(changed.error()));
  } else if (*changed) {
    observer_.on_certificate(key, {});
  }
}

void Server::run() {
  if (settings_.tls_reload_ms > 0 && (listener_.tls || metrics_listener_.tls)) {
    await_reload();
  }
  await_connection();
  if (settings_.metrics_listen) {
    await_scrape();
  }
  for (const auto& loop : loops_) {
    loop->run();
  }
}

// After an error (out of descriptors, say) wait a moment: the connection stays in the backlog.
bool Server::again(Listener& listener, net::ErrorCode failure,
                   std::move_only_function<void()> accept) {
  if (!failure || failure == asio::error::connection_aborted) {
    return true;
  }
  if (failure != asio::error::operation_aborted && listener.acceptor.is_open()) {
    listener.retry.expires_after(std::chrono::milliseconds(accept_retry_ms));
    listener.retry.async_wait([accept = std::move(accept)](net::ErrorCode cancelled) mutable {
      if (!cancelled) {
        accept();
      }
    });
  }
  return false;
}

void Server::await_connection() {
  Loop& loop = next_loop();
  listener_.acceptor.async_accept(
      loop.context(), [this, &loop](net::ErrorCode failure, net::Socket socket) {
        if (!again(listener_, failure, [this] { await_connection(); })) {
          return;
        }
        net::ErrorCode gone;
        const auto from = failure ? net::Tcp::endpoint() : socket.remote_endpoint(gone);
        if (!failure && !gone) {
          auto ticket = admission_.enter(from.address());
          if (ticket) {
            loop.adopt(stream_of(listener_, std::move(socket)), std::move(*ticket));
          } else {
            loop.turn_away(stream_of(listener_, std::move(socket)), ticket.error());
          }
        }
        await_connection();
      });
}

void Server::await_scrape() {
  Loop& loop = *loops_.front();
  metrics_listener_.acceptor.async_accept(
      loop.context(), [this, &loop](net::ErrorCode failure, net::Socket socket) {
        if (!again(metrics_listener_, failure, [this] { await_scrape(); })) {
          return;
        }
        net::ErrorCode gone;
        const auto from = failure ? net::Tcp::endpoint() : socket.remote_endpoint(gone);
        if (!failure && !gone) {
          if (auto ticket = http_admission_.enter(from.address())) {
            loop.adopt_http(stream_of(metrics_listener_, std::move(socket)), std::move(*ticket));
          }
        }
        await_scrape();
      });
}

void Server::drain(std::uint16_t code, std::move_only_function<void()> on_done) {
  struct Waiting {
    std::atomic<std::size_t> loops;
    std::move_only_function<void()> on_done;
  };

  auto waiting = std::make_shared<Waiting>();
  waiting->loops = loops_.size();
  waiting->on_done = std::move(on_done);
  asio::post(loops_.front()->context(), [this] {
    net::ErrorCode ignored;
    (void)listener_.acceptor.close(ignored);
    listener_.retry.cancel();
  });
  for (const auto& loop : loops_) {
    loop->drain(code, [waiting] {
      if (--waiting->loops == 0) {
        waiting->on_done();
      }
    });
  }
}

void Server::stop() {
  for (const auto& loop : loops_) {
    loop->stop();
  }
  net::ErrorCode ignored;
  (void)listener_.acceptor.close(ignored);
  (void)metrics_listener_.acceptor.close(ignored);
}

void Server::close(std::uint64_t connection, std::uint16_t code, std::string reason,
                   std::move_only_function<void(bool found)> on_done) {
  at_home_of(connection,
             [connection, code, reason = std::move(reason), on_done = std::move(on_done)](
                 Loop& loop) mutable { on_done(loop.close(connection, code, reason)); });
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
