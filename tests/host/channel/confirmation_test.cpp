// tests/host/channel/confirmation_test.cpp - a publisher is told once, after everyone who counts.
#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
namespace {

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

TEST(Confirmation, ComesAtOnceWhereNobodyConfirms) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto watcher = channel->open_receiver({.owner = "watcher"});
  const auto sender = channel->open_sender({});
  Told told;
  Envelope envelope = bench.letter("a");
  envelope.confirmation = told.confirmation();
  ASSERT_EQ(sender->send(std::move(envelope)), BP_OK);
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
  Envelope envelope = bench.letter("a");
  envelope.confirmation = told.confirmation();
  ASSERT_EQ(sender->send(std::move(envelope)), BP_OK);
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
  Envelope envelope = bench.letter("a");
  envelope.confirmation = told.confirmation();
  ASSERT_EQ(sender->send(std::move(envelope)), BP_OK);
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
  Envelope a = bench.letter("a");
  a.confirmation = first.confirmation();
  ASSERT_EQ(sender->send(std::move(a)), BP_OK);
  EXPECT_EQ(Bench::take(*taken, false).size(), 1U);
  Envelope b = bench.letter("b");
  b.confirmation = second.confirmation();
  ASSERT_EQ(sender->send(std::move(b)), BP_OK);
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
  Envelope envelope = bench.letter("a");
  envelope.confirmation = told.confirmation();
  ASSERT_EQ(sender->send(std::move(envelope)), BP_OK);
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
  Envelope envelope = bench.letter("a");
  envelope.confirmation = told.confirmation();
  ASSERT_EQ(sender->send(std::move(envelope)), BP_OK);
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
  Envelope a = bench.letter("a");
  a.confirmation = told.confirmation();
  ASSERT_EQ(sender->send(std::move(a)), BP_OK);
  ASSERT_EQ(sender->send(bench.letter("b")), BP_E_WOULD_BLOCK);
  bench.later.run_all();
  ASSERT_EQ(sender->send(bench.letter("b")), BP_OK);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_E_TIMEOUT);
}

}  // namespace
}  // namespace host::channel
