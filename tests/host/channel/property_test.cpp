// tests/host/channel/property_test.cpp - whatever the order of sends, takes and acks: nothing is
// lost, doubled or reordered.
#include <map>
#include <rapidcheck.h>

#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
namespace {

TEST(QueueProperty, EveryAcceptedMessageIsAcknowledgedExactlyOnce) {
  const bool held = rc::check("queue", [] {
    Bench bench;
    const auto capacity = *rc::gen::inRange<std::uint32_t>(1, 8);
    Settings settings = queue_of(capacity);
    settings.retry_max = 1'000;
    const auto channel = bench.make(settings);
    const auto sender = channel->open_sender({});
    std::vector<std::shared_ptr<Receiver>> receivers{channel->open_receiver({.owner = "a"}),
                                                     channel->open_receiver({.owner = "b"})};
    std::map<std::string, int> confirmed;
    int next = 0;
    const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5));
    const auto settle = [&](Receiver& receiver, bool ack) {
      std::vector<Delivery> taken;
      std::uint64_t missed = 0;
      receiver.take(1, taken, missed);
      for (const Delivery& delivery : taken) {
        ack ? receiver.ack(delivery.id)
            : receiver.nack(delivery.id, 0, error::Error(BP_E_BUSY, "again"));
      }
    };
    for (const int step : steps) {
      if (step <= 1) {
        const std::string text = std::to_string(next);
        Envelope envelope = bench.letter(text);
        envelope.confirmation = std::make_shared<Confirmation>(
            [&confirmed, text](const std::optional<error::Error>& error) {
              confirmed[text] += error ? 100 : 1;
            });
        if (sender->send(std::move(envelope)) == BP_OK) {
          ++next;
        }
      } else if (step == 2) {
        settle(*receivers[0], true);
      } else if (step == 3) {
        settle(*receivers[1], false);
      } else {
        receivers[1] = channel->open_receiver({.owner = "b again"});
      }
    }
    while (channel->stats().depth > 0) {
      settle(*receivers[0], true);
    }
    RC_ASSERT(static_cast<int>(confirmed.size()) == next);
    for (const auto& [text, times] : confirmed) {
      RC_ASSERT(times == 1);
    }
  });
  EXPECT_TRUE(held);
}

TEST(BroadcastProperty, ASubscriberSeesAnOrderedRunAndKnowsWhatItMissed) {
  const bool held = rc::check("broadcast", [] {
    Bench bench;
    const auto channel = bench.make(broadcast_of(*rc::gen::inRange<std::uint32_t>(1, 6)));
    const auto sender = channel->open_sender({});
    const auto receiver = channel->open_receiver({.owner = "r"});
    std::uint64_t sent = 0;
    std::uint64_t seen = 0;
    std::uint64_t lost = 0;
    std::uint64_t last_seq = 0;
    const auto take = [&] {
      std::vector<Delivery> taken;
      std::uint64_t missed = 0;
      receiver->take(3, taken, missed);
      lost += missed;
      for (const Delivery& delivery : taken) {
        RC_ASSERT(delivery.seq > last_seq);
        last_seq = delivery.seq;
        ++seen;
        receiver->ack(delivery.id);
      }
      return !taken.empty() || missed > 0;
    };
    for (const bool send : *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>())) {
      if (send) {
        RC_ASSERT(sender->send(bench.letter("x")) == BP_OK);
        ++sent;
      } else {
        take();
      }
    }
    while (take()) {
    }
    RC_ASSERT(seen + lost == sent);
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace host::channel
