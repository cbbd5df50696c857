// host/admin/tap.hpp - the messages of a channel as JSON lines, for `backplane sub` and `tap`.
//
// Owns: a receiving end that gates nobody. Thread: any. Errors: lines that say what was missed.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "host/admin/http_server.hpp"
#include "host/exchange/exchange.hpp"
#include "host/registry/registry.hpp"
#include "host/runtime/runtime.hpp"

namespace host::admin {

class Tap : public std::enable_shared_from_this<Tap> {
 public:
  // Streams to `responder` until the reader goes away or `count` messages were sent (0: no end).
  // False: the channel was retired meanwhile, and nothing was answered.
  [[nodiscard]] static bool open(const registry::ChannelEntry& entry, runtime::Runtime& runtime,
                                 std::uint64_t count, const std::shared_ptr<Responder>& responder);

 private:
  Tap(registry::ChannelEntry entry, std::uint64_t count, std::shared_ptr<Responder> responder)
      : entry_(std::move(entry)),
        left_(count),
        endless_(count == 0),
        responder_(std::move(responder)) {}

  bool take();
  void finish();

  registry::ChannelEntry entry_;
  std::uint64_t left_;
  bool endless_;
  std::atomic<bool> ended_{false};
  std::shared_ptr<Responder> responder_;
  std::shared_ptr<runtime::Strand> strand_;
  std::shared_ptr<channel::Receiver> receiver_;
};

}  // namespace host::admin
