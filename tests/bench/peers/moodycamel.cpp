// tests/bench/peers/moodycamel.cpp - moodycamel's queues: one by one, in bulk, and blocking.
#include <array>
#include <functional>
#include <memory>

#include <concurrentqueue/blockingconcurrentqueue.h>
#include <concurrentqueue/concurrentqueue.h>

#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/measure.hpp"

namespace bench {

namespace {

using Small = Message<16>;
using Large = Message<4'096>;

template <template <typename> typename Queue>
Sample one_by_one(std::uint64_t count) {
  Queue<Small> queue(capacity);
  return push_and_pop(
      count, sizeof(Small),
      [&](std::uint64_t seq) {
        Small message;
        message.fill(seq);
        queue.enqueue(message);
      },
      [&](std::uint64_t& sum) {
        Small message;
        const bool got = queue.try_dequeue(message);
        sum += got ? message.sum() : 0;
        return got ? 1U : 0U;
      });
}

template <typename T>
using Plain = moodycamel::ConcurrentQueue<T>;
template <typename T>
using Blocking = moodycamel::BlockingConcurrentQueue<T>;

// Takes up to a batch with one call.
class Bulk {
 public:
  Bulk(unsigned with_tokens, unsigned without) : queue(capacity, with_tokens, without) {}

  unsigned operator()(std::uint64_t& sum) {
    const std::size_t got = queue.try_dequeue_bulk(token, taken_.begin(), taken_.size());
    for (std::size_t i = 0; i < got; ++i) {
      sum += taken_[i].sum();
    }
    if (got == 0) {
      std::this_thread::yield();
    }
    return static_cast<unsigned>(got);
  }

  Plain<Small> queue;
  moodycamel::ConsumerToken token{queue};

 private:
  std::array<Small, batch> taken_;
};

Sample in_bulk(std::uint64_t count) {
  Bulk pop(1, 0);
  moodycamel::ProducerToken token(pop.queue);
  return push_and_pop(
      count, sizeof(Small),
      [&](std::uint64_t seq) {
        Small message;
        message.fill(seq);
        pop.queue.enqueue(token, message);
      },
      std::ref(pop));
}

template <typename Push>
Sample in_bulk_across(std::uint64_t count, unsigned producers, Bulk& pop, Push push) {
  return across_threads(
      count, producers, sizeof(Small),
      [&](unsigned, std::uint64_t seq) {
        Small message;
        message.fill(seq);
        while (!push(message)) {
          std::this_thread::yield();
        }
      },
      std::ref(pop));
}

Sample in_bulk_from_one(std::uint64_t count) {
  Bulk pop(1, 0);
  moodycamel::ProducerToken token(pop.queue);
  return in_bulk_across(
      count, 1, pop, [&](const Small& message) { return pop.queue.try_enqueue(token, message); });
}

// Without tokens: a token keeps every block it ever took, and starves the other producer.
Sample in_bulk_from_two(std::uint64_t count) {
  Bulk pop(0, 2);
  return in_bulk_across(count, 2, pop,
                        [&](const Small& message) { return pop.queue.try_enqueue(message); });
}

// The producer keeps to the bound; the consumer sleeps when there is nothing.
Sample blocking_across(std::uint64_t count, unsigned producers) {
  Blocking<Small> queue(capacity, 0, producers);
  return across_threads(
      count, producers, sizeof(Small),
      [&](unsigned, std::uint64_t seq) {
        Small message;
        message.fill(seq);
        while (!queue.try_enqueue(message)) {
          std::this_thread::yield();
        }
      },
      [&](std::uint64_t& sum) {
        Small message;
        queue.wait_dequeue(message);
        sum += message.sum();
        return 1U;
      });
}

Sample large_across(std::uint64_t count) {
  Blocking<std::unique_ptr<Large>> queue(capacity);
  return across_threads(
      count, 1, sizeof(Large),
      [&](unsigned, std::uint64_t seq) {
        auto message = std::make_unique_for_overwrite<Large>();
        message->fill(seq);
        while (!queue.try_enqueue(std::move(message))) {
          std::this_thread::yield();
        }
      },
      [&](std::uint64_t& sum) {
        std::unique_ptr<Large> message;
        queue.wait_dequeue(message);
        sum += message->sum();
        return 1U;
      });
}

}  // namespace

Contenders moodycamel_contenders() {
  const auto with = [](auto function, auto... arguments) {
    return [=]() -> Round {
      return [=](std::uint64_t count) { return function(count, arguments...); };
    };
  };
  return {{"one_thread", "moodycamel", with(one_by_one<Plain>)},
          {"one_thread", "moodycamel blocking", with(one_by_one<Blocking>)},
          {"one_thread", "moodycamel bulk", with(in_bulk)},
          {"1p1c", "moodycamel blocking", with(blocking_across, 1U)},
          {"1p1c", "moodycamel bulk", with(in_bulk_from_one)},
          {"2p1c", "moodycamel blocking", with(blocking_across, 2U)},
          {"2p1c", "moodycamel bulk", with(in_bulk_from_two)},
          {"4k", "moodycamel blocking", with(large_across)}};
}

}  // namespace bench
