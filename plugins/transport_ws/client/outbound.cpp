// plugins/transport_ws/client/outbound.cpp - one line per name: a client and the channel behind it.
#include "client/outbound.hpp"

#include <utility>

#include <fmt/format.h>

#include "json/json.hpp"

namespace transport_ws::client {

class Outbound::Line final : public std::enable_shared_from_this<Line>, private Client::Handler {
 public:
  Line(OutboundSettings settings, rpc::Bus& bus, Observer& observer, session::Desk desk)
      : name_(std::move(settings.name)),
        channel_(std::move(settings.channel)),
        bus_(bus),
        observer_(observer),
        counters_(desk.counters) {
    Client::Handler& handler = *this;
    client_ = std::make_shared<Client>(std::move(settings.url), std::move(settings.client), handler,
                                       desk);
  }

  [[nodiscard]] Client& client() noexcept { return *client_; }

 private:
  void on_connected() override { observer_.on_connected(name_); }

  void on_message(frame::Opcode kind, std::string_view payload) override {
    if (kind != frame::Opcode::Text) {
      on_lost(bp::error(BP_E_SCHEMA, "a binary message fits no channel of JSON"));
      return;
    }
    const std::string quoted = json::is_valid(payload) ? std::string() : json::quoted(payload);
    bus_.publish(channel_, quoted.empty() ? payload : std::string_view(quoted),
                 [weak = weak_from_this()](const bp::result<std::string>& published) {
                   const auto self = weak.lock();
                   if (self && !published) {
                     self->on_lost(published.error());
                   }
                 });
  }

  void on_lost(const bp::error& why) {
    counters_.client_dropped.add();
    observer_.on_lost(name_, why);
  }

  void on_disconnected(std::string_view why, std::uint32_t retry_ms) override {
    observer_.on_disconnected(name_, why, retry_ms);
  }

  void on_gave_up(std::string_view why) override { observer_.on_gave_up(name_, why); }

  std::string name_;
  std::string channel_;
  rpc::Bus& bus_;
  Observer& observer_;
  session::Counters& counters_;
  std::shared_ptr<Client> client_;
};

Outbound::Outbound(std::vector<OutboundSettings> settings, rpc::Bus& bus, Observer& observer,
                   session::Desk desk)
    : bus_(bus), observer_(observer), desk_(desk) {
  for (OutboundSettings& each : settings) {
    const std::string name = each.name;
    lines_.emplace(name, std::make_shared<Line>(std::move(each), bus, observer, desk));
  }
}

Outbound::~Outbound() {
  stop();
}

void Outbound::start() {
  phase_ = Phase::Started;
  for (const auto& [name, line] : lines_) {
    line->client().start();
  }
}

void Outbound::stop() {
  phase_ = Phase::Stopped;
  for (const auto& [name, line] : lines_) {
    line->client().stop();
  }
}

bp::result<void> Outbound::add(OutboundSettings settings) {
  if (phase_ == Phase::Stopped) {
    return bp::fail(BP_E_CLOSED, "the instance stops");
  }
  const std::string name = settings.name;
  if (lines_.contains(name)) {
    return bp::fail(BP_E_EXISTS, fmt::format("there is a client '{}' already", name));
  }
  const auto added = std::make_shared<Line>(std::move(settings), bus_, observer_, desk_);
  lines_.emplace(name, added);
  if (phase_ == Phase::Started) {
    added->client().start();
  }
  return {};
}

bp::result<void> Outbound::close(const std::string& name, std::uint16_t code,
                                 std::string_view reason) {
  const auto closed = line(name);
  BP_TRY(closed);
  lines_.erase(name);
  (*closed)->client().stop(code, reason);
  return {};
}

bp::result<void> Outbound::send(const std::string& name, std::string text) {
  const auto to = line(name);
  BP_TRY(to);
  return (*to)->client().send(std::move(text));
}

std::vector<LineInfo> Outbound::list() const {
  std::vector<LineInfo> all;
  for (const auto& [name, line] : lines_) {
    const Client& client = line->client();
    all.push_back({name, without_query(client.url()), client.state(), client.retries(),
                   client.queued_bytes()});
  }
  return all;
}

bp::result<std::shared_ptr<Outbound::Line>> Outbound::line(const std::string& name) const {
  const auto found = lines_.find(name);
  if (found == lines_.end()) {
    return bp::fail(BP_E_NOT_FOUND,
                    fmt::format("no client '{}'; the configuration names them in 'clients', and "
                                "bp.transport.client/1 Connect opens more",
                                name));
  }
  return found->second;
}

}  // namespace transport_ws::client
