// tests/stress/allocations/allocations_test.cpp - what messages and calls between two plugins take
// from the heap, after a warm-up: nothing, or exactly so much.
//
// A thread of plugin "source" sends; the strand of "middle" takes each message and does one thing
// with it; what that leads to ends on the strand of "end".
#include <atomic>
#include <cstring>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/stress/allocations/counting.hpp"
#include "tests/stress/crew.hpp"

namespace stress {
namespace {

constexpr std::uint64_t rounds = 20'000;
constexpr std::uint64_t warm_up_rounds = 20'000;
constexpr std::uint32_t capacity = 1'024;
// How far the source may be ahead of what its messages led to. Warm-up goes further: a lane grows
// with what waits in it, and how much that is depends on who gets the processor.
constexpr std::uint64_t ahead_max = 128;
constexpr std::uint64_t warm_up_ahead_max = 512;

// What is done with each message.
enum class Deed : std::uint32_t {
  nothing,
  reserve_and_send,
  publish_spans,
  broadcast,
  send_letter,
  send_large,
  send_confirmed,
  retain_and_ack,
  retain_and_forward,
  call_inline,
  call_queued,
  post,
  timer
};

struct Board {
  std::atomic<Deed> deed{Deed::nothing};
  std::atomic<std::uint64_t> wanted{0};  // messages the source shall have sent
  std::atomic<std::uint64_t> sent{0};    // by the source
  std::atomic<std::uint64_t> ahead{warm_up_ahead_max};
  std::atomic<bool> hold{false};           // the middle waits in its handler
  std::atomic<std::uint64_t> followed{0};  // what the deeds led to
  std::atomic<std::uint64_t> failures{0};
  std::atomic<bool> end{false};

  void followed_one() { followed.fetch_add(1, std::memory_order_release); }

  void check(bp_status status) { failures.fetch_add(status < 0 ? 1U : 0U); }
};

class Source final : public Life {
 public:
  Source(const bp_host* its_host, bp_inst its_instance, Board& board)
      : Life(its_host, its_instance), board_(board) {}

  ~Source() override {
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  void on_event(const bp_event& event) override {
    if (event.type == BP_EV_START) {
      bp_chan_desc wanted = desc("alloc.first", BP_KIND_QUEUE, BP_DIR_SEND);
      wanted.capacity = capacity;
      out_ = open(wanted, 1);
      thread_ = std::thread([this] { send_all(); });
    }
    if (event.type < BP_EV_MESSAGE) {
      complete(event);
    }
  }

 private:
  void send_all() {
    std::uint64_t sent = 0;
    while (!board_.end.load(std::memory_order_acquire)) {
      if (sent >= board_.wanted.load(std::memory_order_acquire) ||
          sent - board_.followed.load(std::memory_order_acquire) >= board_.ahead.load()) {
        std::this_thread::yield();
        continue;
      }
      bp_buf room{};
      board_.check(chan->reserve(host, out_, 64, &room));
      std::memcpy(room.data, &sent, sizeof sent);
      board_.check(chan->send(host, out_, &room));
      board_.sent.store(++sent, std::memory_order_release);
    }
  }

  Board& board_;
  bp_chan out_ = 0;
  std::thread thread_;
};

class Middle final : public Life {
 public:
  Middle(const bp_host* its_host, bp_inst its_instance, Board& board)
      : Life(its_host, its_instance), board_(board) {}

  void on_event(const bp_event& event) override {
    switch (event.type) {
      case BP_EV_START:
        start();
        complete(event);
        return;
      case BP_EV_MESSAGE:
        act(event);
        return;
      case BP_EV_REPLY:
      case BP_EV_CONFIRMED:
        board_.check(event.status);
        [[fallthrough]];
      case BP_EV_POSTED:
      case BP_EV_TIMER:
        board_.followed_one();
        return;
      default:
        if (event.type < BP_EV_MESSAGE) {
          complete(event);
        }
        return;
    }
  }

