// tests/host/channel/sender_test.cpp - room that is lent, the long way, waiting for credit.
#include <array>
#include <limits>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
namespace {

using Texts = std::vector<std::string>;

TEST(Sender, SendsTheLentPartThatBeginsAligned) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  std::byte* room = sender->reserve(64);
  ASSERT_NE(room, nullptr);
  EXPECT_EQ(sender->lent(), room);
  EXPECT_EQ(sender->lent_bytes(), 64U);
  std::memcpy(room + 32, "backwards", 9);
  EXPECT_EQ(sender->send_lent(32, 9, false), BP_OK);
  EXPECT_EQ(sender->lent(), nullptr);
  ASSERT_TRUE(put(*sender, "next"));
  EXPECT_EQ(take_in_place(*receiver), (Texts{"backwards", "next"}));
}

TEST(Sender, LendsOneRoomAtATime) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto sender = channel->open_sender({});
  ASSERT_NE(sender->reserve(8), nullptr);
  EXPECT_EQ(sender->reserve(8), nullptr);
  sender->return_lent();
  EXPECT_NE(sender->reserve(8), nullptr);
  sender->return_lent();
  EXPECT_EQ(sender->reserve(record_payload_bytes_max + 1), nullptr);
  EXPECT_NE(sender->reserve(record_payload_bytes_max), nullptr);
}

TEST(Sender, ReturnedRoomIsNoMessage) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  ASSERT_NE(sender->reserve(8), nullptr);
  sender->return_lent();
  EXPECT_TRUE(take_in_place(*receiver).empty());
  ASSERT_TRUE(put(*sender, "a"));
  EXPECT_EQ(take_in_place(*receiver), (Texts{"a"}));
}

TEST(Sender, WhatIsLentComesAfterTheMessagesThatWentBeforeIt) {
  for (const std::size_t size : {10UL, 5'000UL}) {
    Bench bench;
    const auto channel = bench.make(queue_of(8));
    const auto receiver = channel->open_receiver({.owner = "r"});
    const auto sender = channel->open_sender({});
    std::byte* room = sender->reserve(4);
    std::memcpy(room, "lent", 4);
    const std::string other(size, 'o');
    ASSERT_EQ(sender->send(bench.letter(other)), BP_OK);
    ASSERT_EQ(sender->send(bench.letter("more")), BP_OK);
    EXPECT_EQ(take_in_place(*receiver, 1), (Texts{other}));
    EXPECT_EQ(sender->lent(), room);
    EXPECT_EQ(sender->send_lent(0, 4, false), BP_OK);
    EXPECT_EQ(sender->lent(), nullptr);
    EXPECT_EQ(take_in_place(*receiver), (Texts{"more", "lent"}));
    ASSERT_TRUE(put(*sender, "again"));
    EXPECT_EQ(take_in_place(*receiver), (Texts{"again"}));
  }
}

TEST(Sender, WhatIsLentSurvivesTheEvictionOfItsSegment) {
  Bench bench;
  Settings settings = broadcast_of(1'000);
  settings.bytes_max = 1;
  const auto channel = bench.make(settings);
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "where the reader stands"));
  const std::string text(2'000, 'l');  // the first in a segment of its own
  std::byte* room = sender->reserve(text.size());
  ASSERT_NE(room, nullptr);
  std::memcpy(room, text.data(), text.size());
  const std::string filling(1'000, 'f');
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(sender->send(bench.letter(filling)), BP_OK);
  }
  ASSERT_EQ(sender->lent(), room);
  EXPECT_EQ((std::string{reinterpret_cast<const char*>(room), text.size()}), text);
  EXPECT_EQ(sender->send_lent(0, text.size(), false), BP_OK);
  const Texts taken = take_in_place(*receiver, 200);
  ASSERT_FALSE(taken.empty());
  EXPECT_EQ(taken.back(), text);
}

TEST(Sender, ARefusedSendOfWhatIsLentLeavesItLent) {
  Bench bench;
  const auto channel = bench.make(queue_of(2));
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  std::memcpy(sender->reserve(4), "lent", 4);
  ASSERT_EQ(sender->send(bench.letter("a")), BP_OK);
  ASSERT_EQ(sender->send(bench.letter("b")), BP_OK);
  EXPECT_EQ(sender->send_lent(0, 4, false), BP_E_WOULD_BLOCK);
  EXPECT_NE(sender->lent(), nullptr);
  EXPECT_EQ(take_in_place(*receiver), (Texts{"a", "b"}));
  EXPECT_EQ(sender->send_lent(0, 4, false), BP_OK);
  EXPECT_EQ(take_in_place(*receiver), (Texts{"lent"}));
}

TEST(Sender, EmptyMessagesTravelBothWays) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, ""));
  ASSERT_EQ(sender->send(Envelope{}), BP_OK);
  ASSERT_NE(sender->reserve(0), nullptr);
  ASSERT_EQ(sender->send(bench.letter("before")), BP_OK);
  EXPECT_EQ(sender->send_lent(0, 0, false), BP_OK);
  EXPECT_EQ(take_in_place(*receiver), (Texts{"", "", "before", ""}));
}

