// tests/host/channel/stress_test.cpp - many threads, real sleeping, ends that come and go.
//
// A thread that should have been woken and was not hangs, and the watchdog says so.
#include <array>
#include <atomic>
#include <cstdlib>
#include <numeric>
#include <random>
#include <semaphore>
#include <thread>
#include <unordered_map>

#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
namespace {

constexpr auto hang = std::chrono::seconds(60);
constexpr std::uint32_t publishers = 3;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint32_t messages = 10'000;  // of each publisher
#else
constexpr std::uint32_t messages = 100'000;
#endif

// What every message carries; the rest of it is filled from these.
struct Header {
  std::uint32_t publisher;
  std::uint32_t end;  // which of the publisher's sending ends
  std::uint32_t number;
  std::uint32_t unused;
  std::uint64_t sum;
};

std::size_t size_of(std::uint32_t number) {
  if (number % 1'024 == 7) {
    return 20'000;  // a letter
  }
  return sizeof(Header) + number % 97;
}

std::uint64_t sum_of(const std::byte* data, std::size_t size) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    sum = sum * 31 + static_cast<std::uint64_t>(data[i]);
  }
  return sum;
}

void fill(std::byte* data, std::size_t size, std::uint32_t publisher, std::uint32_t end,
          std::uint32_t number) {
  for (std::size_t i = sizeof(Header); i < size; ++i) {
    data[i] = static_cast<std::byte>(number * 7 + i);
  }
  const Header header{publisher, end, number, 0,
                      sum_of(data + sizeof(Header), size - sizeof(Header))};
  std::memcpy(data, &header, sizeof header);
}

bool intact(const std::byte* data, std::size_t size, Header& header) {
  std::memcpy(&header, data, sizeof header);
  return size >= sizeof header && size == size_of(header.number) &&
         header.sum == sum_of(data + sizeof header, size - sizeof header);
}

// A receiving end with a thread that sleeps until `ready`.
class Sleeper {
 public:
  struct Seen {
    std::uint64_t count = 0;
    std::uint64_t missed = 0;
    std::uint64_t broken = 0;
    std::uint64_t reordered = 0;
  };

  [[nodiscard]] std::function<void()> ready() {
    return [this] { wake_.release(); };
  }

  void wake() { wake_.release(); }

  // Until `done` says so, which is asked whenever there is nothing more to take.
  void run(Receiver& receiver, const std::function<bool()>& done) {
    Batch batch;
    for (;;) {
      receiver.take(64, batch, [this](const Glimpse& glimpse) { look(glimpse); });
      seen_.missed += batch.missed;
      const bool nothing = batch.count == 0;
      const bool more = batch.more;
      receiver.finish(batch);
      if (more) {
        continue;
      }
      if (done()) {
        if (nothing) {
          return;
        }
        continue;  // full hands: there may be more
      }
      if (!wake_.try_acquire_for(hang)) {
        std::fputs("a receiver was not woken\n", stderr);
        std::abort();
      }
    }
  }

  [[nodiscard]] const Seen& seen() const { return seen_; }

 private:
  void look(const Glimpse& glimpse) {
    Header header{};
    ++seen_.count;
    if (!intact(glimpse.data, glimpse.size, header)) {
      ++seen_.broken;
      return;
    }
    std::uint32_t& next = next_[header.publisher][header.end];
    seen_.reordered += header.number < next ? 1 : 0;
    next = header.number + 1;
  }

  std::counting_semaphore<> wake_{0};
  Seen seen_;
  // By publisher and sending end: order holds for an end.
  std::array<std::unordered_map<std::uint32_t, std::uint32_t>, publishers> next_;
};

// A publisher's thread: waits for credit as a plugin's own thread does.
class Publisher {
 public:
  Publisher(Channel& channel, message::Pool& pool, std::uint32_t number)
      : channel_(channel), pool_(pool), number_(number) {}

  // `churn`: a new sending end after so many messages. `in_turn`: settles after so many.
  // `ends`: sending ends at a time.
  void run(std::uint32_t churn, std::uint32_t in_turn, std::uint32_t ends) {
    std::vector<std::shared_ptr<Sender>> senders(ends);
    std::vector<std::uint32_t> names(ends);
    const auto open = [&](std::uint32_t place) {
      senders[place] = channel_.open_sender({});
      names[place] = ends_++;
    };
    const auto settle = [&] {
      for (const std::shared_ptr<Sender>& sender : senders) {
        sender->settle();
      }
    };
    for (std::uint32_t place = 0; place < ends; ++place) {
      open(place);
    }
    std::minstd_rand random(number_ + 1);
    for (std::uint32_t i = 0; i < messages; ++i) {
      const std::uint32_t place = ends == 1 ? 0 : static_cast<std::uint32_t>(random()) % ends;
      if (churn != 0 && i % churn == churn - 1) {
        open(place);
      }
      while (!send(*senders[place], i, names[place], in_turn)) {
        settle();
        if (senders[place]->wait_writable(std::chrono::nanoseconds(hang).count()) != BP_OK) {
          std::fputs("a sender was not woken\n", stderr);
          std::abort();
        }
      }
      if (in_turn != 0 && i % in_turn == in_turn - 1) {
        settle();
      }
    }
    settle();
  }

 private:
  bool send(Sender& sender, std::uint32_t i, std::uint32_t end, std::uint32_t in_turn) {
    const std::size_t size = size_of(i);
    if (size <= record_payload_bytes_max) {
      std::byte* room = sender.reserve(size);
      if (room == nullptr) {
        return false;
      }
      fill(room, size, number_, end, i);
      EXPECT_EQ(sender.send_lent(0, size, in_turn != 0), BP_OK);
      return true;
    }
    Envelope envelope;
    envelope.message.block = pool_.allocate(size);
    envelope.message.size = size;
    fill(envelope.message.data(), size, number_, end, i);
    return sender.send(std::move(envelope)) == BP_OK;
  }

  Channel& channel_;
  message::Pool& pool_;
  const std::uint32_t number_;
  std::uint32_t ends_ = 0;  // opened so far
};

struct Mode {
  const char* name;
  std::uint32_t churn;
  std::uint32_t in_turn;
  std::uint32_t ends;
};

class Stress : public testing::TestWithParam<Mode> {
 protected:
  // Runs all publishers beside `receivers` and tells them when all is sent.
  void publish_all(Channel& channel, std::vector<Sleeper>& sleepers) {
    std::vector<std::thread> threads;
    for (std::uint32_t number = 0; number < publishers; ++number) {
      threads.emplace_back([&, number] {
        Publisher(channel, pool_, number)
            .run(GetParam().churn, GetParam().in_turn, GetParam().ends);
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    sent_ = true;
    for (Sleeper& sleeper : sleepers) {
      sleeper.wake();
    }
  }

  [[nodiscard]] std::shared_ptr<Channel> make(Settings settings) {
    settings.name = "c";
    Surroundings around;
    around.pool = &pool_;
    return std::make_shared<Channel>(std::move(settings), std::move(around));
  }

  message::Pool pool_;
  std::atomic<bool> sent_{false};
  static constexpr std::uint64_t all = std::uint64_t{publishers} * messages;
};

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