 private:
  void start() {
    bp_chan_desc wanted = desc("alloc.first", BP_KIND_QUEUE, BP_DIR_RECEIVE);
    wanted.capacity = capacity;
    in_ = open(wanted, 1);
    wanted = desc("alloc.second", BP_KIND_QUEUE, BP_DIR_SEND);
    wanted.capacity = capacity;
    out_ = open(wanted, 1);
    wanted = desc("alloc.news", BP_KIND_BROADCAST, BP_DIR_SEND);
    wanted.capacity = capacity;
    news_ = open(wanted, 1);
    const bp_str name = text("alloc.service");
    board_.check(svc->require(host, instance, &name, 1, 0, 0, &service_, nullptr));
  }

  void send_lease(std::uint64_t bytes, bool confirmed) {
    bp_buf lease{};
    board_.check(core->alloc(host, instance, bytes, &lease));
    board_.check(confirmed ? chan->send_confirmed(host, out_, &lease, 1, nullptr)
                           : chan->send(host, out_, &lease));
  }

  void act(const bp_event& event) {
    while (board_.hold.load(std::memory_order_acquire)) {
      std::this_thread::yield();
    }
    std::uint64_t words[2] = {1, 2};
    bp_buf span{words, sizeof words, sizeof words, 0};
    bp_buf lease{};
    switch (board_.deed.load(std::memory_order_relaxed)) {
      case Deed::nothing:
        return board_.followed_one();
      case Deed::reserve_and_send:
        board_.check(chan->reserve(host, out_, 64, &lease));
        return board_.check(chan->send(host, out_, &lease));
      case Deed::publish_spans:
        return board_.check(chan->publish(host, out_, &span, 1, nullptr));
      case Deed::broadcast:
        return board_.check(chan->publish(host, news_, &span, 1, nullptr));
      case Deed::send_letter:
        return send_lease(64, false);
      case Deed::send_large:
        return send_lease(65'536, false);
      case Deed::send_confirmed:
        return send_lease(64, true);
      case Deed::retain_and_ack:
        lease = event.buf;
        board_.check(chan->retain(host, &lease));
        board_.check(chan->ack(host, &lease));
        return board_.followed_one();
      case Deed::retain_and_forward:
        lease = event.buf;
        board_.check(chan->retain(host, &lease));
        return board_.check(chan->send(host, out_, &lease));
      case Deed::call_inline:
        call(1, span);
        return board_.followed_one();
      case Deed::call_queued:
        return call(2, span);
      case Deed::post:
        return board_.check(core->post(host, instance, 1));
      case Deed::timer:
        return board_.check(core->timer(host, instance, 1, 0, 1, nullptr));
    }
  }

  void call(std::uint32_t method, bp_buf& request) {
    bp_buf reply{};
    bp_call made = 0;
    const bp_status status =
        svc->call(host, service_, method, &request, 0, nullptr, 1, &reply, &made, nullptr);
    board_.check(status);
    if (status == BP_DONE) {
      board_.check(chan->release(host, &reply));
    }
  }

  Board& board_;
  bp_chan in_ = 0;
  bp_chan out_ = 0;
  bp_chan news_ = 0;
  bp_svc service_ = 0;
};

class End final : public Life {
 public:
  End(const bp_host* its_host, bp_inst its_instance, Board& board)
      : Life(its_host, its_instance), board_(board) {}

  void on_event(const bp_event& event) override {
    if (event.type == BP_EV_START) {
      start();
    }
    if (event.type == BP_EV_MESSAGE &&
        board_.deed.load(std::memory_order_relaxed) != Deed::send_confirmed) {
      board_.followed_one();
    } else if (event.type == BP_EV_CALL) {
      bp_buf answer{event.buf.data, event.buf.size, event.buf.size, 0};
      board_.check(svc->reply(host, event.handle, BP_OK, &answer, nullptr));
    } else if (event.type < BP_EV_MESSAGE) {
      complete(event);
    }
  }

