// tests/host/channel/ends_test.cpp - groups of consumers, and what ends leave when they go.
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
namespace {

using Texts = std::vector<std::string>;

std::shared_ptr<Receiver> consumer(Channel& channel, const std::string& group) {
  return channel.open_receiver({.owner = "of '" + group + "'", .group = group, .concurrency = 100});
}

// ---- groups

TEST(Ends, EachGroupGetsEveryMessageAndSharesItAmongItsConsumers) {
  Bench bench;
  const auto channel = bench.make(queue_of(64));
  const auto sender = channel->open_sender({});
  const auto first = consumer(*channel, "a");
  const auto second = consumer(*channel, "a");
  const auto other = consumer(*channel, "b");
  for (const char* text : {"1", "2", "3", "4"}) {
    ASSERT_TRUE(put(*sender, text));
  }
  EXPECT_EQ(take_in_place(*first, 1), (Texts{"1"}));
  EXPECT_EQ(take_in_place(*second, 2), (Texts{"2", "3"}));
  EXPECT_EQ(take_in_place(*first), (Texts{"4"}));
  EXPECT_EQ(take_in_place(*other), (Texts{"1", "2", "3", "4"}));
  EXPECT_EQ(channel->stats().published, 4U);
  EXPECT_EQ(channel->stats().delivered, 8U);
  EXPECT_EQ(channel->stats().depth, 0U);
}

TEST(Ends, AGroupBeginsWithTheNextMessageTheFirstOneWithTheOldest) {
  for (const std::string name : {"", "a"}) {
    Bench bench;
    const auto channel = bench.make(queue_of(64));
    const auto sender = channel->open_sender({});
    ASSERT_TRUE(put(*sender, "early"));
    const auto first = consumer(*channel, name);
    const auto late = consumer(*channel, "late");
    ASSERT_TRUE(put(*sender, "now"));
    EXPECT_EQ(take_in_place(*first), (Texts{"early", "now"}));
    EXPECT_EQ(take_in_place(*late), (Texts{"now"}));
  }
}

TEST(Ends, AGroupIsOverWhenItsLastConsumerGoes) {
  Bench bench;
  const auto channel = bench.make(queue_of(2));
  const auto sender = channel->open_sender({});
  const auto stays = consumer(*channel, "stays");
  auto one = consumer(*channel, "goes");
  auto two = consumer(*channel, "goes");
  Told told;
  ASSERT_EQ(sender->send(bench.letter("1", told)), BP_OK);
  ASSERT_TRUE(put(*sender, "2"));
  EXPECT_EQ(take_in_place(*stays), (Texts{"1", "2"}));
  one->close();
  EXPECT_FALSE(put(*sender, "3"));  // there is another that has taken nothing
  two->close();
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_E_ABANDONED);
  ASSERT_TRUE(put(*sender, "3"));
  two = consumer(*channel, "goes");
  EXPECT_TRUE(take_in_place(*two).empty());
  EXPECT_EQ(take_in_place(*stays), (Texts{"3"}));
}

TEST(Ends, TheOnlyGroupLeavesItsMessagesToTheNextThatBegins) {
  for (const std::string next : {"a", "b", ""}) {
    Bench bench;
    const auto channel = bench.make(queue_of(8));
    const auto sender = channel->open_sender({});
    auto first = consumer(*channel, "a");
    ASSERT_TRUE(put(*sender, "in hand"));
    ASSERT_EQ(Bench::take(*first, false), (Texts{"in hand"}));
    ASSERT_TRUE(put(*sender, "waiting"));
    first.reset();
    EXPECT_EQ(take_in_place(*consumer(*channel, next)), (Texts{"in hand", "waiting"}));
  }
}

TEST(Ends, TheDefaultGroupLastsOnceItBegan) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto sender = channel->open_sender({});
  const auto other = consumer(*channel, "other");
  consumer(*channel, "")->close();
  ASSERT_TRUE(put(*sender, "kept"));
  EXPECT_EQ(take_in_place(*other), (Texts{"kept"}));
  EXPECT_EQ(take_in_place(*consumer(*channel, "")), (Texts{"kept"}));
}

