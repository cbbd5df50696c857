// tests/host/channel/receiver_test.cpp - taking in place, keeping, leaving, closing, sleeping.
#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
namespace {

using Texts = std::vector<std::string>;
const error::Error busy(BP_E_BUSY, "later");

TEST(Receiver, ABatchStaysWhereItIsUntilItIsFinished) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(4));
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "stays"));
  Batch batch;
  Glimpse seen{};
  receiver->take(16, batch, [&](const Glimpse& glimpse) { seen = glimpse; });
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(put(*sender, "other"));
  }
  EXPECT_EQ((std::string{reinterpret_cast<const char*>(seen.data), seen.size}), "stays");
  receiver->finish(batch);
}

TEST(Receiver, AClosedLaneStaysUntilTheLastBatchOfItIsFinished) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(4));
  const auto receiver = channel->open_receiver({.owner = "r"});
  auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "in hand"));
  Batch batch;
  EXPECT_EQ(take_into(*receiver, batch), (Texts{"in hand"}));
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(put(*sender, "0123456789"));
  }
  receiver->leave();
  sender.reset();
  const auto other = channel->open_sender({});  // sweeps
  receiver->finish(batch);
  EXPECT_EQ(channel->stats().published, 1'001U);
}

TEST(Receiver, AKeptMessageOutlivesItsBatch) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "small"));
  ASSERT_EQ(sender->send(bench.letter(std::string(5'000, 'l'))), BP_OK);
  Batch batch;
  std::vector<Glimpse> glimpses;
  receiver->take(16, batch, [&](const Glimpse& glimpse) { glimpses.push_back(glimpse); });
  ASSERT_EQ(glimpses.size(), 2U);
  message::Message small;
  message::Message large;
  const std::uint64_t first = receiver->keep(batch, 0, glimpses[0], small);
  const std::uint64_t second = receiver->keep(batch, 1, glimpses[1], large);
  receiver->finish(batch);
  EXPECT_EQ(Bench::text_of(small), "small");
  EXPECT_EQ(Bench::text_of(large), std::string(5'000, 'l'));
  EXPECT_EQ(channel->stats().acknowledged, 0U);
  EXPECT_TRUE(receiver->ack(first));
  EXPECT_TRUE(receiver->nack(second, 0, busy));
  EXPECT_EQ(channel->stats().acknowledged, 1U);
  EXPECT_EQ(take_in_place(*receiver), (Texts{std::string(5'000, 'l')}));
}

TEST(Receiver, ClosingWithABatchInHandGivesItToTheOtherConsumersInOrder) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto crashed = channel->open_receiver({.owner = "crashed"});
  const auto sender = channel->open_sender({});
  Told told;
  ASSERT_TRUE(put(*sender, "a"));
  Envelope confirmed = bench.letter("b");
  confirmed.confirmation = told.confirmation();
  ASSERT_EQ(sender->send(std::move(confirmed)), BP_OK);
  ASSERT_TRUE(put(*sender, "c"));
  Batch batch;
  std::vector<Glimpse> glimpses;
  crashed->take(3, batch, [&](const Glimpse& glimpse) { glimpses.push_back(glimpse); });
  ASSERT_TRUE(put(*sender, "d"));
  crashed->close();
  message::Message kept;
  EXPECT_EQ(crashed->keep(batch, 0, glimpses[0], kept), 0U);
  crashed->finish(batch);
  EXPECT_EQ(told.times, 0);
  const auto next = channel->open_receiver({.owner = "next"});
  EXPECT_EQ(take_in_place(*next), (Texts{"a", "b", "c", "d"}));
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_OK);
}

TEST(Receiver, ClosedWhileItTakesItGivesBackWhatItTook) {
  Bench bench;
  Settings settings = queue_of(8);
  settings.retry_max = 10;
  const auto channel = bench.make(settings);
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  std::vector<Delivery> taken;
  std::uint64_t missed = 0;
  receiver->take(1, taken, missed);
  ASSERT_TRUE(receiver->nack(taken.at(0).id, 0, busy));
  Batch batch;
  std::vector<Glimpse> glimpses;
  receiver->take(1, batch, [&](const Glimpse& glimpse) {
    glimpses.push_back(glimpse);
    receiver->close();  // as another thread might
  });
  ASSERT_EQ(glimpses.size(), 1U);
  message::Message kept;
  EXPECT_EQ(receiver->keep(batch, 0, glimpses[0], kept), 0U);
  receiver->finish(batch);
  const auto next = channel->open_receiver({.owner = "next"});
  EXPECT_EQ(take_in_place(*next), (Texts{"a"}));
}

TEST(Receiver, TakesNothingMoreAfterItLeft) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  int ready = 0;
  const auto receiver = channel->open_receiver({.owner = "r", .ready = [&] { ++ready; }});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  const int before = ready;
  receiver->leave();
  receiver->resume();
  EXPECT_TRUE(take_in_place(*receiver).empty());
  EXPECT_EQ(ready, before);
}

TEST(Receiver, WhatItTookBeforeItLeftIsStillSettled) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  ASSERT_TRUE(put(*sender, "b"));
  Batch batch;
  EXPECT_EQ(take_into(*receiver, batch, 1), (Texts{"a"}));
  receiver->leave();
  receiver->finish(batch);
  receiver->close();
  EXPECT_EQ(channel->stats().acknowledged, 1U);
  const auto next = channel->open_receiver({.owner = "next"});
  EXPECT_EQ(take_in_place(*next), (Texts{"b"}));
}

TEST(Receiver, IsWokenOncePerSleep) {
  for (const std::uint32_t kind : {BP_KIND_QUEUE, BP_KIND_BROADCAST}) {
    Bench bench;
    const auto channel = bench.make(kind == BP_KIND_QUEUE ? queue_of(8) : broadcast_of(8));
    int ready = 0;
    const auto receiver = channel->open_receiver({.owner = "r", .ready = [&] { ++ready; }});
    const auto sender = channel->open_sender({});
    ASSERT_TRUE(put(*sender, "a"));
    EXPECT_EQ(ready, 1);
    ASSERT_TRUE(put(*sender, "b"));
    EXPECT_EQ(ready, 1);
    EXPECT_EQ(take_in_place(*receiver, 1), (Texts{"a"}));
    ASSERT_TRUE(put(*sender, "c"));
    EXPECT_EQ(ready, 1);  // it knows that there is more
    EXPECT_EQ(take_in_place(*receiver, 3), (Texts{"b", "c"}));
    ASSERT_EQ(sender->send(bench.letter("d")), BP_OK);
    EXPECT_EQ(ready, 2);
  }
}

TEST(Receiver, AFullHandIsWokenByAnAcknowledgement) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  int ready = 0;
  const auto receiver =
      channel->open_receiver({.owner = "r", .concurrency = 2, .ready = [&] { ++ready; }});
  const auto sender = channel->open_sender({});
  for (const char* text : {"a", "b", "c", "d"}) {
    ASSERT_TRUE(put(*sender, text));
  }
  EXPECT_EQ(ready, 1);
  std::vector<Delivery> taken;
  std::uint64_t missed = 0;
  EXPECT_FALSE(receiver->take(8, taken, missed));
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(ready, 1);
  EXPECT_TRUE(receiver->ack(taken[1].id));
  EXPECT_EQ(ready, 2);
  EXPECT_TRUE(receiver->ack(taken[0].id));
  EXPECT_EQ(Bench::take(*receiver).size(), 2U);
}

TEST(Receiver, WhatCameBackWithDelayFindsItsSubscriberOrIsAbandoned) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto stays = channel->open_receiver({.owner = "stays", .flags = BP_CHAN_CONFIRMING});
  const auto leaves = channel->open_receiver({.owner = "leaves", .flags = BP_CHAN_CONFIRMING});
  const auto sender = channel->open_sender({});
  Told told;
  Envelope envelope = bench.letter("a");
  envelope.confirmation = told.confirmation();
  ASSERT_EQ(sender->send(std::move(envelope)), BP_OK);
  for (const auto& receiver : {stays, leaves}) {
    std::vector<Delivery> taken;
    std::uint64_t missed = 0;
    receiver->take(1, taken, missed);
    ASSERT_TRUE(receiver->nack(taken.at(0).id, 1'000, busy));
  }
  leaves->close();
  EXPECT_EQ(told.times, 0);
  bench.later.run_all();
  EXPECT_EQ(told.times, 0);
  EXPECT_EQ(Bench::take(*stays), (Texts{"a"}));
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_E_ABANDONED);
}

TEST(Receiver, WhatCannotBeKeptForLackOfMemoryCountsAsMissed) {
  message::Pool none(1);
  Surroundings around;
  around.pool = &none;
  const auto channel = std::make_shared<Channel>(queue_of(8), around);
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  std::vector<Delivery> taken;
  std::uint64_t missed = 0;
  receiver->take(1, taken, missed);
  EXPECT_TRUE(taken.empty());
  EXPECT_EQ(missed, 1U);
}

TEST(Receiver, ACrashedConsumersMessagesAreNeverReplacedByEmptyOnes) {
  message::Pool none(1);
  Surroundings around;
  around.pool = &none;
  const auto channel = std::make_shared<Channel>(queue_of(8), around);
  const auto crashed = channel->open_receiver({.owner = "crashed"});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  Batch batch;
  EXPECT_EQ(take_into(*crashed, batch), (Texts{"a"}));
  crashed->close();
  crashed->finish(batch);
  const auto next = channel->open_receiver({.owner = "next"});
  EXPECT_TRUE(take_in_place(*next).empty());
  EXPECT_EQ(channel->stats().dead_lettered, 1U);
}

}  // namespace
}  // namespace host::channel
