// tests/host/channel/queue_test.cpp - each message to one consumer; policies; redelivery.
#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
namespace {

using Texts = std::vector<std::string>;

TEST(Queue, KeepsMessagesUntilSomebodyComes) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto sender = channel->open_sender({});
  EXPECT_EQ(sender->send(bench.letter("a")), BP_OK);
  EXPECT_EQ(sender->send(bench.letter("b")), BP_OK);
  const auto receiver = channel->open_receiver({.owner = "r"});
  EXPECT_EQ(Bench::take(*receiver), (Texts{"a", "b"}));
}

TEST(Queue, SharesMessagesAmongConsumers) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto sender = channel->open_sender({});
  const auto one = channel->open_receiver({.owner = "one", .concurrency = 1});
  const auto two = channel->open_receiver({.owner = "two", .concurrency = 1});
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  ASSERT_EQ(sender->send(bench.letter("b")), BP_OK);
  EXPECT_EQ(Bench::take(*one, false), (Texts{"a"}));
  EXPECT_EQ(Bench::take(*two, false), (Texts{"b"}));
}

TEST(Queue, BlocksThenTellsWhenThereIsRoom) {
  Bench bench;
  const auto channel = bench.make(queue_of(1));
  int writable = 0;
  const auto sender = channel->open_sender([&] { ++writable; });
  const auto receiver = channel->open_receiver({.owner = "r"});
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  EXPECT_EQ(sender->send(bench.letter("b")), BP_E_WOULD_BLOCK);
  EXPECT_EQ(writable, 0);
  EXPECT_EQ(Bench::take(*receiver), (Texts{"a"}));
  EXPECT_EQ(writable, 1);
  EXPECT_EQ(sender->send(bench.letter("b")), BP_OK);
}

TEST(Queue, RejectsByPolicy) {
  Bench bench;
  const auto channel = bench.make(queue_of(1, BP_FULL_REJECT));
  const auto sender = channel->open_sender({});
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  EXPECT_EQ(sender->send(bench.letter("b")), BP_E_FULL);
  EXPECT_EQ(channel->stats().rejected, 1U);
}

TEST(Queue, DropsTheNewestByPolicy) {
  Bench bench;
  const auto channel = bench.make(queue_of(1, BP_FULL_DROP_NEWEST));
  const auto sender = channel->open_sender({});
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  EXPECT_EQ(sender->send(bench.letter("b")), BP_E_DROPPED);
  const auto receiver = channel->open_receiver({.owner = "r"});
  EXPECT_EQ(Bench::take(*receiver), (Texts{"a"}));
  EXPECT_EQ(channel->stats().dropped_newest, 1U);
}

TEST(Queue, DropsTheOldestByPolicyAndTellsItsPublisher) {
  Bench bench;
  const auto channel = bench.make(queue_of(1, BP_FULL_DROP_OLDEST));
  const auto sender = channel->open_sender({});
  bp_status first = BP_OK;
  Envelope a = bench.letter("a");
  a.confirmation = std::make_shared<Confirmation>(
      [&](const std::optional<error::Error>& error) { first = error ? error->code() : BP_OK; });
  ASSERT_EQ(sender->send(std::move(a)), BP_OK);
  EXPECT_EQ(sender->send(bench.letter("b")), BP_OK);
  EXPECT_EQ(first, BP_E_DROPPED);
  const auto receiver = channel->open_receiver({.owner = "r"});
  EXPECT_EQ(Bench::take(*receiver), (Texts{"b"}));
}

TEST(Queue, RefusesWhatIsTooLarge) {
  Bench bench;
  Settings settings = queue_of(4);
  settings.message_bytes_max = 3;
  const auto channel = bench.make(settings);
  const auto sender = channel->open_sender({});
  EXPECT_EQ(sender->send(bench.letter("four")), BP_E_TOO_LARGE);
  EXPECT_EQ(sender->send(bench.letter("abc")), BP_OK);
}

TEST(Queue, ReturnsWhatACrashedConsumerDidNotAcknowledgeInOrder) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto sender = channel->open_sender({});
  for (const char* text : {"a", "b", "c"}) {
    ASSERT_EQ(sender->send(bench.letter(text)), BP_OK);
  }
  {
    const auto crashed = channel->open_receiver({.owner = "crashed", .concurrency = 2});
    EXPECT_EQ(Bench::take(*crashed, false), (Texts{"a", "b"}));
  }
  const auto next = channel->open_receiver({.owner = "next"});
  EXPECT_EQ(Bench::take(*next), (Texts{"a", "b", "c"}));
}

TEST(Queue, TriesAgainThenGoesToTheDeadLetter) {
  Bench bench;
  Settings settings = queue_of(8);
  settings.retry_max = 2;
  const auto channel = bench.make(settings);
  const auto sender = channel->open_sender({});
  const auto receiver = channel->open_receiver({.owner = "r"});
  ASSERT_EQ(sender->send(bench.letter("poison")), BP_OK);
  int deliveries = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<Delivery> taken;
    std::uint64_t missed = 0;
    receiver->take(1, taken, missed);
    for (const Delivery& delivery : taken) {
      EXPECT_EQ(delivery.redelivered, deliveries > 0);
      ++deliveries;
      EXPECT_TRUE(receiver->nack(delivery.id, 1'000, error::Error(BP_E_IO, "no")));
      bench.later.run_all();
    }
  }
  EXPECT_EQ(deliveries, 3);
  EXPECT_EQ(bench.dead, (Texts{"poison: no"}));
}

TEST(Queue, PausedTakesNothing) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto sender = channel->open_sender({});
  int ready = 0;
  const auto receiver = channel->open_receiver({.owner = "r", .ready = [&] { ++ready; }});
  receiver->pause();
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  EXPECT_EQ(ready, 0);
  EXPECT_TRUE(Bench::take(*receiver).empty());
  receiver->resume();
  EXPECT_EQ(ready, 1);
  EXPECT_EQ(Bench::take(*receiver), (Texts{"a"}));
}

TEST(Queue, OpenedPausedItIsNotWokenBeforeItResumes) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto sender = channel->open_sender({});
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  int ready = 0;
  const auto receiver =
      channel->open_receiver({.owner = "r", .ready = [&] { ++ready; }, .paused = true});
  ASSERT_EQ(sender->send(bench.letter("b")), BP_OK);
  EXPECT_EQ(ready, 0);
  receiver->resume();
  EXPECT_EQ(ready, 1);
  EXPECT_EQ(Bench::take(*receiver), (Texts{"a", "b"}));
}

TEST(Queue, AcknowledgesOnceOnly) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto sender = channel->open_sender({});
  const auto receiver = channel->open_receiver({.owner = "r"});
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  std::vector<Delivery> taken;
  std::uint64_t missed = 0;
  receiver->take(1, taken, missed);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_TRUE(receiver->ack(taken[0].id));
  EXPECT_FALSE(receiver->ack(taken[0].id));
  EXPECT_FALSE(receiver->nack(taken[0].id, 0, error::Error(BP_E_IO, "late")));
}

}  // namespace
}  // namespace host::channel