TEST(Sender, AskingForRoomCountsNoRefusal) {
  for (const std::uint32_t policy : {BP_FULL_REJECT, BP_FULL_DROP_NEWEST}) {
    Bench bench;
    Settings settings = queue_of(1'000, policy);
    settings.bytes_max = 1;
    const auto channel = bench.make(settings);
    const auto sender = channel->open_sender({});
    ASSERT_EQ(sender->send(bench.letter(std::string(40'000, 'a'))), BP_OK);
    while (put(*sender, std::string(500, 'b'))) {
    }
    EXPECT_EQ(channel->stats().rejected + channel->stats().dropped_newest, 0U);
    const bp_status refused = sender->send(bench.letter("c"));
    EXPECT_EQ(refused, policy == BP_FULL_REJECT ? BP_E_FULL : BP_E_DROPPED);
    EXPECT_EQ(channel->stats().rejected + channel->stats().dropped_newest, 1U);
  }
}

TEST(Sender, WaitsUntilAConsumerMadeRoom) {
  Bench bench;
  const auto channel = bench.make(queue_of(1));
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  EXPECT_EQ(sender->wait_writable(0), BP_E_TIMEOUT);
  std::thread consumer([&] {
    while (take_in_place(*receiver).empty()) {
    }
  });
  EXPECT_EQ(sender->wait_writable(60'000'000'000), BP_OK);
  consumer.join();
  EXPECT_TRUE(put(*sender, "b"));
}

TEST(Sender, WaitsForASpanThatIsTooLongForAnyClock) {
  Bench bench;
  const auto channel = bench.make(queue_of(1));
  const auto receiver = channel->open_receiver({.owner = "r"});
  const auto sender = channel->open_sender({});
  ASSERT_TRUE(put(*sender, "a"));
  bp_status status = BP_OK;
  std::thread waiter(
      [&] { status = sender->wait_writable(std::numeric_limits<std::uint64_t>::max()); });
  for (int i = 0; i < 1'000; ++i) {
    std::this_thread::yield();
  }
  EXPECT_EQ(take_in_place(*receiver), (Texts{"a"}));
  waiter.join();
  EXPECT_EQ(status, BP_OK);
}

TEST(Sender, NobodyListensIsCheapAndCounts) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto sender = channel->open_sender({});
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(put(*sender, "a"));
  }
  EXPECT_EQ(channel->stats().published, 1'000U);
  const auto receiver = channel->open_receiver({.owner = "r"});
  ASSERT_TRUE(put(*sender, "b"));
  Batch batch;
  EXPECT_EQ(take_into(*receiver, batch), (Texts{"b"}));
  EXPECT_EQ(batch.missed, 0U);
  receiver->finish(batch);
}

// Batches of any size through a channel that is often full: nothing is lost, doubled or reordered,
// and what was not taken is the sender's still.
TEST(Sender, CopiesOfBatchesArriveInOrder) {
  std::minstd_rand random(7);
  for (const bool broadcast : {false, true}) {
    Bench bench;
    const auto channel = bench.make(broadcast ? broadcast_of(64) : queue_of(64));
    const auto receiver = channel->open_receiver(
        {.owner = "r", .flags = broadcast ? std::uint32_t{BP_CHAN_GATING} : 0});
    const auto sender = channel->open_sender({});
    std::size_t sent = 0;
    std::size_t received = 0;
    const auto text_of = [](std::size_t number) {
      return std::to_string(number) + std::string(number % 97 == 0 ? 3'000 : number % 23, '.');
    };
    while (sent < 20'000) {
      std::vector<std::string> texts;
      std::vector<bp_buf> messages;
      for (std::size_t i = random() % 90 + 1; i > 0; --i) {
        texts.push_back(text_of(sent + texts.size()));
      }
      for (std::string& text : texts) {
        messages.push_back({text.data(), text.size(), text.size(), 0});
      }
      sent += sender->send_copies(messages.data(), static_cast<std::uint32_t>(messages.size()),
                                  BP_MESSAGE_BYTES_MAX);
      sender->settle();
      for (const std::string& text : take_in_place(*receiver, random() % 100)) {
        ASSERT_EQ(text, text_of(received++));
      }
    }
    Texts rest;
    do {
      rest = take_in_place(*receiver);
      for (const std::string& text : rest) {
        ASSERT_EQ(text, text_of(received++));
      }
    } while (!rest.empty());
    EXPECT_EQ(received, sent);
  }
}

TEST(Sender, CopiesOnlyCountWhileNobodyListens) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(8));
  const auto sender = channel->open_sender({});
  std::string text = "unheard";
  std::array<bp_buf, 3> messages{};
  messages.fill({text.data(), text.size(), text.size(), 0});
  messages[2].lease = 1;
  EXPECT_EQ(sender->send_copies(messages.data(), 3, 100), 2U);
  const auto receiver = channel->open_receiver({.owner = "r"});
  EXPECT_TRUE(take_in_place(*receiver).empty());
  EXPECT_EQ(channel->stats().published, 2U);
}

TEST(Sender, CopiesNothingWhileItsRoomIsLent) {
  Bench bench;
  const auto channel = bench.make(queue_of(8));
  const auto sender = channel->open_sender({});
  ASSERT_NE(sender->reserve(8), nullptr);
  std::string text = "a";
  const bp_buf message{text.data(), text.size(), text.size(), 0};
  EXPECT_EQ(sender->send_copies(&message, 1, 100), 0U);
  sender->return_lent();
  EXPECT_EQ(sender->send_copies(&message, 1, 100), 1U);
}

}  // namespace
}  // namespace host::channel
