// tests/host/channel/stress_test.cpp - many threads, real sleeping, ends that come and go.
#include "tests/host/channel/stress.hpp"

#include <algorithm>
#include <deque>
#include <mutex>

namespace host::channel {
namespace {

TEST_P(Stress, AQueueLosesDoublesAndReordersNothing) {
  const auto channel = make(queue_of(256));
  std::vector<Sleeper> sleepers(2);
  std::atomic<std::uint64_t> taken{0};
  std::vector<std::thread> threads;
  for (Sleeper& sleeper : sleepers) {
    threads.emplace_back(
        [&, receiver = channel->open_receiver({.owner = "r", .ready = sleeper.ready()})]() mutable {
          sleeper.run(*receiver, [&] { return sent_.load() && channel->stats().depth == 0; });
        });
  }
  publish_all(*channel, sleepers);
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::uint64_t count = 0;
  for (const Sleeper& sleeper : sleepers) {
    count += sleeper.seen().count;
    EXPECT_EQ(sleeper.seen().broken, 0U);
    EXPECT_EQ(sleeper.seen().reordered, 0U);
    EXPECT_EQ(sleeper.seen().missed, 0U);
  }
  EXPECT_EQ(count, all);
  const Stats stats = channel->stats();
  EXPECT_EQ(stats.published, all);
  EXPECT_EQ(stats.delivered, all);
  EXPECT_EQ(stats.acknowledged, all);
}

TEST_P(Stress, EachOfSeveralGroupsGetsEverythingOnce) {
  const auto channel = make(queue_of(256));
  std::vector<Sleeper> sleepers(4);
  std::vector<std::shared_ptr<Receiver>> receivers;  // their groups outlive the guests'
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < sleepers.size(); ++i) {
    receivers.push_back(channel->open_receiver(
        {.owner = "r", .group = i < 2 ? "a" : "b", .ready = sleepers[i].ready()}));
    threads.emplace_back([&, &sleeper = sleepers[i], &receiver = *receivers[i]] {
      sleeper.run(receiver, [&] { return sent_.load(); });
      sleeper.run(receiver, [] { return true; });  // what was sent since the last look
    });
  }
  std::thread guest([&] {
    for (std::uint32_t turn = 0; !sent_.load(); ++turn) {
      const auto receiver = channel->open_receiver({.owner = "guest", .group = "guests"});
      Batch batch;
      for (std::uint32_t take = 0; take < turn % 4; ++take) {
        receiver->take(32, batch, [](const Glimpse& /*glimpse*/) {});
        receiver->finish(batch);
      }
    }
  });
  publish_all(*channel, sleepers);
  guest.join();
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const std::size_t group : {0U, 2U}) {
    EXPECT_EQ(sleepers[group].seen().count + sleepers[group + 1].seen().count, all);
  }
  for (const Sleeper& sleeper : sleepers) {
    EXPECT_EQ(sleeper.seen().broken, 0U);
    EXPECT_EQ(sleeper.seen().reordered, 0U);
    EXPECT_EQ(sleeper.seen().missed, 0U);
  }
  EXPECT_EQ(channel->stats().published, all);
  EXPECT_EQ(channel->stats().depth, 0U);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_P(Stress, GatingSubscribersSeeEverythingOthersKnowWhatTheyMissed) {
  const auto channel = make(broadcast_of(256));
  std::vector<Sleeper> sleepers(3);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < sleepers.size(); ++i) {
    threads.emplace_back(
        [&, &sleeper = sleepers[i],
         receiver = channel->open_receiver({.owner = "r",
                                            .flags = i == 0 ? std::uint32_t{BP_CHAN_GATING} : 0U,
                                            .ready = sleepers[i].ready()})]() mutable {
          sleeper.run(*receiver, [&] { return sent_.load(); });
          sleeper.run(*receiver, [] { return true; });  // what was sent since the last look
        });
  }
  publish_all(*channel, sleepers);
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const Sleeper& sleeper : sleepers) {
    EXPECT_EQ(sleeper.seen().broken, 0U);
    EXPECT_EQ(sleeper.seen().reordered, 0U);
    EXPECT_EQ(sleeper.seen().count + sleeper.seen().missed, all);
  }
  EXPECT_EQ(sleepers[0].seen().missed, 0U);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_P(Stress, SubscribersComeAndGoWhileOthersPublish) {
  const auto channel = make(broadcast_of(64));
  std::vector<Sleeper> sleepers(1);
  std::vector<std::thread> threads;
  std::atomic<std::uint64_t> broken{0};
  std::atomic<std::uint64_t> early{0};
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      std::uint32_t turn = 0;
      while (!sent_.load()) {
        const auto receiver = channel->open_receiver(
            {.owner = "guest", .flags = i == 0 ? std::uint32_t{BP_CHAN_GATING} : 0U});
        Batch batch;
        for (std::uint32_t take = 0; take < turn % 4; ++take) {
          receiver->take(32, batch, [&](const Glimpse& glimpse) {
            Header header{};
            broken += intact(glimpse.data, glimpse.size, header) ? 0 : 1;
          });
          if (turn % 3 == 0) {
            receiver->close();
          }
          receiver->finish(batch);
        }
        ++turn;
      }
    });
  }
  threads.emplace_back(
      [&, receiver = channel->open_receiver({.owner = "r", .ready = sleepers[0].ready()})] {
        sleepers[0].run(*receiver, [&] { return sent_.load(); });
        sleepers[0].run(*receiver, [] { return true; });
      });
  publish_all(*channel, sleepers);
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(broken, 0U);
  EXPECT_EQ(sleepers[0].seen().broken, 0U);
  EXPECT_EQ(channel->stats().published, all);
  EXPECT_EQ(sleepers[0].seen().count + sleepers[0].seen().missed, all)
      << sleepers[0].seen().count << " seen, " << sleepers[0].seen().missed << " missed";
  EXPECT_EQ(channel->stats().receivers, 0U);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_P(Stress, ConsumersThatCrashHandTheirMessagesToTheOthers) {
  Settings settings = queue_of(64);
  settings.retry_max = 1'000'000;
  const auto channel = make(settings);
  std::vector<std::atomic<std::uint8_t>> acknowledged(all);
  std::vector<std::thread> threads;
  std::atomic<std::uint64_t> done{0};
  for (std::uint32_t me = 0; me < 2; ++me) {
    threads.emplace_back([&, me] {
      std::uint32_t turn = me;
      while (done.load() < all) {
        std::counting_semaphore<> wake{0};
        const auto receiver = channel->open_receiver({.owner = "r"});
        Batch batch;
        std::vector<std::uint64_t> places;
        for (std::uint32_t i = 0; i < 100 && done.load() < all; ++i) {
          places.clear();
          receiver->take(16, batch, [&](const Glimpse& glimpse) {
            Header header{};
            EXPECT_TRUE(intact(glimpse.data, glimpse.size, header));
            places.push_back(std::uint64_t{header.publisher} * messages + header.number);
          });
          if (++turn % 10 == 0) {
            receiver->close();  // with a batch in hand
            receiver->finish(batch);
            break;
          }
          for (const std::uint64_t place : places) {
            ++acknowledged[place];
          }
          done += places.size();
          receiver->finish(batch);
          if (places.empty()) {
            std::this_thread::yield();
          }
        }
      }
    });
  }
  std::vector<Sleeper> none;
  publish_all(*channel, none);
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_TRUE(std::ranges::all_of(acknowledged, [](const auto& times) { return times == 1; }));
  EXPECT_EQ(channel->stats().acknowledged, all);
}

