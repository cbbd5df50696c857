// tests/bench/plugins/counter/counter.cpp - adds one to a counter, as often as it is told, on a
// thread of its own.
#include <thread>

#include "backplane/cpp/plugin.hpp"

#include "../board.h"

namespace {

struct Config {
  std::uint64_t board = 0;
  static constexpr auto fields = bp::fields(bp::field<&Config::board>("board"));
};

[[gnu::noinline]] void bench_add(const bp::counter& counter, std::uint64_t count) {
  for (; count > 0; --count) {
    counter.add();
    asm volatile("" : : : "memory");  // each time from memory, as in a handler
  }
}

class Counter {
 public:
  bp::result<void> start(bp::context& cx) {
    board_ = reinterpret_cast<bench_board*>(bp::value_of(cx.config<Config>()).board);
    const auto family = cx.counters({.name = "bench_adds", .help = "What was added"});
    thread_ = std::thread([this, family] { run(family.bind()); });
    return {};
  }

  void stop(bp::context& /*cx*/) {
    __atomic_store_n(&board_->stop, 1, __ATOMIC_RELEASE);
    sem_post(&board_->go);
    thread_.join();
  }

 private:
  void run(const bp::counter& adds) {
    for (;;) {
      while (sem_wait(&board_->go) != 0) {
      }
      if (__atomic_load_n(&board_->stop, __ATOMIC_ACQUIRE) != 0) {
        return;
      }
      board_->begin_ns = bench_now_ns();
      bench_add(adds, board_->total);
      board_->end_ns = bench_now_ns();
      board_->handled = board_->total;
      sem_post(board_->done);
    }
  }

  bench_board* board_ = nullptr;
  std::thread thread_;
};

}  // namespace

BACKPLANE_PLUGIN(Counter)
