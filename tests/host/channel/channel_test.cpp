// tests/host/channel/channel_test.cpp - opening and closing ends, limits, stalls, what is counted.
#include <chrono>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
namespace {

using Texts = std::vector<std::string>;

TEST(Channel, CapacityIsEachSendersOwn) {
  for (const std::uint32_t policy : {BP_FULL_BLOCK, BP_FULL_REJECT, BP_FULL_DROP_NEWEST}) {
    Bench bench;
    const auto channel = bench.make(queue_of(2, policy));
    const auto one = channel->open_sender({});
    const auto two = channel->open_sender({});
    for (const auto& sender : {one, two}) {
      EXPECT_TRUE(put(*sender, "a"));
      EXPECT_EQ(sender->send(bench.letter("b")), BP_OK);
      EXPECT_FALSE(put(*sender, "c"));
      EXPECT_LT(sender->send(bench.letter("c")), BP_OK);
    }
    EXPECT_EQ(channel->stats().depth, 4U);
    const auto receiver = channel->open_receiver({.owner = "r", .concurrency = 8});
    EXPECT_EQ(take_in_place(*receiver), (Texts{"a", "b", "a", "b"}));
  }
}

TEST(Channel, DropsTheOldestOfTheSenderThatIsFull) {
  Bench bench;
  const auto channel = bench.make(queue_of(3, BP_FULL_DROP_OLDEST));
  const auto calm = channel->open_sender({});
  const auto busy = channel->open_sender({});
  ASSERT_TRUE(put(*calm, "calm"));
  for (int i = 0; i < 10; ++i) {
    const std::string text = std::to_string(i);
    if (!put(*busy, text)) {
      ASSERT_EQ(busy->send(bench.letter(text)), BP_OK);
    }
  }
  const Stats stats = channel->stats();
  EXPECT_EQ(stats.published, 11U);
  EXPECT_EQ(stats.dropped_oldest, 7U);
  EXPECT_EQ(stats.depth, 4U);
  const auto receiver = channel->open_receiver({.owner = "r", .concurrency = 8});
  EXPECT_EQ(take_in_place(*receiver), (Texts{"calm", "7", "8", "9"}));
}

TEST(Channel, GatesEachLaneByItself) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(2));
  const auto gate =
      channel->open_receiver({.owner = "gate", .flags = BP_CHAN_GATING, .concurrency = 8});
  const auto one = channel->open_sender({});
  const auto two = channel->open_sender({});
  ASSERT_TRUE(put(*one, "a"));
  ASSERT_TRUE(put(*one, "b"));
  EXPECT_FALSE(put(*one, "c"));
  ASSERT_TRUE(put(*two, "d"));
  EXPECT_EQ(take_in_place(*gate, 8), (Texts{"a", "b", "d"}));
  EXPECT_TRUE(put(*one, "c"));
  EXPECT_EQ(take_in_place(*gate, 8), (Texts{"c"}));
}

TEST(Channel, ASlowSubscribersStallEndsThoughOthersGoOnTaking) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(2));
  const auto stuck = channel->open_receiver({.owner = "stuck", .flags = BP_CHAN_GATING});
  const auto lively = channel->open_receiver({.owner = "lively", .concurrency = 8});
  int writable = 0;
  const auto sender = channel->open_sender([&] { ++writable; });
  const auto other = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  ASSERT_TRUE(put(*sender, "b"));
  ASSERT_EQ(sender->send(bench.letter("c")), BP_E_WOULD_BLOCK);
  ASSERT_EQ(bench.later.work.size(), 1U);
  ASSERT_TRUE(put(*other, "d"));
  EXPECT_EQ(take_in_place(*lively).size(), 3U);
  bench.later.run_all();
  EXPECT_EQ(bench.cut, (Texts{"stuck"}));
  EXPECT_EQ(writable, 1);
  EXPECT_EQ(sender->send(bench.letter("c")), BP_OK);
}

TEST(Channel, CutsBackOnlyTheSubscriberThatStalls) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(4));
  const auto stuck = channel->open_receiver({.owner = "stuck", .flags = BP_CHAN_GATING});
  const auto good = channel->open_receiver({.owner = "good", .flags = BP_CHAN_GATING});
  const auto sender = channel->open_sender({});
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(put(*sender, "x"));
  }
  EXPECT_EQ(take_in_place(*good, 3).size(), 3U);
  ASSERT_EQ(sender->send(bench.letter("y")), BP_E_WOULD_BLOCK);
  bench.later.run_all();
  EXPECT_EQ(bench.cut, (Texts{"stuck"}));
}

TEST(Channel, ASubscriberThatCaughtUpWithNothingToReadStallsNobody) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(1));
  const auto gate = channel->open_receiver({.owner = "gate", .flags = BP_CHAN_CONFIRMING});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  ASSERT_EQ(sender->send(bench.letter("b")), BP_E_WOULD_BLOCK);
  bench.later.run_all();
  EXPECT_FALSE(sender->blocked());  // "a" is given up to make room
  EXPECT_TRUE(take_in_place(*gate).empty());
  EXPECT_FALSE(sender->blocked());
  EXPECT_TRUE(put(*sender, "c"));
  EXPECT_FALSE(put(*sender, "d"));  // it gates again
}

