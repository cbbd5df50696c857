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

class Confirmations : public testing::Test {
 protected:
  void open(Settings settings) {
    channel_ = bench_.make(std::move(settings));
    sender_ = channel_->open_sender({});
  }

  [[nodiscard]] std::shared_ptr<Receiver> confirming(const std::string& owner) {
    return channel_->open_receiver({.owner = owner, .flags = BP_CHAN_CONFIRMING});
  }

  void send(const std::string& text, Told& told) {
    Envelope envelope = bench_.letter(text);
    envelope.confirmation = told.confirmation();
    ASSERT_EQ(sender_->send(std::move(envelope)), BP_OK);
  }

  // Takes one message and keeps it.
  static std::uint64_t take_one(Receiver& receiver) {
    std::vector<Delivery> taken;
    std::uint64_t missed = 0;
    receiver.take(1, taken, missed);
    return taken.at(0).id;
  }

  Bench bench_;
  std::shared_ptr<Channel> channel_;
  std::shared_ptr<Sender> sender_;
};

TEST_F(Confirmations, ComesAtOnceWhereNobodyConfirms) {
  open(broadcast_of(8));
  const auto watcher = channel_->open_receiver({.owner = "watcher"});
  Told told;
  send("a", told);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_OK);
}

TEST_F(Confirmations, WaitsForEveryConfirmingSubscriber) {
  open(broadcast_of(8));
  const auto one = confirming("one");
  const auto two = confirming("two");
  Told told;
  send("a", told);
  EXPECT_EQ(Bench::take(*one).size(), 1U);
  EXPECT_EQ(told.times, 0);
  EXPECT_EQ(Bench::take(*two).size(), 1U);
  EXPECT_EQ(told.times, 1);
}

TEST_F(Confirmations, OfAQueueComesWithTheConsumersAcknowledgement) {
  open(queue_of(8));
  Told told;
  send("a", told);
  EXPECT_EQ(told.times, 0);
  const auto receiver = channel_->open_receiver({.owner = "r"});
  EXPECT_EQ(Bench::take(*receiver).size(), 1U);
  EXPECT_EQ(told.times, 1);
}

TEST_F(Confirmations, FailsWhenASubscriberLeavesBeforeItAcknowledged) {
  open(broadcast_of(8));
  auto taken = confirming("taken");
  Told first;
  Told second;
  send("a", first);
  EXPECT_EQ(Bench::take(*taken, false).size(), 1U);
  send("b", second);
  taken->close();
  EXPECT_EQ(first.times, 1);
  EXPECT_EQ(first.status, BP_E_ABANDONED);
  EXPECT_EQ(second.times, 1);
  EXPECT_EQ(second.status, BP_E_ABANDONED);
}

TEST_F(Confirmations, IsStillGivenByASubscriberThatLeftAndAcknowledgesLater) {
  open(broadcast_of(8));
  const auto receiver = confirming("r");
  Told told;
  send("a", told);
  const std::uint64_t taken = take_one(*receiver);
  receiver->leave();
  EXPECT_EQ(told.times, 0);
  EXPECT_TRUE(receiver->ack(taken));
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_OK);
}

TEST_F(Confirmations, FailsWithTheErrorOfARejectedMessage) {
  open(broadcast_of(8));
  const auto receiver = confirming("r");
  Told told;
  send("a", told);
  const std::uint64_t taken = take_one(*receiver);
  EXPECT_TRUE(receiver->reject(taken, error::Error(BP_E_SCHEMA, "no id")));
  EXPECT_EQ(told.status, BP_E_SCHEMA);
  EXPECT_EQ(bench_.dead.size(), 1U);
}

TEST_F(Confirmations, FailsForMessagesACutBackSubscriberMissed) {
  open(broadcast_of(1));
  const auto receiver = confirming("r");
  Told told;
  send("a", told);
  ASSERT_EQ(sender_->send(bench_.letter("b")), BP_E_WOULD_BLOCK);
  bench_.later.run_all();
  ASSERT_EQ(sender_->send(bench_.letter("b")), BP_OK);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.status, BP_E_TIMEOUT);
}

}  // namespace
}  // namespace host::channel
