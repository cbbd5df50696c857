// tests/bench/plugins/reader/reader.cpp - the receiver once more, as the C++ layer writes it.
#include "backplane/cpp/plugin.hpp"

#include "../board.h"

namespace {

struct Config {
  std::uint64_t board = 0;
  static constexpr auto fields = bp::fields(bp::field<&Config::board>("board"));
};

class Reader {
 public:
  bp::result<void> start(bp::context& cx) {
    board_ = reinterpret_cast<bench_board*>(bp::value_of(cx.config<Config>()).board);
    const bp::channel_options options{
        .kind = board_->kind, .type = "bytes", .capacity = board_->capacity};
    cx.subscribe(board_->in, [this](const bp::message& m) { take(m.bytes()); }, options);
    return {};
  }

 private:
  void take(bp::bytes_view bytes) {
    if (board_->handled == 0) {
      next_ = 0;
    }
    if (bytes.size() != board_->message_bytes) {
      board_->failure = BP_E_CORRUPT;
    } else {
      const auto* words = reinterpret_cast<const std::uint64_t*>(bytes.data());
      board_->disorder |= board_->ordered != 0 ? words[0] ^ next_++ : 0;
      board_->sum += bench_sum(words, board_->touch_bytes);
    }
    if (++board_->handled == board_->total) {
      board_->end_ns = bench_now_ns();
      sem_post(board_->done);
    }
  }

  bench_board* board_ = nullptr;
  std::uint64_t next_ = 0;
};

}  // namespace

BACKPLANE_PLUGIN(Reader)
