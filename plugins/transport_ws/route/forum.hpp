// plugins/transport_ws/route/forum.hpp - clients that subscribe themselves to topics and publish to
// them, within the route's allow lists.
//
// JSON-RPC 2.0, one request a message: subscribe {topic}, unsubscribe {topic}, publish {topic,
// message}, ping. What is published to a topic with a bridge into the bus is answered when the
// channel took it. Errors: to the client. Thread: its io thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json/json.hpp"
#include "route/room.hpp"
#include "rpc/bus.hpp"
#include "rpc/envelope.hpp"
#include "session/flights.hpp"
#include "topic/board.hpp"
#include "topic/bridge.hpp"
#include "topic/hub.hpp"

namespace transport_ws::route {

struct ForumSettings {
  std::vector<std::string> subscribe;  // patterns of topics that clients may follow
  std::vector<std::string> publish;    // and may publish to
  std::uint32_t in_flight_max = in_flight_max_default;
};

/// What it stands on must outlive it.
class Forum final : public Room {
 public:
  struct Parts {
    rpc::Bus& bus;
    topic::Board& board;
    topic::Hub& hub;
    const std::vector<topic::Bridge>& bridges;
  };

  Forum(Doorkeeper& doorkeeper, const Parts& parts, ForumSettings settings);
  ~Forum() override;
  Forum(const Forum&) = delete;
  Forum& operator=(const Forum&) = delete;

  void enter(session::Connection& session) override;
  void drain(std::move_only_function<void()> on_idle) override;

  [[nodiscard]] topic::Form form() const noexcept override { return topic::Form::Told; }

 private:
  struct Guest;

  void on_message(session::Connection& session, frame::Opcode kind,
                  std::string_view payload) override;
  void leave(session::Connection& session) override;
  void run(Guest& guest, const rpc::Request& request);
  void subscribe(Guest& guest, const rpc::Request& request, const std::string& topic);
  void publish(Guest& guest, const rpc::Request& request, const std::string& topic,
               std::string_view message);
  void publish_to_bus(Guest& guest, const rpc::Request& request, const topic::Bridge& bridge,
                      std::string_view message);
  void end_flight(Guest& guest);

  rpc::Bus& bus_;
  topic::Board& board_;
  topic::Hub& hub_;
  const std::vector<topic::Bridge>& bridges_;
  const ForumSettings settings_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Guest>> guests_;
  std::shared_ptr<const bool> alive_;  // replies that come after our end find it expired
  session::Flights flights_;
};

}  // namespace transport_ws::route
