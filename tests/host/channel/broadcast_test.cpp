// tests/host/channel/broadcast_test.cpp - own cursors, lagging, gating, cut back.
#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
namespace {

using Texts = std::vector<std::string>;

TEST(Broadcast, ReachesEverySubscriber) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto one = channel->open_receiver({.owner = "one"});
  const auto two = channel->open_receiver({.owner = "two"});
  const auto sender = channel->open_sender({});
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  EXPECT_EQ(Bench::take(*one), (Texts{"a"}));
  EXPECT_EQ(Bench::take(*two), (Texts{"a"}));
}

TEST(Broadcast, KeepsNothingWhenNobodyListens) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto sender = channel->open_sender({});
  EXPECT_EQ(*channel->activity_word(), 0U);
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  EXPECT_EQ(channel->stats().depth, 0U);
  const auto receiver = channel->open_receiver({.owner = "late"});
  EXPECT_EQ(*channel->activity_word(), 1U);
  EXPECT_TRUE(Bench::take(*receiver).empty());
}

TEST(Broadcast, TellsALaggingSubscriberHowManyItMissed) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(2));
  const auto slow = channel->open_receiver({.owner = "slow"});
  const auto sender = channel->open_sender({});
  for (const char* text : {"a", "b", "c", "d", "e"}) {
    ASSERT_EQ(sender->send(bench.letter(text)), BP_OK);
  }
  std::vector<Delivery> taken;
  std::uint64_t missed = 0;
  slow->take(16, taken, missed);
  EXPECT_EQ(missed, 3U);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(Bench::text_of(taken[0].message), "d");
}

TEST(Broadcast, AGatingSubscriberStallsThePublisherAndMissesNothing) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(2));
  const auto gate = channel->open_receiver({.owner = "gate", .flags = BP_CHAN_GATING});
  int writable = 0;
  const auto sender = channel->open_sender([&] { ++writable; });
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  ASSERT_EQ(sender->send(bench.letter("b")), BP_OK);
  EXPECT_EQ(sender->send(bench.letter("c")), BP_E_WOULD_BLOCK);
  EXPECT_EQ(Bench::take(*gate), (Texts{"a", "b"}));
  EXPECT_EQ(writable, 1);
  EXPECT_EQ(sender->send(bench.letter("c")), BP_OK);
}

TEST(Broadcast, CutsBackAGatingSubscriberAfterTheBlockTimeout) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(1));
  const auto gate = channel->open_receiver({.owner = "gate", .flags = BP_CHAN_GATING});
  int writable = 0;
  const auto sender = channel->open_sender([&] { ++writable; });
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  ASSERT_EQ(sender->send(bench.letter("b")), BP_E_WOULD_BLOCK);
  ASSERT_EQ(bench.later.work.size(), 1U);
  EXPECT_EQ(bench.later.work[0].first, block_timeout_default_ns);
  bench.later.run_all();
  EXPECT_EQ(bench.cut, (Texts{"gate"}));
  EXPECT_EQ(writable, 1);
  EXPECT_EQ(sender->send(bench.letter("b")), BP_OK);
  std::vector<Delivery> taken;
  std::uint64_t missed = 0;
  gate->take(16, taken, missed);
  EXPECT_EQ(missed, 1U);
  ASSERT_EQ(taken.size(), 1U);
}

TEST(Broadcast, ReturnedMessagesComeBackToTheSameSubscriberOnly) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto one = channel->open_receiver({.owner = "one"});
  const auto two = channel->open_receiver({.owner = "two"});
  const auto sender = channel->open_sender({});
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  std::vector<Delivery> taken;
  std::uint64_t missed = 0;
  one->take(1, taken, missed);
  ASSERT_TRUE(one->nack(taken.at(0).id, 0, error::Error(BP_E_BUSY, "later")));
  EXPECT_EQ(Bench::take(*two), (Texts{"a"}));
  EXPECT_EQ(Bench::take(*one), (Texts{"a"}));
}

}  // namespace
}  // namespace host::channel
