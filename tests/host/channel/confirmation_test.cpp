// tests/host/channel/confirmation_test.cpp - a publisher is told once, after everyone who counts.
#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
namespace {

TEST(Confirmation, ComesAtOnceWhereNobodyConfirms) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto watcher = channel->open_receiver({.owner = "watcher"});
  const auto sender = channel->open_sender({});
  Told told;
  ASSERT_EQ(sender->send(bench.letter("a", told)), BP_OK);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_OK);
}

TEST(Confirmation, WaitsForEveryConfirmingSubscriber) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto one = channel->open_receiver({.owner = "one", .flags = BP_CHAN_CONFIRMING});
  const auto two = channel->open_receiver({.owner = "two", .flags = BP_CHAN_CONFIRMING});
  const auto sender = channel->open_sender({});
  Told told;
  ASSERT_EQ(sender->send(bench.letter("a", told)), BP_OK);
  EXPECT_EQ(Bench::take(*one).size(), 1U);
  EXPECT_EQ(told.times, 0);
  EXPECT_EQ(Bench::take(*two).size(), 1U);
  EXPECT_EQ(told.times, 1);
}

TEST(Confirmation, OfAQueueComesWithTheConsumersAcknowledgement) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto sender = channel->open_sender({});
  Told told;
  ASSERT_EQ(sender->send(bench.letter("a", told)), BP_OK);
  EXPECT_EQ(told.times, 0);
  const auto receiver = channel->open_receiver({.owner = "r"});
  EXPECT_EQ(Bench::take(*receiver).size(), 1U);
  EXPECT_EQ(told.times, 1);
}

TEST(Confirmation, FailsWhenASubscriberLeavesBeforeItAcknowledged) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  auto taken = channel->open_receiver({.owner = "taken", .flags = BP_CHAN_CONFIRMING});
  const auto sender = channel->open_sender({});
  Told first;
  Told second;
  ASSERT_EQ(sender->send(bench.letter("a", first)), BP_OK);
  EXPECT_EQ(Bench::take(*taken, false).size(), 1U);
  ASSERT_EQ(sender->send(bench.letter("b", second)), BP_OK);
  taken->close();
  EXPECT_EQ(first.times, 1);
  EXPECT_EQ(first.status, BP_E_ABANDONED);
  EXPECT_EQ(second.times, 1);
  EXPECT_EQ(second.status, BP_E_ABANDONED);
}

TEST(Confirmation, IsStillGivenByASubscriberThatLeftAndAcknowledgesLater) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto receiver = channel->open_receiver({.owner = "r", .flags = BP_CHAN_CONFIRMING});
  const auto sender = channel->open_sender({});
  Told told;
  ASSERT_EQ(sender->send(bench.letter("a", told)), BP_OK);
  std::vector<Delivery> taken;
  std::uint64_t missed = 0;
  receiver->take(1, taken, missed);
  receiver->leave();
  EXPECT_EQ(told.times, 0);
  EXPECT_TRUE(receiver->ack(taken.at(0).id));
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_OK);
}

TEST(Confirmation, FailsWithTheErrorOfARejectedMessage) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto receiver = channel->open_receiver({.owner = "r", .flags = BP_CHAN_CONFIRMING});
  const auto sender = channel->open_sender({});
  Told told;
  ASSERT_EQ(sender->send(bench.letter("a", told)), BP_OK);
  std::vector<Delivery> taken;
  std::uint64_t missed = 0;
  receiver->take(1, taken, missed);
  EXPECT_TRUE(receiver->reject(taken.at(0).id, error::Error(BP_E_SCHEMA, "no id")));
  EXPECT_EQ(told.status, BP_E_SCHEMA);
  EXPECT_EQ(bench.dead.size(), 1U);
}

TEST(Confirmation, FailsForMessagesACutBackSubscriberMissed) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(1));
  const auto receiver = channel->open_receiver({.owner = "r", .flags = BP_CHAN_CONFIRMING});
  const auto sender = channel->open_sender({});
  Told told;
  ASSERT_EQ(sender->send(bench.letter("a", told)), BP_OK);
  ASSERT_EQ(sender->send(bench.letter("b")), BP_E_WOULD_BLOCK);
  bench.later.run_all();
  ASSERT_EQ(sender->send(bench.letter("b")), BP_OK);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_E_TIMEOUT);
}

