// tests/plugins/storage_sqlite/engine/inbox_test.cpp - nothing is lost, doubled or turned round.
#include "engine/inbox.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace storage_sqlite::engine {
namespace {

struct Letter {
  Letter(int from, int with) : sender(from), number(with) {}

  int sender;
  int number;
  Letter* next = nullptr;
};

std::unique_ptr<Letter> letter(int sender, int number) {
  return std::make_unique<Letter>(sender, number);
}

std::vector<int> numbers(const Inbox<Letter>::Items& letters) {
  std::vector<int> all;
  for (const Letter& one : letters) {
    all.push_back(one.number);
  }
  return all;
}

TEST(Inbox, GivesAllInOrder) {
  Inbox<Letter> inbox;
  Inbox<Letter>::Items taken;
  inbox.take(taken);
  EXPECT_TRUE(taken.empty());
  for (int number = 0; number < 5; ++number) {
    EXPECT_TRUE(inbox.put(letter(0, number)));
  }
  inbox.wait(taken);
  EXPECT_TRUE(inbox.put(letter(0, 5)));
  inbox.take(taken);
  EXPECT_EQ(numbers(taken), (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

TEST(Inbox, ClosedItGivesWhatIsInsideAndTakesNoMore) {
  Inbox<Letter> inbox;
  EXPECT_TRUE(inbox.put(letter(0, 1)));
  inbox.close();
  Inbox<Letter>::Items taken;
  inbox.wait(taken);
  EXPECT_EQ(numbers(taken), std::vector<int>{1});
  EXPECT_FALSE(inbox.put(letter(0, 2)));
  inbox.wait(taken);
  EXPECT_EQ(numbers(taken), std::vector<int>{1}) << "closed and empty: it does not wait";
}

TEST(Inbox, WhatNobodyTookGoesWithIt) {
  const auto inbox = std::make_unique<Inbox<Letter>>();
  EXPECT_TRUE(inbox->put(letter(0, 1)));  // the sanitizer tells when it stays
}

TEST(Inbox, ManySendersLoseNothingAndKeepTheirOrder) {
  constexpr int senders = 4;
  constexpr int letters = 20'000;
  Inbox<Letter> inbox;
  std::vector<std::thread> threads;
  std::atomic<int> running = senders;
  for (int sender = 0; sender < senders; ++sender) {
    threads.emplace_back([&, sender] {
      for (int number = 0; number < letters; ++number) {
        EXPECT_TRUE(inbox.put(letter(sender, number)));
      }
      if (--running == 0) {
        inbox.close();
      }
    });
  }
  std::vector<int> next(senders, 0);
  for (bool more = true; more;) {
    Inbox<Letter>::Items taken;
    inbox.wait(taken);
    more = !taken.empty();
    for (const Letter& one : taken) {
      EXPECT_EQ(one.number, next[static_cast<std::size_t>(one.sender)]++);
    }
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(next, std::vector<int>(senders, letters));
}

}  // namespace
}  // namespace storage_sqlite::engine
