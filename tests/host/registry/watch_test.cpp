// tests/host/registry/watch_test.cpp - told once, in order, and never after the end.
#include "host/registry/watch.hpp"

#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "tests/host/registry/samples.hpp"

namespace host::registry {
namespace {

struct Heard {
  std::vector<std::string> lines;
  std::vector<std::size_t> batches;

  [[nodiscard]] Told told() {
    return [this](std::span<const Event> events) {
      batches.push_back(events.size());
      for (const Event& event : events) {
        lines.push_back((event.change == Change::Appeared ? "+" : "-") + event.name +
                        (event.kind == Kind::Service
                             ? "/" + std::to_string(event.major) + "." + std::to_string(event.minor)
                             : "") +
                        " " + event.owner);
      }
    };
  }
};

using Lines = std::vector<std::string>;

TEST(Watch, BeginsWithWhatIsThere) {
  Registry registry({}, {});
  ASSERT_TRUE(registry.open_channel(broadcast("events"), "a", nullptr));
  ASSERT_TRUE(registry.add_service(service("one", 2)));
  Heard heard;
  const auto watch = registry.watch("*", heard.told());
  ASSERT_TRUE(watch);
  EXPECT_EQ(heard.lines, (Lines{"+events a", "+bp.a/1.2 one"}));
  EXPECT_EQ(heard.batches, (std::vector<std::size_t>{2}));
}

TEST(Watch, IsToldOfEveryChangeOnce) {
  Registry registry({}, {});
  Heard heard;
  const auto watch = registry.watch("*", heard.told());
  ASSERT_TRUE(registry.open_channel(broadcast("events"), "a", nullptr));
  ASSERT_TRUE(registry.open_channel(broadcast("events"), "b", nullptr));  // no news
  const ServiceEntry first = service("one", 2);
  ASSERT_TRUE(registry.add_service(first));
  EXPECT_FALSE(registry.add_service(service("two", 2)));  // nothing happened
  ASSERT_TRUE(registry.put_service(service("one", 3)));
  registry.remove_service(*first.service);  // not there any more
  registry.withdraw("one");
  registry.withdraw("one");
  EXPECT_EQ(heard.lines, (Lines{"+events a", "+bp.a/1.2 one", "-bp.a/1.2 one", "+bp.a/1.3 one",
                                "-bp.a/1.3 one"}));
}

TEST(Watch, HearsOnlyOfNamesThatMatch) {
  Registry registry({}, {});
  Heard heard;
  const auto watch = registry.watch("bp.storage.*", heard.told());
  ASSERT_TRUE(registry.open_channel(broadcast("events"), "a", nullptr));
  ASSERT_TRUE(registry.add_service(service("one", 0, "bp.storage.records")));
  ASSERT_TRUE(registry.add_service(service("one", 0, "bp.crypto.aead")));
  EXPECT_EQ(heard.lines, (Lines{"+bp.storage.records/1.0 one"}));
}

TEST(Watch, AWithdrawalIsOneBatch) {
  Registry registry({}, {});
  for (const char* name : {"bp.a", "bp.b", "bp.c"}) {
    ASSERT_TRUE(registry.add_service(service("one", 0, name)));
  }
  ASSERT_TRUE(registry.add_service(service("two", 0, "bp.d")));
  Heard heard;
  const auto watch = registry.watch("*", heard.told());
  heard = {};
  EXPECT_EQ(registry.withdraw("one").size(), 3U);
  EXPECT_EQ(heard.lines, (Lines{"-bp.a/1.0 one", "-bp.b/1.0 one", "-bp.c/1.0 one"}));
  EXPECT_EQ(heard.batches, (std::vector<std::size_t>{3}));
}

TEST(Watch, TheCallbackMayChangeTheRegistryAndIsNotNested) {
  Registry registry({}, {});
  int depth = 0;
  Lines heard;
  const auto watch = registry.watch("*", [&](std::span<const Event> events) {
    ASSERT_EQ(++depth, 1);
    for (const Event& event : events) {
      heard.push_back(event.name);
      if (event.name == "bp.a") {
        ASSERT_TRUE(registry.add_service(service("one", 0, "bp.b")));
      }
    }
    --depth;
  });
  ASSERT_TRUE(registry.add_service(service("one", 0, "bp.a")));
  EXPECT_EQ(heard, (Lines{"bp.a", "bp.b"}));
}

TEST(Watch, TheCallbackMayEndItsOwnWatch) {
  Registry registry({}, {});
  std::optional<Watch> watch;
  int calls = 0;
  watch.emplace(registry
                    .watch("*",
                           [&](std::span<const Event>) {
                             ++calls;
                             watch.reset();
                           })
                    .value());
  ASSERT_TRUE(registry.add_service(service("one", 0, "bp.a")));
  ASSERT_TRUE(registry.add_service(service("one", 0, "bp.b")));
  EXPECT_EQ(calls, 1);
}

TEST(Watch, EndsWhenItIsMovedOver) {
  Registry registry({}, {});
  Heard first;
  Heard second;
  Watch watch = registry.watch("*", first.told()).value();
  watch = registry.watch("*", second.told()).value();
  ASSERT_TRUE(registry.add_service(service("one", 0)));
  EXPECT_TRUE(first.lines.empty());
  EXPECT_EQ(second.lines.size(), 1U);
}

// The end waits for a callback that is running elsewhere: what it uses may go afterwards.
TEST(Watch, ItsEndWaitsForTheCallback) {
  Registry registry({}, {});
  std::latch inside(1);
  std::latch go_on(1);
  std::atomic<bool> returned{false};
  auto watch = std::make_unique<Watch>(registry
                                           .watch("*",
                                                  [&](std::span<const Event>) {
                                                    inside.count_down();
                                                    go_on.wait();
                                                    returned = true;
                                                  })
                                           .value());
  std::thread changer([&] { ASSERT_TRUE(registry.add_service(service("one", 0))); });
  inside.wait();
  std::thread releaser([&] { go_on.count_down(); });
  watch.reset();
  EXPECT_TRUE(returned);
  changer.join();
  releaser.join();
}

TEST(Watch, ThereIsALimit) {
  Registry registry({}, {});
  std::vector<Watch> watches;
  for (std::size_t i = 0; i < watches_max; ++i) {
    watches.push_back(registry.watch("none", [](std::span<const Event>) {}).value());
  }
  EXPECT_EQ(registry.watch("none", [](std::span<const Event>) {}).error().code(), BP_E_BUSY);
  watches.pop_back();
  EXPECT_TRUE(registry.watch("none", [](std::span<const Event>) {}));
}

TEST(Watcher, SaysHowManyItMissed) {
  std::uint64_t missed = 0;
  std::size_t told = 0;
  Watcher* self = nullptr;
  Watcher watcher("*",
                  [&](std::span<const Event> events) {
                    ++told;
                    if (told == 1) {  // a slow one: far more happens meanwhile than is kept
                      const std::vector<Event> many(events_pending_max / 4 + 1, Event{});
                      for (int i = 0; i < 5; ++i) {
                        self->add(many);
                      }
                      return;
                    }
                    ASSERT_EQ(events.size(), 1U);
                    EXPECT_EQ(events[0].change, Change::Missed);
                    missed = events[0].missed;
                  },
                  {Event{}});
  self = &watcher;
  watcher.start();
  EXPECT_EQ(told, 2U);
  EXPECT_EQ(missed, 5 * (events_pending_max / 4 + 1));
}

TEST(Watch, SaysWhatWasThereBefore) {
  Registry registry({}, {});
  ASSERT_TRUE(registry.open_channel(broadcast("old"), "a", nullptr));
  std::vector<std::pair<std::string, bool>> told;
  const auto watch = registry.watch("*", [&](std::span<const Event> events) {
    for (const Event& event : events) {
      told.emplace_back(event.name, event.existing);
    }
  });
  ASSERT_TRUE(registry.open_channel(broadcast("new"), "a", nullptr));
  EXPECT_EQ(told, (std::vector<std::pair<std::string, bool>>{{"old", true}, {"new", false}}));
  const std::vector<Event> present = registry.present("n*");
  ASSERT_EQ(present.size(), 1U);
  EXPECT_EQ(present[0].name, "new");
}

}  // namespace
}  // namespace host::registry
