// tests/host/channel/fixture.hpp - a channel whose clock the test drives.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/channel/receiver.hpp"

namespace host::channel {

// Collects delayed work instead of waiting.
struct Later {
  std::vector<std::pair<std::uint64_t, std::function<void()>>> work;

  void run_all() {
    for (auto& [delay, task] : std::exchange(work, {})) {
      task();
    }
  }
};

struct Bench {
  message::Pool pool;
  Later later;
  std::vector<std::string> dead;
  std::vector<std::string> cut;

  [[nodiscard]] std::shared_ptr<Channel> make(Settings settings) {
    Surroundings around;
    around.after = [this](std::uint64_t delay_ns, std::function<void()> task) {
      later.work.emplace_back(delay_ns, std::move(task));
    };
    around.dead_letter = [this](const Settings& /*from*/, Envelope&& envelope,
                                const error::Error& error) {
      dead.push_back(text_of(envelope.message) + ": " + error.text());
    };
    around.cut_back = [this](const Settings& /*from*/, const std::string& who) {
      cut.push_back(who);
    };
    settings.name = "c";
    return std::make_shared<Channel>(std::move(settings), std::move(around));
  }

  [[nodiscard]] Envelope letter(const std::string& text) {
    Envelope envelope;
    envelope.message = message::copy_of(pool, std::as_bytes(std::span(text)));
    return envelope;
  }

  [[nodiscard]] static std::string text_of(const message::Message& message) {
    return {reinterpret_cast<const char*>(message.data()), message.size};
  }

  // Takes everything there is; acknowledges it when asked to.
  [[nodiscard]] static std::vector<std::string> take(Receiver& receiver, bool ack = true) {
    std::vector<Delivery> deliveries;
    std::uint64_t missed = 0;
    while (receiver.take(16, deliveries, missed)) {
    }
    std::vector<std::string> texts;
    for (const Delivery& delivery : deliveries) {
      texts.push_back(text_of(delivery.message));
      if (ack) {
        receiver.ack(delivery.id);
      }
    }
    return texts;
  }
};

inline Settings queue_of(std::uint32_t capacity, std::uint32_t on_full = BP_FULL_BLOCK) {
  Settings settings;
  settings.kind = BP_KIND_QUEUE;
  settings.capacity = capacity;
  settings.on_full = on_full;
  return settings;
}

inline Settings broadcast_of(std::uint32_t capacity) {
  Settings settings;
  settings.kind = BP_KIND_BROADCAST;
  settings.capacity = capacity;
  return settings;
}

}  // namespace host::channel