TEST(Confirmation, IsNotGivenBySubscribersThatDoNotConfirm) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto watcher = channel->open_receiver({.owner = "watcher"});
  const auto confirming =
      channel->open_receiver({.owner = "confirming", .flags = BP_CHAN_CONFIRMING});
  const auto sender = channel->open_sender({});
  Told told;
  ASSERT_EQ(sender->send(bench.letter("a", told)), BP_OK);
  EXPECT_EQ(Bench::take(*watcher).size(), 1U);
  EXPECT_EQ(told.times, 0);
  EXPECT_EQ(Bench::take(*confirming).size(), 1U);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_OK);
}

TEST(Confirmation, FailsForWhatACutBackSubscriberSkipsByItself) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(2));
  const auto receiver = channel->open_receiver({.owner = "r", .flags = BP_CHAN_CONFIRMING});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  Told told;
  ASSERT_EQ(sender->send(bench.letter("b", told)), BP_OK);
  ASSERT_EQ(sender->reserve(1), nullptr);
  bench.later.run_all();
  for (const char* text : {"c", "d", "e", "f"}) {
    ASSERT_TRUE(put(*sender, text));
  }
  EXPECT_EQ(take_in_place(*receiver), (std::vector<std::string>{"e", "f"}));
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_E_TIMEOUT);
}

TEST(Confirmation, FailsForWhatIsEvictedBecauseItTakesTooMuchMemory) {
  Bench bench;
  Settings settings = broadcast_of(8);
  settings.bytes_max = 1;
  const auto channel = bench.make(settings);
  const auto receiver = channel->open_receiver({.owner = "r", .flags = BP_CHAN_CONFIRMING});
  const auto sender = channel->open_sender({});
  Told told;
  Envelope envelope = bench.letter(std::string(40'000, 'a'));
  envelope.confirmation = told.confirmation();
  ASSERT_EQ(sender->send(std::move(envelope)), BP_OK);
  ASSERT_EQ(sender->send(bench.letter(std::string(40'000, 'b'))), BP_E_WOULD_BLOCK);
  bench.later.run_all();
  ASSERT_EQ(sender->send(bench.letter(std::string(40'000, 'b'))), BP_OK);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_E_TIMEOUT);
  EXPECT_EQ(take_in_place(*receiver), (std::vector<std::string>{std::string(40'000, 'b')}));
}

TEST(Confirmation, StaysWithThePublisherWhenItsMessageGoesToTheDeadLetter) {
  Settings settings = queue_of(8);
  settings.retry_max = 0;
  bool attached = true;
  Surroundings around;
  around.dead_letter = [&](const Settings& /*from*/, Envelope&& envelope,
                           const error::Error& /*error*/) {
    attached = envelope.confirmation != nullptr;
  };
  Bench bench;
  const auto channel = std::make_shared<Channel>(settings, around);
  const auto sender = channel->open_sender({});
  const auto receiver = channel->open_receiver({.owner = "r"});
  Told told;
  ASSERT_EQ(sender->send(bench.letter("a", told)), BP_OK);
  std::vector<Delivery> taken;
  std::uint64_t missed = 0;
  receiver->take(1, taken, missed);
  ASSERT_TRUE(receiver->nack(taken.at(0).id, 0, error::Error(BP_E_IO, "no")));
  EXPECT_FALSE(attached);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_E_IO);
}

TEST(Confirmation, FailsWhenItsQueueGoesWithTheMessageInIt) {
  Bench bench;
  Told waiting;
  Told returned;
  {
    const auto channel = bench.make(queue_of(8));
    const auto sender = channel->open_sender({});
    const auto receiver = channel->open_receiver({.owner = "r"});
    Envelope first = bench.letter("returned");
    first.confirmation = returned.confirmation();
    ASSERT_EQ(sender->send(std::move(first)), BP_OK);
    EXPECT_EQ(Bench::take(*receiver, false).size(), 1U);
    Envelope second = bench.letter("waiting");
    second.confirmation = waiting.confirmation();
    ASSERT_EQ(sender->send(std::move(second)), BP_OK);
  }
  EXPECT_EQ(waiting.times, 1);
  EXPECT_EQ(waiting.status, BP_E_ABANDONED);
  EXPECT_EQ(returned.times, 1);
  EXPECT_EQ(returned.status, BP_E_ABANDONED);
}

}  // namespace
}  // namespace host::channel
