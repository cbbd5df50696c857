// host/wire/wire.hpp - a route of the manifest at work: from a channel, through service methods.
//
// A message is acknowledged when the last step succeeded; whoever published it with confirmation is
// answered then.
// Owns: its receiving end and the messages in flight. Thread: any. Errors: told to the publisher,
// logged, counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/channel/receiver.hpp"
#include "host/error/error.hpp"
#include "host/exchange/exchange.hpp"
#include "host/log/sink.hpp"
#include "host/manifest/manifest.hpp"
#include "host/metric/durations.hpp"
#include "host/runtime/runtime.hpp"
#include "host/wire/mapping.hpp"

namespace host::wire {

inline constexpr std::uint32_t in_flight_max = 256;
inline constexpr std::uint64_t retry_delay_ns = 100'000'000;

struct Counts {
  std::atomic<std::uint64_t> taken{0};  // each try counts
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> retried{0};
  metric::Durations times;  // of those that are done: from taking the message
};

class Wire : public std::enable_shared_from_this<Wire> {
 public:
  // `schemas`: of each step's service, as far as known: they tell which request fields are bytes.
  Wire(const manifest::Wire& wire,
       const std::vector<std::shared_ptr<const schema::Schema>>& schemas,
       registry::ChannelEntry from, exchange::Exchange& exchange, log::Logger logger);
  ~Wire();

  // Listen to the channel. Call once.
  void start();

  // Take nothing more. Messages in flight end on their own; flows hold the wire.
  void stop();

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

 private:
  struct Step {
    std::string service;  // "bp.crypto.aead/1"
    std::string method;
    std::string out;
    Mapping mapping;
  };

  struct Flow;

  bool take();
  void begin(channel::Delivery&& delivery, std::uint64_t now_ns);
  void advance(const std::shared_ptr<Flow>& flow);
  void fail(const Flow& flow, error::Error error);

  std::string name_;
  std::vector<std::shared_ptr<const schema::Schema>> schemas_;
  std::vector<Step> steps_;
  registry::ChannelEntry from_;
  exchange::Exchange& exchange_;
  log::Logger logger_;
  Counts counts_;
  std::shared_ptr<runtime::Strand> strand_;
  std::shared_ptr<channel::Receiver> receiver_;
};

}  // namespace host::wire
