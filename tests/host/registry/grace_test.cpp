// tests/host/registry/grace_test.cpp - nothing is freed under a reader, everything afterwards.
#include "host/registry/grace.hpp"

#include <map>
#include <optional>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::registry {
namespace {

// Something to be retired, that says when it is freed.
Grace::Retired flag(bool& freed) {
  return {&freed, [](void* what) { *static_cast<bool*>(what) = true; }};
}

void retire(Grace& grace, bool& freed) {
  grace.make_room(1);
  grace.retire(flag(freed));
}

TEST(Grace, FreesAtOnceWhatNobodyCanSee) {
  Grace grace;
  bool freed = false;
  retire(grace, freed);
  EXPECT_FALSE(freed);
  (void)grace.collect();
  EXPECT_TRUE(freed);
  EXPECT_EQ(grace.waiting(), 0U);
}

TEST(Grace, KeepsWhatAReaderMaySee) {
  Grace grace;
  Seat seat;
  grace.add(seat);
  grace.sit(seat);
  bool freed = false;
  retire(grace, freed);
  (void)grace.collect();
  EXPECT_FALSE(freed);
  Grace::get_up(seat);
  (void)grace.collect();
  EXPECT_TRUE(freed);
  grace.remove(seat);
}

TEST(Grace, AReaderThatCameAfterwardsHoldsNothingUp) {
  Grace grace;
  Seat seat;
  grace.add(seat);
  bool freed = false;
  retire(grace, freed);
  grace.sit(seat);
  (void)grace.collect();
  EXPECT_TRUE(freed);
  Grace::get_up(seat);
  grace.remove(seat);
}

TEST(Grace, AVisitHoldsUpLikeAReader) {
  Grace grace;
  bool freed = false;
  {
    const Grace::Visit visit(grace);
    const Grace::Visit another(grace);
    retire(grace, freed);
    (void)grace.collect();
    EXPECT_FALSE(freed);
  }
  (void)grace.collect();
  EXPECT_TRUE(freed);
}

TEST(Grace, MoreVisitorsThanSeatsTakeTurns) {
  Grace grace;
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  {
    std::vector<std::unique_ptr<Grace::Visit>> all;
    for (std::size_t i = 0; i < visitor_seats; ++i) {
      all.push_back(std::make_unique<Grace::Visit>(grace));
    }
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const Grace::Visit visit(grace);
        ++served;
      });
    }
    EXPECT_EQ(served, 0);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(served, 4);
}

// Against a model that remembers for each retired thing who sat when it was retired.
RC_GTEST_PROP(Grace, FreesExactlyWhatNobodySatFor, (const std::vector<std::uint8_t>& steps)) {
  constexpr std::size_t seats = 3;
  std::vector<std::unique_ptr<bool>> freed;  // outlive the grace, which frees the rest at its end
  Grace grace;
  std::vector<Seat> places(seats);
  std::vector<bool> sitting(seats);
  for (Seat& seat : places) {
    grace.add(seat);
  }
  std::vector<std::set<std::size_t>> holders;
  for (const std::uint8_t step : steps) {
    const std::size_t who = step % seats;
    if (step % 2 == 0 && !sitting[who]) {
      grace.sit(places[who]);
      sitting[who] = true;
    } else if (step % 2 == 0) {
      Grace::get_up(places[who]);
      sitting[who] = false;
      for (std::set<std::size_t>& held : holders) {
        held.erase(who);
      }
    } else {
      freed.push_back(std::make_unique<bool>(false));
      std::set<std::size_t> held;
      for (std::size_t i = 0; i < seats; ++i) {
        if (sitting[i]) {
          held.insert(i);
        }
      }
      holders.push_back(std::move(held));
      retire(grace, *freed.back());
    }
    (void)grace.collect();
    for (std::size_t i = 0; i < freed.size(); ++i) {
      RC_ASSERT(*freed[i] == holders[i].empty());
    }
  }
}

}  // namespace
}  // namespace host::registry
