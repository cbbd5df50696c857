// tests/bench/ours/metrics.cpp - a plugin adds to a counter of the host.
#include <memory>

#include "tests/bench/ours/boards.hpp"
#include "tests/bench/ours/ours.hpp"
#include "tests/bench/ours/world.hpp"

namespace bench {

namespace {

class Adds {
 public:
  explicit Adds(Place& place) : board_(boards_.add()) {
    world_ = std::make_unique<World>(
        place, 1, std::vector<Card>{{"counter", place.copy_of("counter"), &board_}});
    world_->start();
  }

  Sample round(std::uint64_t count) {
    Boards::reset(board_, count);
    sem_post(&board_.go);
    world_->wait(boards_.done(), 1);
    expect_equal(board_.handled, count, "additions");
    total_ += count;
    expect_equal(world_->counter("bench_adds"), total_, "value of the counter");
    return {per_operation(board_.begin_ns, board_.end_ns, count), 0};
  }

 private:
  Boards boards_;
  bench_board& board_;
  std::uint64_t total_ = 0;
  std::unique_ptr<World> world_;  // ends before the boards
};

}  // namespace

Contenders metric_contenders(Place& place) {
  return {{"metric", "backplane", [&place]() -> Round {
             auto adds = std::make_shared<Adds>(place);
             return [adds](std::uint64_t count) { return adds->round(count); };
           }}};
}

}  // namespace bench
