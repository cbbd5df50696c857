// tests/bench/ours/channels.cpp - messages through a channel, between plugins in files of their
// own.
#include <algorithm>
#include <memory>
#include <utility>

#include "tests/bench/ours/boards.hpp"
#include "tests/bench/ours/ours.hpp"
#include "tests/bench/ours/world.hpp"

namespace bench {

namespace {

constexpr unsigned strands_of_one_core = 1;
constexpr unsigned strands_of_two_cores = 2;
constexpr std::uint32_t forward_batch = 16;      // few enough for 64 KiB each to stay in a cache
constexpr std::uint32_t sleep_gap_ns = 300'000;  // the receiver is asleep by then

struct Shape {
  unsigned workers = 1;
  unsigned senders = 1;
  unsigned receivers = 1;
  std::uint32_t message_bytes = 16;
  std::uint32_t touch_bytes = 16;
  bool broadcast = false;
  bool own_thread = false;  // the senders'
  bool relay = false;       // between sender and receiver
  bool in_place = false;    // reserve and send; small messages are copied in a handful at a time
  std::uint32_t gap_ns = 0;
  std::uint32_t batch = bench::batch;
  const char* receiver = "receiver";
};

// Senders, perhaps a relay, receivers; one host.
class Stream {
 public:
  Stream(Place& place, const Shape& shape) : shape_(shape) {
    std::vector<Card> cards;
    for (unsigned i = 0; i < shape.receivers; ++i) {
      receivers_.push_back(&make(place, shape.receiver, i, cards));
      receivers_.back()->in = shape.relay ? "bench.second" : "bench.first";
    }
    if (shape.relay) {
      bench_board& relay = make(place, "relay", 0, cards);
      relay.in = "bench.first";
      relay.out = "bench.second";
    }
    for (unsigned i = 0; i < shape.senders; ++i) {
      senders_.push_back(&make(place, "sender", i, cards));
      senders_.back()->out = "bench.first";
      senders_.back()->followers = receivers_.data();
      const bool follows = shape.broadcast || shape.gap_ns != 0;
      senders_.back()->n_followers = follows ? shape.receivers : 0;
    }
    if (shape.gap_ns != 0) {
      // The sender spins on one processor, the host's workers sleep on another.
      senders_.front()->processor = Processors(0).number() + 1;
      const Processors second(1);
      start(place, cards);
    } else {
      start(place, cards);
    }
  }

  Sample round(std::uint64_t count) {
    const std::uint64_t each = std::max<std::uint64_t>(count / shape_.senders, 1);
    const std::uint64_t total = each * shape_.senders;
    if (shape_.gap_ns != 0) {
      samples_.assign(total, 0);
    }
    for (bench_board* receiver : receivers_) {
      Boards::reset(*receiver, total);
      receiver->samples = samples_.data();
    }
    for (bench_board* sender : senders_) {
      Boards::reset(*sender, each);
      shape_.own_thread ? static_cast<void>(sem_post(&sender->go)) : wake(*sender);
    }
    world_->wait(boards_.done(), shape_.senders + shape_.receivers);
    boards_.check();
    for (const bench_board* receiver : receivers_) {
      expect_equal(receiver->handled, total, "messages received");
      expect_equal(receiver->missed, 0, "messages missed");
      expect_equal(receiver->disorder, 0, "messages out of order");
      expect_equal(receiver->sum, shape_.senders * bench_expected(each, shape_.touch_bytes),
                   "checksum of messages");
      if (shape_.relay && shape_.message_bytes > shape_.touch_bytes) {
        expect_equal(receiver->copies, 0, "large messages that were copied");
      }
    }
    return sample(total);
  }

