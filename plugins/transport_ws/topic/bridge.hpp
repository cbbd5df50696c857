// plugins/transport_ws/topic/bridge.hpp - bus channels that are topics too.
//
// Out: what comes on the channel is published to the topic. In: what clients publish to the topic
// goes to the channel (see route/forum.hpp). A channel that is not there yet is tried again.
// Thread: one io thread, all of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/socket.hpp"
#include "rpc/bus.hpp"
#include "topic/hub.hpp"

namespace transport_ws::topic {

enum class Direction : std::uint8_t { Out, In, Both };

struct Bridge {
  std::string channel;
  std::string topic;
  Direction direction = Direction::Out;
};

/// The bridges that lead out of the bus. The bus and the hub must outlive it.
class Outward {
 public:
  /// `what` in words: the channel is not there, messages were missed, it works again.
  using Tell = std::function<void(const std::string& channel, std::string_view what)>;

  Outward(const std::vector<Bridge>& bridges, rpc::Bus& bus, Hub& hub, asio::io_context& context,
          Tell tell);
  Outward(const Outward&) = delete;
  Outward& operator=(const Outward&) = delete;
  ~Outward();

  void start();
  void stop();

 private:
  struct Lane;

  void open(const std::shared_ptr<Lane>& lane);
  void on_event(Lane& lane, const rpc::Bus::Event& event);
  void try_again(const std::shared_ptr<Lane>& lane);

  std::vector<std::shared_ptr<Lane>> lanes_;
  rpc::Bus& bus_;
  Hub& hub_;
  asio::io_context& context_;
  Tell tell_;
};

}  // namespace transport_ws::topic
