// tests/host/channel/alloc_test.cpp - what the way of a small message asks of the allocator:
// nothing.
//
// A binary of its own: it counts every operator new and delete.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace {

std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> frees{0};

void* counted(std::size_t size, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::aligned_alloc(
      alignment, (std::max(size, std::size_t{1}) + alignment - 1) / alignment * alignment);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

void uncounted(void* memory) noexcept {
  if (memory != nullptr) {
    frees.fetch_add(1, std::memory_order_relaxed);
    std::free(memory);
  }
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(size, alignof(std::max_align_t));
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}

void operator delete(void* memory) noexcept {
  uncounted(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  uncounted(memory);
}

void operator delete(void* memory, std::align_val_t) noexcept {
  uncounted(memory);
}

void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  uncounted(memory);
}

namespace host::channel {
namespace {

constexpr int rounds = 20'000;
constexpr int burst = 32;

class SteadyState : public testing::TestWithParam<std::uint32_t> {
 protected:
  [[nodiscard]] Settings settings() const {
    return GetParam() == BP_KIND_QUEUE ? queue_of(1'024) : broadcast_of(1'024);
  }
};

// Several lanes, several bursts; the first rounds may allocate.
TEST_P(SteadyState, SmallMessagesNeitherAllocateNorFree) {
  Bench bench;
  const auto channel = bench.make(settings());
  const auto receiver = channel->open_receiver({.owner = "r", .ready = [] {}});
  const std::vector<std::shared_ptr<Sender>> senders{channel->open_sender({}),
                                                     channel->open_sender({})};
  Batch batch;
  std::uint64_t sum = 0;
  std::size_t before = 0;
  for (int round = 0; round < rounds; ++round) {
    if (round == rounds / 10) {
      before = allocations + frees;
    }
    for (const auto& sender : senders) {
      for (int i = 0; i < burst; ++i) {
        std::byte* room = sender->reserve(64);
        ASSERT_NE(room, nullptr);
        std::memset(room, i, 64);
        ASSERT_EQ(sender->send_lent(0, 64, true), BP_OK);
      }
      sender->settle();
    }
    receiver->take(2 * burst, batch, [&](const Glimpse& glimpse) { sum += glimpse.size; });
    receiver->finish(batch);
  }
  EXPECT_EQ(allocations + frees, before);
  EXPECT_EQ(sum, std::uint64_t{rounds} * burst * 2 * 64);
}

TEST(SteadyStateOfGroups, SmallMessagesNeitherAllocateNorFree) {
  Bench bench;
  const auto channel = bench.make(queue_of(100));
  const auto sender = channel->open_sender({});
  const auto one = channel->open_receiver({.owner = "r", .group = "one", .ready = [] {}});
  const auto two = channel->open_receiver({.owner = "r", .group = "two", .ready = [] {}});
  Batch batch;
  std::uint64_t sum = 0;
  std::size_t before = 0;
  for (int round = 0; round < rounds; ++round) {
    if (round == rounds / 10) {
      before = allocations + frees;
    }
    for (int i = 0; i < burst; ++i) {
      std::byte* room = sender->reserve(64);
      ASSERT_NE(room, nullptr);
      std::memset(room, i, 64);
      ASSERT_EQ(sender->send_lent(0, 64, true), BP_OK);
    }
    sender->settle();
    for (const auto& receiver : {one, two}) {
      receiver->take(burst, batch, [&](const Glimpse& glimpse) { sum += glimpse.size; });
      receiver->finish(batch);
    }
  }
  EXPECT_EQ(allocations + frees, before);
  EXPECT_EQ(sum, std::uint64_t{rounds} * burst * 2 * 64);
}

TEST(SteadyStateOfLanes, ParkingAndCallingNeitherAllocatesNorFrees) {
  Bench bench;
  const auto channel = bench.make(queue_of(100));
  const auto receiver = channel->open_receiver({.owner = "r", .ready = [] {}});
  std::vector<std::shared_ptr<Sender>> senders;
  for (int i = 0; i < 10; ++i) {
    senders.push_back(channel->open_sender({}));
  }
  const std::string text(500, 't');
  Batch batch;
  std::uint64_t taken = 0;
  std::size_t before = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    if (round == rounds / 10) {
      before = allocations + frees;
    }
    ASSERT_TRUE(put(*senders[round / 20 % senders.size()], text));
    receiver->take(burst, batch, [&](const Glimpse& /*glimpse*/) { ++taken; });
    receiver->finish(batch);
  }
  EXPECT_EQ(allocations + frees, before);
  EXPECT_EQ(taken, static_cast<std::uint64_t>(rounds));
}

TEST_P(SteadyState, TenThousandSendersComeAndGoWithoutATrace) {
  Bench bench;
  const auto channel = bench.make(settings());
  const auto receiver = channel->open_receiver({.owner = "r", .ready = [] {}});
  const auto alive = [] { return static_cast<std::ptrdiff_t>(allocations - frees); };
  std::ptrdiff_t before = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (i == 100) {
      before = alive();
    }
    const auto sender = channel->open_sender({});
    ASSERT_TRUE(put(*sender, "a"));
    ASSERT_EQ(take_in_place(*receiver).size(), 1U);
  }
  EXPECT_LE(alive(), before + 50);
}

TEST_P(SteadyState, SendersThatSendNothingLeaveNothingWithASubscriberThatIsIdle) {
  Bench bench;
  const auto channel = bench.make(settings());
  const auto idle = channel->open_receiver({.owner = "idle", .ready = [] {}});
  const auto alive = [] { return static_cast<std::ptrdiff_t>(allocations - frees); };
  std::ptrdiff_t before = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (i == 100) {
      before = alive();
    }
    const auto sender = channel->open_sender({});
    ASSERT_NE(sender->reserve(8), nullptr);
  }
  EXPECT_LE(alive(), before + 50);
}

INSTANTIATE_TEST_SUITE_P(Kinds, SteadyState, testing::Values(BP_KIND_QUEUE, BP_KIND_BROADCAST),
                         [](const auto& kind) {
                           return kind.param == BP_KIND_QUEUE ? "Queue" : "Broadcast";
                         });

}  // namespace
}  // namespace host::channel