 private:
  bench_board& make(Place& place, const char* plugin, unsigned number, std::vector<Card>& cards) {
    bench_board& board = boards_.add();
    board.kind = shape_.broadcast ? BP_KIND_BROADCAST : BP_KIND_QUEUE;
    board.message_bytes = shape_.message_bytes;
    board.touch_bytes = shape_.touch_bytes;
    board.batch = shape_.batch;
    board.own_thread = shape_.own_thread ? 1 : 0;
    board.in_place =
        shape_.in_place || shape_.relay || shape_.gap_ns != 0 || shape_.message_bytes > 64 ? 1 : 0;
    board.mark_address = shape_.relay ? 1 : 0;
    board.gap_ns = shape_.gap_ns;
    board.ordered = shape_.senders == 1 ? 1 : 0;
    cards.push_back({std::string(plugin) + std::to_string(number), place.copy_of(plugin), &board});
    return board;
  }

  void start(Place& place, const std::vector<Card>& cards) {
    world_ = std::make_unique<World>(place, shape_.workers, cards);
    world_->start();
  }

  Sample sample(std::uint64_t total) {
    if (shape_.gap_ns != 0) {
      std::ranges::nth_element(samples_, samples_.begin() + static_cast<std::ptrdiff_t>(total / 2));
      return {static_cast<double>(samples_[total / 2]), 0};
    }
    std::uint64_t begin = senders_.front()->begin_ns;
    std::uint64_t end = senders_.front()->end_ns;
    for (const bench_board* sender : senders_) {
      begin = std::min(begin, sender->begin_ns);
    }
    for (const bench_board* receiver : receivers_) {
      end = std::max(end, receiver->end_ns);
    }
    return {per_operation(begin, end, total),
            static_cast<double>(senders_.front()->publish_ns) / static_cast<double>(total)};
  }

  Shape shape_;
  Boards boards_;
  std::vector<bench_board*> senders_;
  std::vector<bench_board*> receivers_;
  std::vector<std::uint32_t> samples_;
  std::unique_ptr<World> world_;  // ends before the boards
};

Contender contender(Place& place, std::string row, std::string name, const Shape& shape,
                    std::uint64_t count_max = 0) {
  return {std::move(row), std::move(name),
          [&place, shape]() -> Round {
            auto stream = std::make_shared<Stream>(place, shape);
            return [stream](std::uint64_t count) { return stream->round(count); };
          },
          count_max};
}

}  // namespace

Contenders channel_contenders(Place& place) {
  constexpr unsigned one = strands_of_one_core;
  constexpr unsigned two = strands_of_two_cores;
  Contenders all{
      contender(place, "one_thread", "backplane", {.workers = one}),
      contender(place, "one_thread", "backplane in place", {.workers = one, .in_place = true}),
      contender(place, "one_thread", "backplane C++ layer", {.workers = one, .receiver = "reader"}),
      contender(place, "1p1c", "backplane", {.workers = two, .batch = capacity}),
      contender(place, "1p1c", "backplane own thread", {.workers = one, .own_thread = true}),
      contender(place, "2p1c", "backplane", {.workers = two, .senders = 2, .batch = capacity}),
      contender(place, "2p1c", "backplane own thread",
                {.workers = one, .senders = 2, .own_thread = true}),
      contender(place, "4k", "backplane",
                {.workers = two, .message_bytes = 4'096, .touch_bytes = 4'096, .batch = capacity}),
      contender(place, "4k", "backplane own thread",
                {.workers = one, .message_bytes = 4'096, .touch_bytes = 4'096, .own_thread = true}),
      contender(place, "no_subscriber", "backplane",
                {.workers = one, .receivers = 0, .broadcast = true, .batch = 65'536}),
      contender(place, "forward", "backplane 64 B",
                {.workers = one,
                 .message_bytes = 64,
                 .touch_bytes = 64,
                 .relay = true,
                 .batch = forward_batch}),
      contender(place, "forward", "backplane 64 KiB",
                {.workers = one,
                 .message_bytes = 65'536,
                 .touch_bytes = 64,
                 .relay = true,
                 .batch = forward_batch}),
      contender(place, "idle", "backplane",
                {.workers = one, .own_thread = true, .gap_ns = sleep_gap_ns}, 2'000),
  };
  for (const unsigned subscribers : {1U, 8U, 64U}) {
    all.push_back(contender(place, "broadcast", "backplane " + std::to_string(subscribers),
                            {.workers = one, .receivers = subscribers, .broadcast = true}));
  }
  return all;
}

}  // namespace bench
