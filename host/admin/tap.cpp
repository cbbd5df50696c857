// host/admin/tap.cpp - one line a message: {"channel":...,"seq":...,"message":...}.
#include "host/admin/tap.hpp"

#include <utility>

#include "host/channel/receiver.hpp"

namespace host::admin {

namespace {

constexpr std::size_t lines_per_turn = 64;

}  // namespace

bool Tap::open(const registry::ChannelEntry& entry, runtime::Runtime& runtime, std::uint64_t count,
               const std::shared_ptr<Responder>& responder) {
  std::shared_ptr<Tap> tap(new Tap(entry, count, responder));
  // The strand's body keeps the tap; finish() breaks that circle.
  tap->strand_ = runtime.make_strand([weak = std::weak_ptr(tap)] {
    const auto self = weak.lock();
    return self && self->take();
  });
  channel::Channel::ReceiverOptions options;
  options.owner = "a tap of the control socket";
  options.guest = true;
  options.ready = [strand = tap->strand_] { strand->schedule(); };
  options.paused = true;  // the strand reads receiver_: nothing may wake it before that is set
  tap->receiver_ = entry.channel->open_receiver(std::move(options));
  if (!tap->receiver_) {
    return false;
  }
  responder->begin_stream("application/x-ndjson");
  responder->on_gone([tap, &runtime] { runtime.post([tap] { tap->finish(); }); });
  tap->receiver_->resume();
  return true;
}

void Tap::finish() {
  if (!ended_.exchange(true)) {
    receiver_->close();
    responder_->on_gone({});  // it holds this tap
  }
}

bool Tap::take() {
  if (ended_) {
    return false;
  }
  std::vector<channel::Delivery> deliveries;
  std::uint64_t missed = 0;
  const std::size_t wanted =
      endless_ ? lines_per_turn : std::min<std::size_t>(lines_per_turn, left_);
  const bool more = receiver_->take(wanted, deliveries, missed);
  const std::string name = error::json_quoted(entry_.channel->settings().name);
  if (missed > 0) {
    responder_->write("{\"channel\":" + name + ",\"missed\":" + std::to_string(missed) + "}\n");
  }
  for (const channel::Delivery& delivery : deliveries) {
    const auto json =
        exchange::to_json(exchange::Exchange::type_of(entry_), delivery.message.bytes());
    const std::string body = json ? "\"message\":" + *json : "\"error\":" + json.error().json();
    responder_->write("{\"channel\":" + name + ",\"seq\":" + std::to_string(delivery.seq) + "," +
                      body + "}\n");
    receiver_->ack(delivery.id);
  }
  if (!endless_) {
    left_ -= deliveries.size();
    if (left_ == 0) {
      responder_->end();
      finish();
      return false;
    }
  }
  return more;
}

}  // namespace host::admin
