// tests/bench/peers/tbb.cpp - oneTBB: the bounded queue and the hash map.
#include <memory>
#include <string>

#include <tbb/concurrent_hash_map.h>
#include <tbb/concurrent_queue.h>

#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/lookup.hpp"

namespace bench {

namespace {

using Small = Message<16>;
using Map = tbb::concurrent_hash_map<std::string, std::size_t>;

Sample one_thread(std::uint64_t count) {
  tbb::concurrent_bounded_queue<Small> queue;
  queue.set_capacity(capacity);
  return push_and_pop(
      count, sizeof(Small),
      [&](std::uint64_t seq) {
        Small message;
        message.fill(seq);
        queue.try_push(message);
      },
      [&](std::uint64_t& sum) {
        Small message;
        const bool got = queue.try_pop(message);
        sum += got ? message.sum() : 0;
        return got ? 1U : 0U;
      });
}

Sample across(std::uint64_t count, unsigned producers) {
  tbb::concurrent_bounded_queue<Small> queue;
  queue.set_capacity(capacity);
  return across_threads(
      count, producers, sizeof(Small),
      [&](unsigned, std::uint64_t seq) {
        Small message;
        message.fill(seq);
        queue.push(message);
      },
      [&](std::uint64_t& sum) {
        Small message;
        queue.pop(message);
        sum += message.sum();
        return 1U;
      });
}

Round lookup(unsigned threads) {
  auto map = std::make_shared<Map>();
  std::size_t index = 0;
  for (const std::string& name : lookup_names()) {
    map->insert({name, index++});
  }
  return [map, threads](std::uint64_t count) {
    return look_up(count, threads, [&map](const std::string& name, std::size_t wanted) {
      Map::const_accessor found;
      return map->find(found, name) && found->second == wanted;
    });
  };
}

}  // namespace

Contenders tbb_contenders() {
  return {{"one_thread", "TBB bounded", []() -> Round { return one_thread; }},
          {"1p1c", "TBB bounded",
           []() -> Round { return [](std::uint64_t count) { return across(count, 1); }; }},
          {"2p1c", "TBB bounded",
           []() -> Round { return [](std::uint64_t count) { return across(count, 2); }; }},
          {"lookup_1", "TBB hash map", [] { return lookup(1); }},
          {"lookup_2", "TBB hash map", [] { return lookup(2); }}};
}

}  // namespace bench
