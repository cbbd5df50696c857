// plugins/transport_ws/plugin.cpp - the edge: the engine on the law, bp.transport.ws/1 and channel
// ws.events.
#include "backplane/cpp/plugin.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "client/outbound.hpp"
#include "edge/client_service.hpp"
#include "edge/configuration.hpp"
#include "edge/host_link.hpp"
#include "edge/http_service.hpp"
#include "edge/metrics.hpp"
#include "edge/outlet.hpp"
#include "edge/service.hpp"
#include "json/json.hpp"
#include "server/server.hpp"

namespace transport_ws {

/// Not in the unnamed namespace: g++ warns about coroutines in headers that carry such types. The
/// version script keeps it out of the library's symbols all the same.
class Transport final : private server::Observer, private client::Outbound::Observer {
 public:
  explicit Transport(bp::context& cx) : strand_(cx.strand()), log_(cx.log) {}

  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  ~Transport() { end(); }

  bp::result<void> start(bp::context& cx) {
    const auto configuration = cx.config<edge::Configuration>();
    BP_TRY(configuration);
    auto settings = edge::engine_settings(*configuration, cx.data_dir());
    BP_TRY(settings);
    auto clients = edge::client_settings(*configuration, cx.data_dir());
    BP_TRY(clients);
    auto policy = edge::client_policy(*configuration);
    BP_TRY(policy);
    auto routing =
        edge::directory_settings(configuration->http_paths, configuration->limits.http_routes);
    BP_TRY(routing);
    if (cx.engine().json == nullptr) {
      return bp::fail(BP_E_UNSUPPORTED, "the host lacks bp.json/1, which the gateway stands on");
    }
    settings_ = *settings;
    link_ = std::make_unique<edge::HostLink>(cx);
    server::Observer& observer = *this;
    server_ = std::make_unique<server::Server>(
        settings_, [this](asio::io_context& context) { return link_->make_bus(context); },
        observer);
    if (auto opened = server_->open(); !opened) {
      return std::unexpected(std::move(opened).error().during(
          "/plugins/" + std::string(cx.instance_id()) + "/config of plugins.json"));
    }
    for (const client::OutboundSettings& each : *clients) {
      BP_TRY(cx.try_open(each.channel));
    }
    for (const route::Route& each : settings_.routes) {
      if (each.to == route::To::Channel) {
        BP_TRY(cx.try_open("ws.in." + each.name));
      }
    }
    for (const server::TcpListener& each : settings_.tcp) {
      if (each.route.to == route::To::Channel) {
        BP_TRY(cx.try_open("ws.in." + each.route.name));
      }
    }
    auto events =
        cx.try_open("events");  // an end of ours: so the channel is there for the first client
    BP_TRY(events);
    auto news = cx.try_open("ws.events");
    BP_TRY(news);
    news_ = *news;
    for (const auto& loop : server_->loops()) {
      edge::bind_metrics(cx.engine(), loop->counters());
    }
    server::Loop& first = *server_->loops().front();
    client::Outbound::Observer& told = *this;
    outbound_ =
        std::make_unique<client::Outbound>(std::move(*clients), first.bus(), told, first.desk());
    client_service_ =
        std::make_unique<edge::ClientService>(cx, std::move(*policy), first.context(), *outbound_);
    service_ = std::make_unique<edge::Service>(strand_, settings_, *server_, *outbound_,
                                               client_service_->directory());
    BP_TRY(cx.try_provide(bp::contract::transport_ws::serve(*service_)));
    BP_TRY(cx.try_provide(bp::contract::transport_client::serve(*client_service_)));
    http_service_ =
        std::make_unique<edge::HttpService>(cx, settings_, std::move(*routing), *server_);
    BP_TRY(cx.try_provide(bp::contract::transport_http::serve(*http_service_)));
    if (!configuration->http_paths.empty()) {
      BP_TRY(http_service_->watch());
    }
    BP_TRY(take_parcels(cx));
    const auto& metrics = server_->metrics_listening();
    cx.info("listening", "address", net::to_text(server_->listening()), "metrics",
            metrics ? net::to_text(*metrics) : std::string("off"));
    const auto tcp = server_->tcp_listening();
    for (std::size_t i = 0; i < tcp.size(); ++i) {
      cx.info("listening over tcp", "name", settings_.tcp[i].route.name, "address",
              net::to_text(tcp[i]));
    }
    // Accept only when the start is complete: connections wait in the backlog until then.
    return cx.post([this] { run(); });
  }

  /// Answers what is in flight, then closes every connection with a code that says: connect again.
  bp::task<void> quiesce(bp::context& cx) {
    if (outbound_ == nullptr) {
      co_return;  // the start did not get that far
    }
    auto drained = cx.completion<bool>();
    auto arrival = drained.arrival();
    on_first_loop([this] { outbound_->stop(); });
    server_->drain(frame::close_service_restart,
                   [drained = std::move(drained)]() mutable { drained.set(true); });
    (void)co_await arrival;
  }

  void stop(bp::context& /*cx*/) { end(); }

 private:
  // Members die in the order that io threads need.
  void end() {
    if (server_ != nullptr) {
      server_->stop();  // no io thread runs from here on
      link_->forget();  // unanswered requests hold sockets and places of the server
    }
    service_.reset();
    client_service_.reset();
    http_service_.reset();
    outbound_.reset();
    server_.reset();
    link_.reset();
  }

