// host/exchange/outbox.hpp - messages published by name that wait, in order, for a channel's
// credit.
//
// Owns: what waits. Thread: any. Errors: BUSY when too many wait; WOULD_BLOCK after the block
// timeout.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "host/channel/channel.hpp"
#include "host/channel/sender.hpp"
#include "host/runtime/runtime.hpp"

namespace host::exchange {

inline constexpr std::size_t outbox_messages_max = 65'536;

class Outbox : public std::enable_shared_from_this<Outbox> {
 public:
  // Null: the channel is retired. An outbox does not keep it.
  [[nodiscard]] static std::shared_ptr<Outbox> make(
      const std::shared_ptr<channel::Channel>& channel, runtime::Runtime& runtime);

  // OK: taken; the envelope's confirmation tells the rest. Otherwise nothing was taken.
  bp_status push(channel::Envelope envelope);

  [[nodiscard]] channel::Channel& channel() noexcept { return sender_->channel(); }

 private:
  struct Waiting {
    channel::Envelope envelope;
    std::uint64_t until_ns;
  };

  explicit Outbox(runtime::Runtime& runtime) : runtime_(runtime) {}

  void drain();
  void arm();
  void expire();

  runtime::Runtime& runtime_;
  std::mutex mutex_;
  std::mutex draining_;  // keeps the order of sends; taken before mutex_
  std::shared_ptr<channel::Sender> sender_;
  std::deque<Waiting> waiting_;
  bool armed_ = false;
};

}  // namespace host::exchange
