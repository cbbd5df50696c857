// tests/host/exchange/outbox_test.cpp - what waits for credit keeps its order and is told when it
// waited too long.
#include "host/exchange/outbox.hpp"

#include <future>

#include <gtest/gtest.h>

#include "host/channel/receiver.hpp"

namespace host::exchange {
namespace {

struct World {
  message::Pool pool;
  runtime::Runtime runtime{2, 1};
  std::shared_ptr<channel::Channel> channel;
  std::shared_ptr<Outbox> outbox;

  explicit World(std::uint64_t block_timeout_ns) {
    channel::Settings settings;
    settings.name = "c";
    settings.capacity = 2;
    settings.block_timeout_ns = block_timeout_ns;
    channel = std::make_shared<channel::Channel>(settings, channel::Surroundings{});
    outbox = Outbox::make(channel, runtime);
  }

  [[nodiscard]] channel::Envelope letter(int number) {
    const std::string text = std::to_string(number);
    channel::Envelope envelope;
    envelope.message = message::copy_of(pool, std::as_bytes(std::span(text)));
    return envelope;
  }
};

TEST(Outbox, KeepsTheOrderOfWhatWaits) {
  World world(20'000'000'000);
  constexpr int count = 50;
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(world.outbox->push(world.letter(i)), BP_OK);
  }
  std::promise<void> all;
  int next = 0;
  std::shared_ptr<channel::Receiver> receiver;
  std::shared_ptr<runtime::Strand> strand;
  strand = world.runtime.make_strand([&] {
    std::vector<channel::Delivery> taken;
    std::uint64_t missed = 0;
    const bool more = receiver->take(1, taken, missed);
    for (const channel::Delivery& delivery : taken) {
      EXPECT_EQ(std::string(reinterpret_cast<const char*>(delivery.message.data()),
                            delivery.message.size),
                std::to_string(next));
      receiver->ack(delivery.id);
      if (++next == count) {
        all.set_value();
      }
    }
    return more;
  });
  receiver = world.channel->open_receiver(
      {.owner = "r", .ready = [&] { strand->schedule(); }, .paused = true});
  receiver->resume();
  all.get_future().wait();
  world.runtime.stop(runtime::now_ns() + 10'000'000'000);
}

TEST(Outbox, TellsAPublisherThatWaitedTooLong) {
  World world(10'000'000);
  ASSERT_EQ(world.outbox->push(world.letter(0)), BP_OK);
  ASSERT_EQ(world.outbox->push(world.letter(1)), BP_OK);
  std::promise<bp_status> told;
  channel::Envelope late = world.letter(2);
  late.confirmation =
      std::make_shared<channel::Confirmation>([&](const std::optional<error::Error>& error) {
        told.set_value(error ? error->code() : BP_OK);
      });
  ASSERT_EQ(world.outbox->push(std::move(late)), BP_OK);
  EXPECT_EQ(told.get_future().get(), BP_E_WOULD_BLOCK);
}

}  // namespace
}  // namespace host::exchange
