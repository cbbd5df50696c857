// plugins/transport_ws/topic/bridge.cpp - one lane per channel that leads out.
#include "topic/bridge.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "limits.hpp"

namespace transport_ws::topic {

struct Outward::Lane {
  Lane(asio::io_context& context, const Bridge& from)
      : channel(from.channel), topic(from.topic), timer(context) {}

  std::string channel;
  std::string topic;
  net::Timer timer;
  std::uint64_t subscription = 0;
  bool open = false;
  bool failed = false;  // was told
};

Outward::Outward(const std::vector<Bridge>& bridges, rpc::Bus& bus, Hub& hub,
                 asio::io_context& context, Tell tell)
    : bus_(bus), hub_(hub), context_(context), tell_(std::move(tell)) {
  for (const Bridge& each : bridges) {
    if (each.direction != Direction::In) {
      lanes_.push_back(std::make_shared<Lane>(context_, each));
    }
  }
}

Outward::~Outward() {
  stop();
}

void Outward::start() {
  for (const auto& lane : lanes_) {
    open(lane);
  }
}

void Outward::stop() {
  for (const auto& lane : std::exchange(lanes_, {})) {
    lane->timer.cancel();
    if (lane->open) {
      bus_.unsubscribe(lane->subscription);
    }
  }
}

void Outward::open(const std::shared_ptr<Lane>& lane) {
  auto subscription = bus_.subscribe(
      lane->channel, [this, weak = std::weak_ptr(lane)](const rpc::Bus::Event& event) {
        if (const auto alive = weak.lock()) {
          on_event(*alive, event);
        }
      });
  if (!subscription) {
    if (!std::exchange(lane->failed, true)) {
      tell_(lane->channel, subscription.error().message());
    }
    try_again(lane);
    return;
  }
  lane->subscription = *subscription;
  lane->open = true;
  if (std::exchange(lane->failed, false)) {
    tell_(lane->channel, "it is there now");
  }
}

void Outward::on_event(Lane& lane, const rpc::Bus::Event& event) {
  if (const auto* message = std::get_if<rpc::Bus::Message>(&event)) {
    hub_.publish(std::make_shared<Announcement>(lane.topic, frame::Opcode::Text, message->json));
  } else if (const auto* missed = std::get_if<rpc::Bus::Missed>(&event)) {
    tell_(lane.channel, fmt::format("{} messages were missed", missed->count));
  } else {
    bus_.unsubscribe(lane.subscription);
    lane.open = false;
    for (const auto& each : lanes_) {
      if (each.get() == &lane) {
        open(each);
        return;
      }
    }
  }
}

void Outward::try_again(const std::shared_ptr<Lane>& lane) {
  lane->timer.expires_after(std::chrono::milliseconds(bridge_retry_ms));
  lane->timer.async_wait([this, weak = std::weak_ptr(lane)](net::ErrorCode cancelled) {
    const auto alive = weak.lock();
    if (!cancelled && alive) {
      open(alive);
    }
  });
}

}  // namespace transport_ws::topic