TEST(Ends, TheDefaultGroupDoesNotLastForAGuest) {
  Bench bench;
  const auto channel = bench.make(queue_of(1));
  const auto sender = channel->open_sender({});
  const auto other = consumer(*channel, "other");
  channel->open_receiver({.owner = "guest", .guest = true})->close();
  for (const char* text : {"1", "2"}) {
    ASSERT_TRUE(put(*sender, text));
    EXPECT_EQ(take_in_place(*other), (Texts{text}));
  }
  consumer(*channel, "")->close();
  channel->open_receiver({.owner = "guest", .guest = true})->close();
  ASSERT_TRUE(put(*sender, "3"));
  EXPECT_EQ(take_in_place(*other), (Texts{"3"}));
  EXPECT_FALSE(put(*sender, "4"));
}

TEST(Ends, DeclaredGroupsAreThereFromTheBeginningAndLast) {
  Bench bench;
  Settings settings = queue_of(8);
  settings.groups = {"a", "b"};
  const auto channel = bench.make(settings);
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "1"));
  EXPECT_EQ(take_in_place(*consumer(*channel, "a")), (Texts{"1"}));
  ASSERT_TRUE(put(*sender, "2"));
  EXPECT_EQ(take_in_place(*consumer(*channel, "a")), (Texts{"2"}));
  EXPECT_EQ(take_in_place(*consumer(*channel, "b")), (Texts{"1", "2"}));
}

TEST(Ends, TheSlowestGroupHoldsSendersBack) {
  Bench bench;
  const auto channel = bench.make(queue_of(2));
  int writable = 0;
  const auto sender = channel->open_sender([&] { ++writable; });
  const auto fast = consumer(*channel, "fast");
  const auto slow = consumer(*channel, "slow");
  ASSERT_TRUE(put(*sender, "1"));
  ASSERT_TRUE(put(*sender, "2"));
  EXPECT_EQ(take_in_place(*fast), (Texts{"1", "2"}));
  EXPECT_EQ(sender->send(bench.letter("3")), BP_E_WOULD_BLOCK);
  EXPECT_EQ(take_in_place(*slow, 1), (Texts{"1"}));
  EXPECT_EQ(writable, 1);
  EXPECT_TRUE(put(*sender, "3"));
  EXPECT_FALSE(put(*sender, "4"));
}

TEST(Ends, DropOldestDropsForTheSlowestGroupOnly) {
  Bench bench;
  const auto channel = bench.make(queue_of(2, BP_FULL_DROP_OLDEST));
  const auto sender = channel->open_sender({});
  const auto fast = consumer(*channel, "fast");
  const auto slow = consumer(*channel, "slow");
  Told told;
  ASSERT_EQ(sender->send(bench.letter("1", told)), BP_OK);
  EXPECT_EQ(take_in_place(*fast), (Texts{"1"}));
  for (const char* text : {"2", "3"}) {
    ASSERT_EQ(sender->send(bench.letter(text)), BP_OK);
  }
  EXPECT_EQ(channel->stats().dropped_oldest, 1U);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_E_DROPPED);
  EXPECT_EQ(take_in_place(*fast), (Texts{"2", "3"}));
  EXPECT_EQ(take_in_place(*slow), (Texts{"2", "3"}));
}