// The consumer is about to fall asleep whenever it is paused and resumed.
TEST_P(Stress, PausingAndResumingLosesNoWakeUp) {
  const auto channel = make(queue_of(64));
  std::counting_semaphore<> ready{0};
  std::counting_semaphore<> taken{0};
  const auto receiver = channel->open_receiver({.owner = "r", .ready = [&] { ready.release(); }});
  const auto sender = channel->open_sender({});
  std::thread consumer([&] {
    Batch batch;
    for (std::uint32_t count = 0; count < messages;) {
      receiver->take(64, batch, [](const Glimpse& /*glimpse*/) {});
      const bool more = batch.more;
      const std::uint32_t number = batch.count;
      receiver->finish(batch);
      count += number;
      taken.release(number);
      if (!more && count < messages && !ready.try_acquire_for(hang)) {
        std::fputs("the consumer was not woken\n", stderr);
        std::abort();
      }
    }
  });
  for (std::uint32_t i = 0; i < messages; ++i) {
    ready.release();  // it looks, finds nothing, and is about to fall asleep
    receiver->pause();
    receiver->resume();
    ASSERT_TRUE(put(*sender, "x"));
    ASSERT_TRUE(taken.try_acquire_for(hang)) << "message " << i << " was not taken";
  }
  consumer.join();
}

