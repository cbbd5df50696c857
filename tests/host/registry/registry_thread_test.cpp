// tests/host/registry/registry_thread_test.cpp - everyone at once: nothing lost, nothing doubled.
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "tests/host/registry/samples.hpp"

namespace host::registry {
namespace {

void join(std::vector<std::thread>& threads) {
  for (std::thread& thread : threads) {
    thread.join();
  }
}

// Each thread raises the minor version of one service by what it found: no step is lost.
TEST(RegistryThreads, UpdatesAreAtomic) {
  constexpr int writers = 4;
  constexpr int updates = 500;
  Registry registry({}, {});
  std::vector<std::thread> threads;
  for (int t = 0; t < writers; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < updates; ++i) {
        ASSERT_TRUE(registry.update_service(
            "bp.a", 1, [](const ServiceEntry* there) -> error::Result<std::optional<ServiceEntry>> {
              return service("all", there == nullptr ? 1 : there->service->description().minor + 1);
            }));
      }
    });
  }
  join(threads);
  EXPECT_EQ(registry.find_service("bp.a", 1)->service->description().minor, writers * updates);
}

// Compare and replace: of those who saw the same service exactly one wins.
TEST(RegistryThreads, OneWinsEachRound) {
  constexpr int contenders = 4;
  constexpr std::uint32_t rounds = 300;
  Registry registry({}, {});
  ASSERT_TRUE(registry.add_service(service("all", 0)));
  std::atomic<std::uint32_t> wins{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < contenders; ++t) {
    threads.emplace_back([&] {
      for (;;) {
        const ServiceEntry seen = registry.find_service("bp.a", 1).value();
        const std::uint32_t minor = seen.service->description().minor;
        if (minor >= rounds) {
          return;
        }
        if (registry.replace_service(*seen.service, service("all", minor + 1))) {
          ++wins;
        }
      }
    });
  }
  join(threads);
  EXPECT_EQ(wins, rounds);
}

TEST(RegistryThreads, ANameIsGivenOnce) {
  constexpr int rounds = 200;
  Registry registry({}, {});
  std::atomic<int> added{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, owner = std::to_string(t)] {
      for (int i = 0; i < rounds; ++i) {
        added += registry.add_service(service(owner, 0, "s" + std::to_string(i))) ? 1 : 0;
      }
    });
  }
  join(threads);
  EXPECT_EQ(added, rounds);
  EXPECT_EQ(registry.services().size(), static_cast<std::size_t>(rounds));
}

TEST(RegistryThreads, EveryEndGetsTheSameChannel) {
  constexpr int names = 200;
  Registry registry({}, {});
  std::vector<std::vector<ChannelEntry>> got(4);
  std::vector<std::thread> threads;
  for (std::vector<ChannelEntry>& mine : got) {
    threads.emplace_back([&] {
      for (int i = 0; i < names; ++i) {
        mine.push_back(
            registry.open_channel(broadcast("c" + std::to_string(i)), "x", nullptr).value());
      }
    });
  }
  join(threads);
  for (std::size_t i = 0; i < names; ++i) {
    for (const auto& mine : got) {
      EXPECT_EQ(mine[i].channel, got[0][i].channel);
    }
  }
  EXPECT_EQ(registry.channels().size(), static_cast<std::size_t>(names));
}

// What a watcher believes, from events alone. Each name appears and goes in turns.
struct Belief {
  std::map<std::string, std::string> owners;
  bool wrong = false;

  [[nodiscard]] Told told() {
    return [this](std::span<const Event> events) {
      for (const Event& event : events) {
        if (event.change == Change::Appeared) {
          wrong = !owners.emplace(event.name, event.owner).second || wrong;
        } else {
          const auto known = owners.find(event.name);
          wrong = known == owners.end() || known->second != event.owner || wrong;
          owners.erase(event.name);
        }
      }
    };
  }
};

void live(Registry& registry, const std::string& owner, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < 8; ++i) {  // names of its own, and names that others want, too
      (void)registry.add_service(service(owner, 0, owner + "." + std::to_string(i)));
      (void)registry.put_service(service(owner, 1, "all." + std::to_string(i)));
    }
    (void)registry.open_channel(broadcast(owner + ".c" + std::to_string(round)), owner, nullptr);
    for (const ServiceEntry& gone : registry.withdraw(owner)) {
      ASSERT_EQ(gone.service->description().owner, owner);
    }
    for (const ServiceEntry& there : registry.services()) {
      ASSERT_NE(there.service->description().owner, owner);
    }
  }
}

TEST(RegistryThreads, EveryWatcherKnowsWhatIsThere) {
  constexpr int rounds = 60;
  Registry registry({}, {});
  std::atomic<bool> done{false};
  Belief from_the_start;
  std::optional<Watch> watch = registry.watch("*", from_the_start.told()).value();
  std::vector<std::thread> threads;
  for (const char* owner : {"a", "b", "c"}) {
    threads.emplace_back([&, owner] { live(registry, owner, rounds); });
  }
  std::thread reader([&] {
    Reader mine(registry);
    while (!done.load()) {
      const auto view = mine.enter();
      for (const char* name : {"a.0", "b.7", "all.3"}) {
        const ServiceEntry* found = view.service(name, 1);
        ASSERT_TRUE(found == nullptr || found->service->description().name == name);
      }
    }
  });
  std::thread comer([&] {  // begins and ends in the middle of everything
    while (!done.load()) {
      Belief late;
      {
        const Watch mine = registry.watch("*", late.told()).value();
        (void)registry.channels();
      }
      ASSERT_FALSE(late.wrong);
    }
  });
  join(threads);
  done = true;
  reader.join();
  comer.join();
  Belief at_the_end;
  const auto last = registry.watch("*", at_the_end.told());
  EXPECT_FALSE(from_the_start.wrong);
  EXPECT_EQ(from_the_start.owners, at_the_end.owners);
  EXPECT_EQ(at_the_end.owners.size(), 3U * rounds);  // the channels
}

// Ends open and close on the same few names; each of them finds a channel that takes it.
TEST(RegistryThreads, ChannelsComeAndGoWithTheirEnds) {
  constexpr int rounds = 400;
  Registry registry({}, {});
  Belief belief;
  const Watch watch = registry.watch("*", belief.told()).value();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < rounds; ++i) {
        const std::string name = "c" + std::to_string((i + t) % 3);
        std::shared_ptr<channel::Sender> sender;
        while (!sender) {
          sender =
              registry.open_channel(broadcast(name), "x", nullptr).value().channel->open_sender({});
        }
        ASSERT_FALSE(sender->channel().retired());
        ASSERT_EQ(registry.find_channel(name).value().channel.get(), &sender->channel());
      }
    });
  }
  join(threads);
  EXPECT_TRUE(registry.channels().empty());
  EXPECT_TRUE(belief.owners.empty());
  EXPECT_FALSE(belief.wrong);
}

}  // namespace
}  // namespace host::registry
