// tests/bench/ours/boards.hpp - the boards of one world, and the one semaphore they all post.
//
// Owns: the boards; must outlive the world. Thread: one. Errors: std::runtime_error.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/plugins/board.h"
#include "tests/bench/race/measure.hpp"

namespace bench {

class Boards {
 public:
  Boards() { sem_init(&done_, 0, 0); }

  Boards(const Boards&) = delete;
  Boards& operator=(const Boards&) = delete;

  ~Boards() {
    for (const auto& board : boards_) {
      sem_destroy(&board->go);
    }
    sem_destroy(&done_);
  }

  // For 16-byte messages in a queue; change it before the world starts.
  bench_board& add() {
    boards_.push_back(std::make_unique<bench_board>());
    bench_board& board = *boards_.back();
    board.kind = BP_KIND_QUEUE;
    board.capacity = capacity;
    board.batch = batch;
    board.message_bytes = board.touch_bytes = 16;
    board.done = &done_;
    sem_init(&board.go, 0, 0);
    return board;
  }

  [[nodiscard]] sem_t& done() noexcept { return done_; }

  // Before each round.
  static void reset(bench_board& board, std::uint64_t total) {
    board.total = total;
    board.begin_ns = board.end_ns = board.publish_ns = 0;
    board.handled = board.sum = board.missed = board.disorder = board.copies = 0;
    board.failure = 0;
  }

  void check() const {
    for (const auto& board : boards_) {
      if (board->failure != 0) {
        throw std::runtime_error("a call of the bench plugin answered status " +
                                 std::to_string(board->failure));
      }
    }
  }

 private:
  std::vector<std::unique_ptr<bench_board>> boards_;
  sem_t done_{};
};

// On the instance's strand: the first event of a round.
inline void wake(const bench_board& board) {
  if (board.core->post(board.host, board.instance, 0) < 0) {
    throw std::runtime_error("the bench plugin cannot be woken");
  }
}

}  // namespace bench