// Messages that are kept, and acknowledged by another thread, one at a time in hand.
TEST_P(Stress, AnAcknowledgementOnAnotherThreadWakesAConsumerWithFullHands) {
  const auto channel = make(queue_of(64));
  std::counting_semaphore<> ready{0};
  std::counting_semaphore<> handed{0};
  std::mutex mutex;
  std::deque<std::uint64_t> ids;
  const auto receiver =
      channel->open_receiver({.owner = "r", .concurrency = 2, .ready = [&] { ready.release(); }});
  constexpr std::uint64_t some = all / 10;
  std::thread acknowledger([&] {
    for (std::uint64_t i = 0; i < some; ++i) {
      ASSERT_TRUE(handed.try_acquire_for(hang)) << "nothing came";
      std::uint64_t id = 0;
      {
        const std::lock_guard lock(mutex);
        id = ids.front();
        ids.pop_front();
      }
      ASSERT_TRUE(receiver->ack(id));
    }
  });
  std::thread consumer([&] {
    for (std::uint64_t taken = 0; taken < some;) {
      std::vector<Delivery> deliveries;
      std::uint64_t missed = 0;
      const bool more = receiver->take(4, deliveries, missed);
      taken += deliveries.size();
      for (const Delivery& delivery : deliveries) {
        const std::lock_guard lock(mutex);
        ids.push_back(delivery.id);
        handed.release();
      }
      if (!more && taken < some && !ready.try_acquire_for(hang)) {
        std::fputs("the consumer was not woken\n", stderr);
        std::abort();
      }
    }
  });
  const auto sender = channel->open_sender({});
  for (std::uint64_t i = 0; i < some;) {
    if (put(*sender, "x")) {
      ++i;
    } else {
      ASSERT_EQ(sender->wait_writable(std::chrono::nanoseconds(hang).count()), BP_OK);
    }
  }
  consumer.join();
  acknowledger.join();
  EXPECT_EQ(channel->stats().acknowledged, some);
}

TEST(StressOpening, AFreshSubscriberIsNotToldOfWhatWasSentBeforeItCame) {
  Bench bench;
  const auto channel = bench.make(broadcast_of(256));
  std::atomic<bool> stop{false};
  std::thread writer([&, sender = channel->open_sender({})] {
    while (!stop.load(std::memory_order_relaxed)) {
      if (!put(*sender, "x")) {
        std::this_thread::yield();
      }
    }
  });
  std::uint64_t most = 0;
  for (int i = 0; i < 3'000; ++i) {
    const auto receiver = channel->open_receiver({.owner = "r", .flags = BP_CHAN_GATING});
    Batch batch;
    while (take_into(*receiver, batch, 1).empty()) {
    }
    most = std::max(most, batch.missed);
    receiver->finish(batch);
  }
  stop = true;
  writer.join();
  EXPECT_EQ(most, 0U);
}

INSTANTIATE_TEST_SUITE_P(Modes, Stress,
                         testing::Values(Mode{"Plain", 0, 0, 1}, Mode{"Churn", 50, 0, 1},
                                         Mode{"InTurn", 0, 32, 1}, Mode{"ChurnInTurn", 500, 7, 1},
                                         Mode{"ManyLanes", 0, 0, 40},
                                         Mode{"ManyLanesChurnInTurn", 50, 7, 40}),
                         [](const auto& mode) { return mode.param.name; });

}  // namespace
}  // namespace host::channel
