// tests/bench/ours/services.cpp - calls of one plugin's service by another plugin.
#include <memory>

#include "tests/bench/ours/boards.hpp"
#include "tests/bench/ours/ours.hpp"
#include "tests/bench/ours/world.hpp"

namespace bench {

namespace {

constexpr std::uint32_t request_bytes = 16;
constexpr std::uint32_t calls_per_turn = 4'096;

class Calls {
 public:
  Calls(Place& place, unsigned workers, std::uint32_t method)
      : provider_(boards_.add()), caller_(boards_.add()) {
    caller_.method = method;
    caller_.batch = calls_per_turn;
    world_ = std::make_unique<World>(
        place, workers,
        std::vector<Card>{{"provider", place.copy_of("provider"), &provider_},
                          {"caller", place.copy_of("caller"), &caller_}});
    world_->start();
  }

  Sample round(std::uint64_t count) {
    Boards::reset(provider_, count);
    Boards::reset(caller_, count);
    wake(caller_);
    world_->wait(boards_.done(), 1);
    boards_.check();
    expect_equal(caller_.handled, count, "calls answered");
    const std::uint64_t asked = bench_expected(count, request_bytes);
    if (caller_.method == BENCH_INLINE_EMPTY) {
      expect_equal(provider_.sum, asked, "checksum of requests");
    } else {
      expect_equal(caller_.sum, asked + count * request_bytes / 8, "checksum of replies");
    }
    return {per_operation(caller_.begin_ns, caller_.end_ns, count), 0};
  }

 private:
  Boards boards_;
  bench_board& provider_;
  bench_board& caller_;
  std::unique_ptr<World> world_;  // ends before the boards
};

Contender contender(Place& place, const char* row, const char* name, unsigned workers,
                    std::uint32_t method) {
  return {row, name, [&place, workers, method]() -> Round {
            auto calls = std::make_shared<Calls>(place, workers, method);
            return [calls](std::uint64_t count) { return calls->round(count); };
          }};
}

}  // namespace

Contenders service_contenders(Place& place) {
  return {contender(place, "call_inline", "backplane", 1, BENCH_INLINE),
          contender(place, "call_inline", "backplane empty reply", 1, BENCH_INLINE_EMPTY),
          contender(place, "call_queued", "backplane", 2, BENCH_QUEUED),
          contender(place, "call_queued", "backplane one worker", 1, BENCH_QUEUED)};
}

}  // namespace bench