  // Only with routes whose connections other plugins can have something to say to.
  bp::result<void> take_parcels(bp::context& cx) {
    const bool wanted = std::ranges::any_of(settings_.routes, [](const route::Route& each) {
      return each.to == route::To::Channel || each.to == route::To::Topics;
    });
    const bool wanted_by_tcp = std::ranges::any_of(
        settings_.tcp,
        [](const server::TcpListener& each) { return each.route.to == route::To::Channel; });
    if (!wanted && !wanted_by_tcp) {
      return {};
    }
    // A record that makes no sense is told and gone: to hand it back would only bring it again.
    auto parcels = cx.try_subscribe("ws.out", [this](const bp::message& record) {
      auto parcel = edge::read_parcel(record.text());
      if (parcel) {
        service_->send_parcel(std::move(*parcel),
                              [this](const bp::error& why) { throw_away(why); });
      } else {
        throw_away(parcel.error());
      }
    });
    BP_TRY(parcels);
    return {};
  }

  void throw_away(const bp::error& why) const {
    log_.warn("a record of ws.out was thrown away", "error", why);
  }

  void run() {
    if (server_ != nullptr) {
      on_first_loop([this] { outbound_->start(); });
      server_->run();
    }
  }

  template <typename Work>
  void on_first_loop(Work work) {
    asio::post(server_->loops().front()->context(), std::move(work));
  }

  // --- the io threads tell
  // ------------------------------------------------------------------------

  void on_open(std::uint64_t connection, const std::string& address,
               std::string_view principal) override {
    log_.debug("connection opened", "connection", connection, "address", address, "principal",
               principal);
    tell([&] {
      return fmt::format(R"({{"type":"open","connection":{},"address":{}{}}})", connection,
                         json::quoted(address),
                         principal.empty() ? "" : R"(,"principal":)" + json::quoted(principal));
    });
  }

  void on_identified(std::uint64_t connection, std::string_view principal) override {
    log_.debug("connection identified", "connection", connection, "principal", principal);
    tell([&] {
      return fmt::format(R"({{"type":"identified","connection":{},"principal":{}}})", connection,
                         json::quoted(principal));
    });
  }

  void on_slow(std::uint64_t connection) override {
    log_.debug("connection is slow", "connection", connection);
    tell([&] { return fmt::format(R"({{"type":"slow","connection":{}}})", connection); });
  }

  void on_closed(std::uint64_t connection, std::uint16_t code, std::string_view reason) override {
    log_.debug("connection closed", "connection", connection, "code", code, "reason", reason);
    tell([&] {
      return fmt::format(R"({{"type":"close","connection":{},"code":{},"reason":{}}})", connection,
                         code, json::quoted(reason));
    });
  }

  void on_rejected(const std::string& address, std::string_view reason) override {
    log_.info("connection rejected", "address", address, "reason", reason);
    tell([&] {
      return fmt::format(R"({{"type":"rejected","address":{},"reason":{}}})", json::quoted(address),
                         json::quoted(reason));
    });
  }

  void on_accept_paused(bool paused, const std::string& reason) override {
    if (paused) {
      log_.error(
          "accepting pauses; fix: raise the limit of open files (LimitNOFILE, ulimit -n) or lower "
          "limits.connections",
          "reason", reason);
    } else {
      log_.info("accepting goes on");
    }
    tell([&] {
      return paused ? fmt::format(R"({{"type":"accept-paused","reason":{}}})", json::quoted(reason))
                    : std::string(R"({"type":"accept-resumed"})");
    });
  }

  void on_certificate(std::string_view key, const bp::result<void>& taken) override {
    if (taken) {
      log_.info("certificate reloaded; new connections get it", "key", key);
    } else {
      log_.error("certificate rejected; the old one stays", "key", key, "error", taken.error());
    }
    tell([&] {
      return taken ? fmt::format(R"({{"type":"certificate-reloaded","key":"{}"}})", key)
                   : fmt::format(R"({{"type":"certificate-rejected","key":"{}","reason":{}}})", key,
                                 json::quoted(taken.error().text()));
    });
  }

  void on_bridge(const std::string& channel, std::string_view what) override {
    log_.warn("a bridged channel", "channel", channel, "is", what);
  }

  void on_connected(const std::string& name) override {
    log_.info("client connected", "client", name);
    tell([&] { return fmt::format(R"({{"type":"client-connected","client":"{}"}})", name); });
  }

  void on_disconnected(const std::string& name, std::string_view why,
                       std::uint32_t retry_ms) override {
    log_.info("client disconnected; it tries again", "client", name, "reason", why, "after_ms",
              retry_ms);
    tell([&] {
      return fmt::format(R"({{"type":"client-disconnected","client":"{}","reason":{}}})", name,
                         json::quoted(why));
    });
  }

  void on_gave_up(const std::string& name, std::string_view why) override {
    log_.error(
        "client gave up; to try again restart the instance, or Close and Connect one of a plugin",
        "client", name, "reason", why);
    tell([&] {
      return fmt::format(R"({{"type":"client-gave-up","client":"{}","reason":{}}})", name,
                         json::quoted(why));
    });
  }

  void on_lost(const std::string& name, const bp::error& why) override {
    log_.warn("a received message was not published", "client", name, "error", why);
  }

  template <typename Text>
  void tell(Text text) {
    if (news_.listening()) {
      // News: what finds no room or no instance any more is not worth waiting for.
      (void)strand_.post([this, line = text()] { (void)news_.send(std::string_view(line)); });
    }
  }

  bp::strand_handle strand_;
  bp::logger log_;
  bp::sender news_;
  server::Settings settings_;
  std::unique_ptr<edge::HostLink> link_;
  std::unique_ptr<server::Server> server_;  // dies before the link it stands on
  std::unique_ptr<client::Outbound> outbound_;
  std::unique_ptr<edge::ClientService> client_service_;
  std::unique_ptr<edge::HttpService> http_service_;
  std::unique_ptr<edge::Service> service_;
};

}  // namespace transport_ws

BACKPLANE_PLUGIN(transport_ws::Transport);