 private:
  void start() {
    bp_chan_desc wanted = desc("alloc.second", BP_KIND_QUEUE, BP_DIR_RECEIVE);
    wanted.capacity = capacity;
    open_checked(wanted);
    wanted = desc("alloc.news", BP_KIND_BROADCAST, BP_DIR_RECEIVE);
    wanted.capacity = capacity;
    open_checked(wanted);
    bp_method methods[2]{};
    for (std::uint32_t i = 0; i < 2; ++i) {
      methods[i].struct_size = sizeof(bp_method);
      methods[i].id = i + 1;
      methods[i].name = text(i == 0 ? "Inline" : "Queued");
    }
    methods[0].flags = BP_METHOD_INLINE;
    methods[0].inline_fn = [](void*, std::uint32_t, const bp_buf* request, bp_buf* reply,
                              bp_error*) -> bp_status {
      std::memcpy(reply->data, request->data, request->size);
      reply->size = request->size;
      return BP_OK;
    };
    const bp_str name = text("alloc.service");
    board_.check(svc->provide(host, instance, &name, 1, 0, methods, sizeof(bp_method), 2, 1,
                              nullptr, nullptr));
  }

  void open_checked(const bp_chan_desc& wanted) {
    board_.check(open(wanted, 1) == 0 ? BP_E_UNKNOWN : BP_OK);
  }

  Board& board_;
};

class Allocations : public testing::Test {
 protected:
  Allocations() {
    // In this order: "middle" requires what "end" provides.
    crew_.add("a-end", [this](const bp_host* host, bp_inst instance) {
      return std::make_unique<End>(host, instance, board_);
    });
    crew_.add("b-middle", [this](const bp_host* host, bp_inst instance) {
      return std::make_unique<Middle>(host, instance, board_);
    });
    crew_.add("c-source", [this](const bp_host* host, bp_inst instance) {
      return std::make_unique<Source>(host, instance, board_);
    });
    crew_.start();
  }

  ~Allocations() override { board_.end.store(true); }

  // Allocations of `rounds` messages, and all that follows from them.
  std::uint64_t of(Deed deed) {
    board_.deed.store(deed);
    board_.ahead.store(warm_up_ahead_max);
    fill();
    run(warm_up_rounds);
    board_.ahead.store(ahead_max);
    count_allocations();
    run(rounds);
    const std::uint64_t counted = counted_allocations();
    EXPECT_EQ(board_.failures.load(), 0U);
    return counted;
  }

  Board board_;

 private:
  // As much waits as ever will.
  void fill() {
    board_.hold.store(true, std::memory_order_release);
    const std::uint64_t until = board_.wanted.load() + warm_up_ahead_max;
    board_.wanted.store(until, std::memory_order_release);
    while (board_.sent.load(std::memory_order_acquire) < until) {
      std::this_thread::yield();
    }
    board_.hold.store(false, std::memory_order_release);
  }

  void run(std::uint64_t count) {
    const std::uint64_t until = board_.wanted.load() + count;
    board_.wanted.store(until, std::memory_order_release);
    while (board_.followed.load(std::memory_order_acquire) < until) {
      std::this_thread::yield();
    }
  }

  Crew crew_{1};
};

TEST_F(Allocations, OfMessagesAndInlineCallsAreNone) {
  EXPECT_EQ(of(Deed::nothing), 0U) << "reserve and send on an own thread, delivery";
  EXPECT_EQ(of(Deed::reserve_and_send), 0U) << "on the strand";
  EXPECT_EQ(of(Deed::publish_spans), 0U);
  EXPECT_EQ(of(Deed::broadcast), 0U);
  EXPECT_EQ(of(Deed::call_inline), 0U);
}

// What has to be remembered beyond a turn has its price; here it is, so that nobody raises it.
TEST_F(Allocations, OfTheRestAreCounted) {
  struct Row {
    Deed deed;
    const char* what;
    double each_max;
  };

  static constexpr Row rows[] = {{Deed::send_letter, "alloc and send, 64 B", 0.1},
                                 {Deed::send_large, "alloc and send, 64 KiB", 3},
                                 {Deed::send_confirmed, "alloc and send_confirmed", 6},
                                 {Deed::retain_and_ack, "retain and ack", 1.5},
                                 {Deed::retain_and_forward, "retain and forward", 1.5},
                                 {Deed::call_queued, "queued call", 1.5},
                                 {Deed::post, "post", 0.1},
                                 {Deed::timer, "timer", 0.1}};
  for (const Row& row : rows) {
    const double each = static_cast<double>(of(row.deed)) / static_cast<double>(rounds);
    fmt::print("{:<26} {:.2f} allocations\n", row.what, each);
    EXPECT_LE(each, row.each_max) << row.what;
  }
}

}  // namespace
}  // namespace stress
