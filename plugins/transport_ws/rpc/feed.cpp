// plugins/transport_ws/rpc/feed.cpp - delivering, waiting for slow clients, telling of losses.
#include "rpc/feed.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "frame/codec.hpp"
#include "json/json.hpp"

namespace transport_ws::rpc {

namespace {

constexpr std::string_view before_event = R"(,"event":)";
constexpr std::string_view after_event = "}}";

// One allocation for the frame: header and text are written in place.
frame::Frame notification(std::string_view prefix, std::uint64_t seq, std::string_view event) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), seq).ptr;
  const std::string_view position(digits.data(), static_cast<std::size_t>(end - digits.data()));
  const std::size_t bytes =
      prefix.size() + position.size() + before_event.size() + event.size() + after_event.size();
  std::array<char, frame_header_bytes_max> header{};
  const std::size_t header_bytes = frame::encode_header(header, frame::Opcode::Text, bytes);
  auto frame = std::make_shared<std::string>();
  frame->reserve(header_bytes + bytes);
  frame->append(header.data(), header_bytes).append(prefix).append(position);
  frame->append(before_event).append(event).append(after_event);
  return frame;
}

}  // namespace

Feed::Feed(std::uint64_t number, std::string channel, Bus& bus)
    : channel_(std::move(channel)),
      prefix_(fmt::format(
          R"({{"jsonrpc":"2.0","method":"event","params":{{"subscription":{},"channel":{},"seq":)",
          number, json::quoted(channel_))),
      bus_(bus),
      number_(number) {}

Feed::~Feed() {
  if (open_) {
    bus_.unsubscribe(subscription_);
  }
}

bp::result<void> Feed::open() {
  auto subscription = bus_.subscribe(channel_, [weak = weak_from_this()](Bus::Event event) {
    if (const auto self = weak.lock()) {
      self->on_event(std::move(event));
    }
  });
  if (!subscription) {
    return std::unexpected(std::move(subscription).error());
  }
  subscription_ = *subscription;
  open_ = true;
  return {};
}

void Feed::remove(const session::Peer& peer) {
  std::erase(peers_, &peer);
  pump();
}

void Feed::on_event(Bus::Event event) {
  if (auto* message = std::get_if<Bus::Message>(&event)) {
    waiting_.push_back(std::move(*message));
    pump();
  } else if (const auto* missed = std::get_if<Bus::Missed>(&event)) {
    tell_all(fmt::format(
        R"({{"jsonrpc":"2.0","method":"missed","params":{{"subscription":{},"channel":{},"missed":{}}}}})",
        number_, json::quoted(channel_), missed->count));
  } else {
    closed_ = true;
    tell_all(fmt::format(
        R"({{"jsonrpc":"2.0","method":"closed","params":{{"subscription":{},"channel":{}}}}})",
        number_, json::quoted(channel_)));
  }
}

bool Feed::must_wait() {
  bool waits = false;
  for (session::Peer* peer : peers_) {
    if (peer->must_wait()) {
      waits = true;
      peer->expect_drain(
          fmt::format("too slow; resume from seq {} of {}", waiting_.front().seq, channel_));
    }
  }
  return waits;
}

void Feed::pump() {
  while (!waiting_.empty() && !must_wait()) {
    deliver(waiting_.front());
    waiting_.pop_front();  // this acknowledges the message
  }
}

void Feed::deliver(const Bus::Message& message) {
  if (peers_.empty() || !json::is_valid(message.json)) {
    return;  // a plugin that put no JSON on a channel of JSON must not break the clients' stream
  }
  const frame::Frame frame = notification(prefix_, message.seq, message.json);
  for (session::Peer* peer : peers_) {
    (void)peer->send_event(
        frame);  // there is room, or the policy drops and the connection counts it
  }
}

void Feed::tell_all(const std::string& text) {
  const auto frame =
      std::make_shared<const std::string>(frame::encode_frame(frame::Opcode::Text, text));
  for (session::Peer* peer : peers_) {
    peer->send_answer(frame);
  }
}

}  // namespace transport_ws::rpc
