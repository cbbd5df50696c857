// tests/host/channel/fixture.hpp - a channel whose clock the test drives.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/channel/receiver.hpp"
#include "host/channel/sender.hpp"

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

// Counts what a publisher is told about one message.
struct Told {
  int times = 0;
  bp_status status = BP_OK;

  [[nodiscard]] std::shared_ptr<Confirmation> confirmation() {
    return std::make_shared<Confirmation>([this](const std::optional<error::Error>& error) {
      ++times;
      status = error ? error->code() : BP_OK;
    });
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

  // One whose publisher wants to be told.
  [[nodiscard]] Envelope letter(const std::string& text, Told& told) {
    Envelope envelope = letter(text);
    envelope.confirmation = told.confirmation();
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

// The short way of a small message. False: there was no room.
inline bool put(Sender& sender, std::string_view text, bool settled = false) {
  std::byte* room = sender.reserve(text.size());
  if (room == nullptr) {
    return false;
  }
  std::memcpy(room, text.data(), text.size());
  return sender.send_lent(0, text.size(), settled) == BP_OK;
}

// Takes into a batch that stays in hand.
inline std::vector<std::string> take_into(Receiver& receiver, Batch& batch,
                                          std::size_t count_max = 16) {
  std::vector<std::string> texts;
  receiver.take(count_max, batch, [&](const Glimpse& glimpse) {
    texts.emplace_back(reinterpret_cast<const char*>(glimpse.data), glimpse.size);
  });
  return texts;
}

// Takes one batch where it lies and is done with it.
inline std::vector<std::string> take_in_place(Receiver& receiver, std::size_t count_max = 16) {
  Batch batch;
  std::vector<std::string> texts = take_into(receiver, batch, count_max);
  receiver.finish(batch);
  return texts;
}

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
