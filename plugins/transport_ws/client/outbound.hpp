// plugins/transport_ws/client/outbound.hpp - the connections that this side opens, by name: what
// they receive goes to a channel.
//
// Thread: one io thread, all of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.hpp"
#include "rpc/bus.hpp"

namespace transport_ws::client {

struct OutboundSettings {
  std::string name;
  std::string channel;  // receives each message: JSON as it is, other text as a JSON string
  Url url;
  ClientSettings client;
};

struct LineInfo {
  std::string name;
  std::string url;  // without its query
  State state = State::Connecting;
  std::uint32_t retries = 0;
  std::size_t queued_bytes = 0;
};

class Outbound {
 public:
  class Observer {
   public:
    virtual void on_connected(const std::string& name) = 0;
    virtual void on_disconnected(const std::string& name, std::string_view why,
                                 std::uint32_t retry_ms) = 0;
    virtual void on_gave_up(const std::string& name, std::string_view why) = 0;
    /// A received message did not get into its channel.
    virtual void on_lost(const std::string& name, const bp::error& why) = 0;

   protected:
    ~Observer() = default;
  };

  Outbound(std::vector<OutboundSettings> settings, rpc::Bus& bus, Observer& observer,
           session::Desk desk);
  Outbound(const Outbound&) = delete;
  Outbound& operator=(const Outbound&) = delete;
  ~Outbound();

  void start();
  void stop();
  /// One more; it starts at once where the others have. Errors: EXISTS; CLOSED after stop().
  [[nodiscard]] bp::result<void> add(OutboundSettings settings);
  /// Closes and forgets it. Errors: NOT_FOUND.
  [[nodiscard]] bp::result<void> close(const std::string& name, std::uint16_t code,
                                       std::string_view reason);
  /// Errors: NOT_FOUND, FULL, CLOSED.
  [[nodiscard]] bp::result<void> send(const std::string& name, std::string text);
  /// By name.
  [[nodiscard]] std::vector<LineInfo> list() const;

 private:
  class Line;
  enum class Phase : std::uint8_t { Waiting, Started, Stopped };

  [[nodiscard]] bp::result<std::shared_ptr<Line>> line(const std::string& name) const;

  rpc::Bus& bus_;
  Observer& observer_;
  session::Desk desk_;
  Phase phase_ = Phase::Waiting;
  std::map<std::string, std::shared_ptr<Line>> lines_;
};

}  // namespace transport_ws::client
