// tests/bench/peers/boost_lockfree.cpp - Boost.Lockfree: the many-to-many queue and the ring of one
// producer and one consumer.
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>

#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/measure.hpp"

namespace bench {

namespace {

using Small = Message<16>;
using Queue = boost::lockfree::queue<Small, boost::lockfree::capacity<capacity>>;
using Ring = boost::lockfree::spsc_queue<Small, boost::lockfree::capacity<capacity>>;

template <typename Pipe>
bool push(Pipe& pipe, std::uint64_t seq) {
  Small message;
  message.fill(seq);
  return pipe.push(message);
}

Sample one_by_one(std::uint64_t count) {
  Queue queue;
  return push_and_pop(
      count, sizeof(Small), [&](std::uint64_t seq) { push(queue, seq); },
      [&](std::uint64_t& sum) {
        Small message;
        const bool got = queue.pop(message);
        sum += got ? message.sum() : 0;
        return got ? 1U : 0U;
      });
}

Sample all_at_once(std::uint64_t count) {
  Ring ring;
  return push_and_pop(
      count, sizeof(Small), [&](std::uint64_t seq) { push(ring, seq); },
      [&](std::uint64_t& sum) {
        return ring.consume_all([&sum](const Small& message) { sum += message.sum(); });
      });
}

Sample all_at_once_across(std::uint64_t count) {
  Ring ring;
  return across_threads(
      count, 1, sizeof(Small),
      [&](unsigned, std::uint64_t seq) {
        while (!push(ring, seq)) {
          std::this_thread::yield();
        }
      },
      [&](std::uint64_t& sum) {
        const std::size_t got =
            ring.consume_all([&sum](const Small& message) { sum += message.sum(); });
        if (got == 0) {
          std::this_thread::yield();
        }
        return got;
      });
}

}  // namespace

Contenders boost_lockfree_contenders() {
  return {{"one_thread", "boost lockfree queue", []() -> Round { return one_by_one; }},
          {"one_thread", "boost spsc consume_all", []() -> Round { return all_at_once; }},
          {"1p1c", "boost spsc consume_all", []() -> Round { return all_at_once_across; }}};
}

}  // namespace bench
