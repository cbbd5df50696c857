// tests/bench/peers/tokio.cpp - tokio's contenders; their work is done in tokio/src/lib.rs.
#include <memory>
#include <string>

#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/measure.hpp"

namespace {

// As in lib.rs.
struct Outcome {
  double ns;
  double publish_ns;
  std::uint64_t sum;
};

}  // namespace

extern "C" {
Outcome bench_tokio_one_thread(std::uint64_t count);
Outcome bench_tokio_across(std::uint64_t each, std::uint64_t producers);
Outcome bench_tokio_across_large(std::uint64_t each);
Outcome bench_tokio_broadcast(std::uint64_t count, std::uint64_t subscribers);
Outcome bench_tokio_request(std::uint64_t count);
}

namespace bench {

namespace {

constexpr std::uint32_t small_bytes = 16;
constexpr std::uint32_t large_bytes = 4'096;

Sample checked(const Outcome& outcome, std::uint64_t sum) {
  expect_equal(outcome.sum, sum, "checksum");
  return {outcome.ns, outcome.publish_ns};
}

Round across(std::uint64_t producers) {
  return [producers](std::uint64_t count) {
    const std::uint64_t each = std::max<std::uint64_t>(count / producers, 1);
    return checked(bench_tokio_across(each, producers),
                   producers * bench_expected(each, small_bytes));
  };
}

Round broadcast(std::uint64_t subscribers) {
  return [subscribers](std::uint64_t count) {
    return checked(bench_tokio_broadcast(count, subscribers),
                   subscribers * bench_expected(count, small_bytes));
  };
}

Sample one_thread(std::uint64_t count) {
  return checked(bench_tokio_one_thread(count), bench_expected(count, small_bytes));
}

Sample large(std::uint64_t count) {
  return checked(bench_tokio_across_large(count), bench_expected(count, large_bytes));
}

Sample request(std::uint64_t count) {
  return checked(bench_tokio_request(count), bench_expected(count, small_bytes) + count * 2);
}

}  // namespace

Contenders tokio_contenders() {
  Contenders all{{"one_thread", "tokio mpsc", []() -> Round { return one_thread; }},
                 {"1p1c", "tokio mpsc", [] { return across(1); }},
                 {"2p1c", "tokio mpsc", [] { return across(2); }},
                 {"4k", "tokio mpsc", []() -> Round { return large; }},
                 {"no_subscriber", "tokio broadcast", [] { return broadcast(0); }},
                 {"call_queued", "tokio mpsc+oneshot", []() -> Round { return request; }}};
  for (const std::uint64_t subscribers : {1U, 8U, 64U}) {
    all.push_back({"broadcast", "tokio broadcast " + std::to_string(subscribers),
                   [subscribers] { return broadcast(subscribers); }});
  }
  return all;
}

}  // namespace bench