TEST(Ends, GroupsAreBoundedInBytesByTheSlowest) {
  Bench bench;
  Settings settings = queue_of(1'000);
  settings.bytes_max = 100'000;
  const auto channel = bench.make(settings);
  const auto sender = channel->open_sender({});
  const auto fast = consumer(*channel, "fast");
  auto slow = consumer(*channel, "slow");
  int accepted = 0;
  while (sender->send(bench.letter(std::string(10'000, 'a'))) == BP_OK) {
    EXPECT_EQ(take_in_place(*fast).size(), 1U);
    ++accepted;
  }
  EXPECT_EQ(accepted, 9);
  slow.reset();
  EXPECT_EQ(sender->send(bench.letter(std::string(10'000, 'a'))), BP_OK);
  EXPECT_EQ(take_in_place(*fast).size(), 1U);
  EXPECT_EQ(bench.pool.bytes_in_use(), 0U);
}

TEST(Ends, AConfirmedSendWaitsForEveryGroup) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto sender = channel->open_sender({});
  const auto one = consumer(*channel, "one");
  const auto two = consumer(*channel, "two");
  Told told;
  ASSERT_EQ(sender->send(bench.letter("m", told)), BP_OK);
  EXPECT_EQ(take_in_place(*one), (Texts{"m"}));
  EXPECT_EQ(told.times, 0);
  EXPECT_EQ(take_in_place(*two), (Texts{"m"}));
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_OK);
}

TEST(Ends, EachGroupHasItsOwnRetriesAndDeadLetters) {
  Bench bench;
  Settings settings = queue_of(8);
  settings.retry_max = 1;
  const auto channel = bench.make(settings);
  const auto sender = channel->open_sender({});
  const auto good = consumer(*channel, "good");
  const auto bad = consumer(*channel, "bad");
  Told told;
  ASSERT_EQ(sender->send(bench.letter("m", told)), BP_OK);
  for (int attempt = 0; attempt < 2; ++attempt) {
    std::vector<Delivery> taken;
    std::uint64_t missed = 0;
    bad->take(8, taken, missed);
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken[0].redelivered, attempt > 0);
    ASSERT_TRUE(bad->nack(taken[0].id, 0, error::Error(BP_E_IO, "no")));
  }
  EXPECT_EQ(bench.dead.size(), 1U);
  EXPECT_EQ(told.times, 0);
  EXPECT_EQ(take_in_place(*good), (Texts{"m"}));
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_E_IO);
  EXPECT_TRUE(take_in_place(*bad).empty());
}

TEST(Ends, WhatComesBackLateToAGroupThatIsOverIsToldToItsPublisher) {
  for (const bool delayed : {false, true}) {
    Bench bench;
    const auto channel = bench.make(queue_of(8));
    const auto sender = channel->open_sender({});
    const auto stays = consumer(*channel, "stays");
    const auto goes = consumer(*channel, "goes");
    Told told;
    ASSERT_EQ(sender->send(bench.letter("m", told)), BP_OK);
    EXPECT_EQ(take_in_place(*stays), (Texts{"m"}));
    std::vector<Delivery> taken;
    std::uint64_t missed = 0;
    goes->take(8, taken, missed);
    if (delayed) {
      ASSERT_TRUE(goes->nack(taken.at(0).id, 5, error::Error(BP_E_IO, "no")));
      goes->leave();
      EXPECT_EQ(told.times, 0);
      bench.later.run_all();
    } else {
      goes->leave();
      EXPECT_EQ(told.times, 0);
      ASSERT_TRUE(goes->nack(taken.at(0).id, 0, error::Error(BP_E_IO, "no")));
    }
    EXPECT_EQ(told.times, 1);
    EXPECT_EQ(told.status, BP_E_ABANDONED);
  }
}

TEST(Ends, AStuckBatchOfOneGroupHoldsNothingForTheOthers) {
  Bench bench;
  const auto channel = bench.make(queue_of(64));
  const auto sender = channel->open_sender({});
  const auto hangs = consumer(*channel, "one");
  const auto one = consumer(*channel, "one");
  const auto two = consumer(*channel, "two");
  ASSERT_TRUE(put(*sender, "stuck"));
  Batch stuck;
  EXPECT_EQ(take_into(*hangs, stuck), (Texts{"stuck"}));
  EXPECT_EQ(take_in_place(*two), (Texts{"stuck"}));
  const std::string filling(1'000, 'f');
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(put(*sender, filling)) << i;
    ASSERT_EQ(take_in_place(*one), (Texts{filling}));
    ASSERT_EQ(take_in_place(*two), (Texts{filling}));
  }
  hangs->finish(stuck);
}

// ---- lanes that were left

TEST(Ends, ClosedLanesAreDrainedThenSwept) {
  Bench bench;
  const auto channel = bench.make(queue_of(16));
  const auto receiver = channel->open_receiver({.owner = "r"});
  constexpr int senders = 100;
  for (int i = 0; i < senders; ++i) {
    const auto sender = channel->open_sender({});
    ASSERT_TRUE(put(*sender, std::to_string(i)));
  }
  EXPECT_EQ(channel->stats().senders, 0U);
  EXPECT_EQ(channel->stats().depth, 100U);
  std::set<std::string> texts;
  for (int turn = 0; turn < senders; ++turn) {
    for (const std::string& text : take_in_place(*receiver, 8)) {
      EXPECT_TRUE(texts.insert(text).second);
    }
  }
  EXPECT_EQ(texts.size(), 100U);
  const auto last = channel->open_sender({});
  EXPECT_EQ(channel->stats().published, 100U);
  EXPECT_EQ(channel->stats().depth, 0U);
}

TEST(Ends, EndsThatAreGoneLeaveNoMoreThanTheCapacityOfEight) {
  struct Case {
    std::uint32_t on_full;
    bp_status refused;
  };

  for (const Case& policy :
       {Case{BP_FULL_BLOCK, BP_E_WOULD_BLOCK}, Case{BP_FULL_REJECT, BP_E_FULL},
        Case{BP_FULL_DROP_NEWEST, BP_E_DROPPED}, Case{BP_FULL_DROP_OLDEST, BP_OK}}) {
    Bench bench;
    const auto channel = bench.make(queue_of(4, policy.on_full));
    constexpr std::size_t fits = 4 * left_lanes_max;
    std::vector<bp_status> told;
    for (std::size_t i = 0; i < 10 * fits; ++i) {
      told.push_back(channel->open_sender({})->send(bench.letter(std::to_string(i))));
    }
    for (std::size_t i = 0; i < told.size(); ++i) {
      EXPECT_EQ(told[i], i < fits ? BP_OK : policy.refused) << i;
    }
    EXPECT_EQ(channel->stats().depth, fits);
    const auto receiver = channel->open_receiver({.owner = "r", .concurrency = 100});
    EXPECT_EQ(Bench::take(*receiver).size(), fits);
    EXPECT_EQ(channel->open_sender({})->send(bench.letter("new")), BP_OK);
    EXPECT_EQ(Bench::take(*receiver), (Texts{"new"}));
  }
}

TEST(Ends, AnEndThatTakesOverALaneWaitsForWhatWasLeftThere) {
  Bench bench;
  const auto channel = bench.make(queue_of(1));
  const auto receiver = channel->open_receiver({.owner = "r", .concurrency = 100});
  for (std::size_t i = 0; i < left_lanes_max; ++i) {
    ASSERT_TRUE(put(*channel->open_sender({}), "left"));
  }
  int writable = 0;
  const auto sender = channel->open_sender([&] { ++writable; });
  EXPECT_EQ(sender->send(bench.letter("mine")), BP_E_WOULD_BLOCK);
  EXPECT_EQ(Bench::take(*receiver).size(), left_lanes_max);
  EXPECT_GE(writable, 1);
  EXPECT_EQ(sender->send(bench.letter("mine")), BP_OK);
  EXPECT_EQ(Bench::take(*receiver), (Texts{"mine"}));
}

TEST(Ends, TenThousandSendersThatLeftSomethingBehindAreNoBurden) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto idle = channel->open_receiver({.owner = "idle", .concurrency = 1'000});
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) {
    const auto sender = channel->open_sender({});
    ASSERT_TRUE(put(*sender, "left"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  Batch batch;
  EXPECT_EQ(take_into(*idle, batch, 1'000).size(), left_lanes_max * 8);
  EXPECT_EQ(batch.missed + batch.count, 10'000U);
  idle->finish(batch);
}

}  // namespace
}  // namespace host::channel
