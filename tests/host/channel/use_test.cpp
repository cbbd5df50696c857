// tests/host/channel/use_test.cpp - a channel goes when no end and no message is left, not before.
#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
namespace {

using Texts = std::vector<std::string>;

struct Uses {
  int unused = 0;

  [[nodiscard]] std::shared_ptr<Channel> make(Settings settings, Later* later = nullptr) {
    Surroundings around;
    around.unused = [this](const std::shared_ptr<Channel>& channel) {
      EXPECT_NE(channel, nullptr);
      ++unused;
    };
    if (later != nullptr) {
      around.after = [later](std::uint64_t delay_ns, std::function<void()> task) {
        later->work.emplace_back(delay_ns, std::move(task));
      };
    }
    settings.name = "c";
    return std::make_shared<Channel>(std::move(settings), std::move(around));
  }
};

TEST(ChannelUse, ItIsRetiredWhenNoEndIsLeft) {
  Uses uses;
  const auto channel = uses.make(broadcast_of(4));
  auto sender = channel->open_sender({});
  auto receiver = channel->open_receiver({.owner = "r"});
  EXPECT_FALSE(channel->retire());
  sender.reset();
  EXPECT_EQ(uses.unused, 0);
  receiver.reset();
  EXPECT_EQ(uses.unused, 1);
  sender = channel->open_sender({});
  EXPECT_FALSE(channel->retire()) << "used again before it was retired";
  sender.reset();
  EXPECT_EQ(uses.unused, 2);
  EXPECT_TRUE(channel->retire());
  EXPECT_TRUE(channel->retired());
  EXPECT_EQ(channel->open_sender({}), nullptr);
  EXPECT_EQ(channel->open_receiver({.owner = "r"}), nullptr);
  EXPECT_EQ(uses.unused, 2);
}

TEST(ChannelUse, AQueueStaysUntilItsMessagesWereTaken) {
  Uses uses;
  const auto channel = uses.make(queue_of(4));
  auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  sender.reset();
  EXPECT_EQ(uses.unused, 0);
  EXPECT_FALSE(channel->retire());
  auto receiver = channel->open_receiver({.owner = "r"});
  EXPECT_EQ(take_in_place(*receiver), Texts{"a"});
  receiver.reset();
  EXPECT_EQ(uses.unused, 1);
  EXPECT_TRUE(channel->retire());
}

TEST(ChannelUse, WhatIsKeptOrComesBackLaterIsStillInIt) {
  Later later;
  Uses uses;
  const auto channel = uses.make(queue_of(4), &later);
  auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  sender.reset();
  auto receiver = channel->open_receiver({.owner = "r"});
  std::vector<Delivery> deliveries;
  std::uint64_t missed = 0;
  (void)receiver->take(4, deliveries, missed);
  ASSERT_EQ(deliveries.size(), 1U);
  receiver->leave();
  EXPECT_FALSE(channel->retire()) << "it may be handed back";
  ASSERT_TRUE(receiver->nack(deliveries[0].id, 5, error::Error(BP_E_UNKNOWN, "later")));
  receiver.reset();
  EXPECT_FALSE(channel->retire()) << "it comes back";
  later.run_all();
  EXPECT_FALSE(channel->retire()) << "it is back";
  receiver = channel->open_receiver({.owner = "r"});
  EXPECT_EQ(take_in_place(*receiver), Texts{"a"});
  receiver.reset();
  EXPECT_EQ(uses.unused, 1);
}

TEST(ChannelUse, ASenderThatDoesNotKeepItAndOneThatLasts) {
  Uses uses;
  const auto channel = uses.make(broadcast_of(4));
  const auto outbox = channel->open_sender({}, false);
  EXPECT_EQ(uses.unused, 0);
  channel->open_sender({}).reset();
  EXPECT_EQ(uses.unused, 1);
  EXPECT_TRUE(channel->retire());
  EXPECT_TRUE(put(*outbox, "to nobody"));
  Settings settings = broadcast_of(4);
  settings.lasting = true;
  const auto lasting = uses.make(settings);
  lasting->open_sender({}).reset();
  EXPECT_EQ(uses.unused, 1);
  EXPECT_FALSE(lasting->retire());
}

TEST(ChannelUse, ActivityIsMirroredWhileItIsAsked) {
  Uses uses;
  const auto channel = uses.make(broadcast_of(4));
  auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  std::uint32_t word = 7;
  sender->mirror_activity(&word);
  EXPECT_EQ(word, 1U);
  const auto second = channel->open_receiver({.owner = "s"});
  EXPECT_EQ(word, 2U);
  receiver.reset();
  EXPECT_EQ(word, 1U);
  sender->mirror_activity(nullptr);
  second->close();
  EXPECT_EQ(word, 1U);
}

}  // namespace
}  // namespace host::channel