TEST(Channel, ASubscriberGatesAgainWhenItReallyCaughtUp) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(2));
  const auto gate =
      channel->open_receiver({.owner = "gate", .flags = BP_CHAN_GATING, .concurrency = 2});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  std::vector<Delivery> kept;
  std::uint64_t missed = 0;
  gate->take(1, kept, missed);
  ASSERT_EQ(kept.size(), 1U);
  ASSERT_TRUE(put(*sender, "b"));
  ASSERT_TRUE(put(*sender, "c"));
  ASSERT_EQ(sender->send(bench.letter("d")), BP_E_WOULD_BLOCK);
  bench.later.run_all();
  ASSERT_TRUE(put(*sender, "d"));
  Batch batch;
  gate->take(8, batch, [&](const Glimpse& /*glimpse*/) {
    std::thread([&] { gate->ack(kept[0].id); }).join();
  });
  ASSERT_EQ(batch.count, 1U);
  ASSERT_TRUE(put(*sender, "e"));
  EXPECT_TRUE(put(*sender, "f"));  // still cut back: there is more that it did not read
  gate->finish(batch);
}

TEST(Channel, AConsumersGatingFlagChangesNothingOfAQueue) {
  Bench bench;
  const auto channel = bench.make(queue_of(4));
  const auto sender = channel->open_sender({});
  const auto receiver = channel->open_receiver({.owner = "r", .flags = BP_CHAN_CONFIRMING});
  EXPECT_TRUE(put(*sender, "a"));
  EXPECT_EQ(take_in_place(*receiver), (Texts{"a"}));
}

TEST(Channel, AQueueIsBoundedInBytes) {
  Bench bench;
  Settings settings = queue_of(1'000);
  settings.bytes_max = 100'000;
  const auto channel = bench.make(settings);
  const auto sender = channel->open_sender({});
  const auto receiver = channel->open_receiver({.owner = "r"});
  int accepted = 0;
  while (sender->send(bench.letter(std::string(10'000, 'a'))) == BP_OK) {
    ++accepted;
  }
  EXPECT_EQ(accepted, 9);  // each has a record of 32 bytes, too
  EXPECT_EQ(take_in_place(*receiver, 1).size(), 1U);
  EXPECT_EQ(sender->send(bench.letter(std::string(10'000, 'a'))), BP_OK);
}

// What counts are messages that were not taken, with their headers: not the room around them.
TEST(Channel, SmallMessagesCountAsTheyLie) {
  constexpr std::size_t record = 128;
  for (const std::size_t limit : {4'096U, 65'536U, 1U << 20U}) {
    Bench bench;
    Settings settings = queue_of(BP_CHAN_CAPACITY_MAX);
    settings.bytes_max = limit;
    const auto channel = bench.make(settings);
    const auto sender = channel->open_sender({});
    const auto receiver = channel->open_receiver({.owner = "r"});
    const std::string text(record - sizeof(Record), 't');
    for (int round = 0; round < 3; ++round) {
      std::size_t bytes = 0;
      while (put(*sender, text)) {
        bytes += record;
      }
      EXPECT_GE(bytes, limit * 3 / 4) << "round " << round;
      EXPECT_LE(bytes, limit * 5 / 4) << "round " << round;
      while (!take_in_place(*receiver, 1'000).empty()) {
      }
    }
    while (sender->send(bench.letter(text)) == BP_OK) {
    }
    const std::uint64_t waiting = channel->stats().depth * record;
    EXPECT_LE(waiting, limit);
    EXPECT_GT(waiting + record + sizeof(Record), limit);
  }
}

TEST(Channel, AMessageLargerThanTheByteLimitStillGoesThroughAlone) {
  for (const std::uint32_t kind : {BP_KIND_QUEUE, BP_KIND_BROADCAST}) {
    Bench bench;
    Settings settings = kind == BP_KIND_QUEUE ? queue_of(8) : broadcast_of(8);
    settings.bytes_max = 1'000;
    const auto channel = bench.make(settings);
    const auto sender = channel->open_sender({});
    const auto receiver = channel->open_receiver({.owner = "r"});
    ASSERT_EQ(sender->send(bench.letter(std::string(100'000, 'a'))), BP_OK);
    EXPECT_EQ(take_in_place(*receiver).size(), 1U);
  }
}

TEST(Channel, LargeMessagesAfterManySmallOnesKeepToTheByteLimit) {
  constexpr std::size_t large = std::size_t{4} << 20U;
  Bench bench;
  Settings settings = broadcast_of(BP_CHAN_CAPACITY_MAX);
  settings.bytes_max = 2 * large;
  const auto channel = bench.make(settings);
  const auto idle = channel->open_receiver({.owner = "idle"});
  const auto sender = channel->open_sender({});
  for (std::size_t bytes = 0; bytes < 2 * large; bytes += 1'024) {
    ASSERT_TRUE(put(*sender, std::string(1'008, 's')));
  }
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(sender->send(bench.letter(std::string(large, 'l'))), BP_OK);
    EXPECT_LE(bench.pool.bytes_in_use(), settings.bytes_max);
  }
}

TEST(Channel, AFreshSubscriberMissedNothing) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(4));
  const auto sender = channel->open_sender({});
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < round; ++i) {
      ASSERT_TRUE(put(*sender, "unheard"));
    }
    const auto receiver = channel->open_receiver({.owner = "r"});
    ASSERT_TRUE(put(*sender, "heard"));
    Batch batch;
    EXPECT_EQ(take_into(*receiver, batch), (Texts{"heard"}));
    EXPECT_EQ(batch.missed, 0U);
    receiver->finish(batch);
  }
}

}  // namespace
}  // namespace host::channel
