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

Feed::Feed(std::uint64_t number, std::string channel, Bus& bus, Epochs& epochs,
           const HistorySettings& settings, session::Counters& counters)
    : settings_(settings),
      counters_(counters),
      history_(settings),
      channel_(std::move(channel)),
      prefix_(fmt::format(
          R"({{"jsonrpc":"2.0","method":"event","params":{{"subscription":{},"channel":{},"seq":)",
          number, json::quoted(channel_))),
      bus_(bus),
      epochs_(epochs),
      number_(number) {}

Feed::~Feed() {
  epoch_.reset();  // before the channel may go
  if (open_) {
    bus_.unsubscribe(subscription_);
  }
}

bp::result<void> Feed::open(std::function<void(const Feed&)> on_stale) {
  on_stale_ = std::move(on_stale);
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
  epoch_ = epochs_.hold(channel_);
  return {};
}

void Feed::add(session::Peer& peer, std::uint64_t from) {
  Listener& added = listeners_.emplace_back(&peer, from);
  (void)catch_up(added);
}

void Feed::remove(const session::Peer& peer) {
  std::erase_if(listeners_, [&](const Listener& each) { return each.peer == &peer; });
  if (listeners_.empty()) {
    idle_since_ = std::chrono::steady_clock::now();
  }
  pump();
}

bool Feed::stale() const noexcept {
  return listeners_.empty() &&
         (!history_.on() || std::chrono::steady_clock::now() - idle_since_ >
                                std::chrono::milliseconds(settings_.linger_ms));
}

void Feed::on_event(Bus::Event event) {
  if (std::holds_alternative<Bus::Closed>(event)) {
    closed_ = true;
    epochs_.end(epoch_);
  }
  if (stale()) {
    on_stale_(*this);
    return;
  }
  if (auto* message = std::get_if<Bus::Message>(&event)) {
    waiting_.push_back(std::move(*message));
    pump();
  } else if (const auto* missed = std::get_if<Bus::Missed>(&event)) {
    if (waiting_.empty()) {
      history_.cut();
    } else {
      cut_behind_ = waiting_.back().seq;
    }
    tell_all(fmt::format(
        R"({{"jsonrpc":"2.0","method":"missed","params":{{"subscription":{},"channel":{},"missed":{}}}}})",
        number_, json::quoted(channel_), missed->count));
  } else {
    tell_all(fmt::format(
        R"({{"jsonrpc":"2.0","method":"closed","params":{{"subscription":{},"channel":{}}}}})",
        number_, json::quoted(channel_)));
  }
}

// True: it is where the feed is, or has room to get there.
bool Feed::catch_up(Listener& listener) {
  while (const History::Entry* entry = behind(listener) ? history_.at(listener.next) : nullptr) {
    if (listener.peer->must_wait()) {
      listener.peer->expect_drain(
          fmt::format("too slow; resume from seq {} of {}", listener.next, channel_));
      return false;
    }
    listener.next = entry->seq + 1;
    counters_.replayed_events.add();
    (void)listener.peer->send_event(entry->frame);
  }
  return true;
}

History::Coverage Feed::coverage(std::uint64_t from) const noexcept {
  const bool on_its_way =
      !waiting_.empty() && from >= waiting_.front().seq && from <= waiting_.back().seq + 1;
  return on_its_way ? History::Coverage{true, 0} : history_.coverage(from);
}

// Who is behind is waited for too, so that the history keeps what it still needs.
bool Feed::must_wait() {
  bool waits = false;
  for (Listener& each : listeners_) {
    if (!catch_up(each)) {
      waits = true;
    } else if (each.peer->must_wait()) {
      waits = true;
      each.peer->expect_drain(
          fmt::format("too slow; resume from seq {} of {}", waiting_.front().seq, channel_));
    }
  }
  return waits;
}

void Feed::pump() {
  if (waiting_.empty()) {
    for (Listener& each : listeners_) {
      (void)catch_up(each);
    }
  }
  while (!waiting_.empty() && !must_wait()) {
    deliver(waiting_.front());
    if (waiting_.front().seq == cut_behind_) {
      history_.cut();
    }
    waiting_.pop_front();  // this acknowledges the message
  }
}

void Feed::deliver(const Bus::Message& message) {
  if ((listeners_.empty() && !history_.on()) || !json::is_valid(message.json)) {
    return;  // a plugin that put no JSON on a channel of JSON must not break the clients' stream
  }
  const frame::Frame frame = notification(prefix_, message.seq, message.json);
  history_.add(message.seq, frame);
  for (Listener& each : listeners_) {
    if (each.next > message.seq) {
      continue;  // it has had this one, through another connection
    }
    each.next = each.next == 0 ? 0 : message.seq + 1;
    // There is room, or the policy drops and the connection counts it.
    (void)each.peer->send_event(frame);
  }
}

void Feed::tell_all(const std::string& text) {
  const auto frame =
      std::make_shared<const std::string>(frame::encode_frame(frame::Opcode::Text, text));
  for (const Listener& each : listeners_) {
    each.peer->send_answer(frame);
  }
}

}  // namespace transport_ws::rpc
