// tests/stress/traffic/player.hpp - one life of a player: opens, closes, sends, takes, calls,
// answers and pauses at random, by the law, on its strand and on a thread of its own.
//
// Owns: its thread. Thread: strand, except where said. Errors: findings of the scene.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/stress/traffic/scene.hpp"

namespace stress {

// Of each of the two threads of a player.
inline constexpr std::size_t senders_max = 5;

// Tokens of posts and timers.
enum : std::uint64_t { play_on = 1, settle_down = 2, leave_all = 3 };

class Player final : public Life {
 public:
  Player(const bp_host* its_host, bp_inst its_instance, Scene& scene, std::size_t number);
  ~Player() override;

  void on_event(const bp_event& event) override;

 private:
  struct Parcel {
    std::uint64_t ticket;
    std::uint64_t number;  // of its sending end, rising
    std::uint32_t sender;
    std::uint32_t bytes;
    std::uint64_t sum;
  };

  struct SendingEnd {
    bp_chan handle = 0;
    std::size_t channel = 0;
    std::uint32_t sender = 0;
    std::uint64_t number = 0;
  };

  struct ReceivingEnd {
    bp_chan handle = 0;
    std::size_t channel = 0;
    bool paused = false;
    std::map<std::uint32_t, std::uint64_t> last;  // of a broadcast: the newest of each sending end
  };

  struct Kept {
    bp_buf lease{};
    std::size_t channel = 0;
    std::uint64_t ticket = 0;
  };

  // What one of the two threads does; sending ends are its own.
  struct Hand {
    Chance chance;
    bool strand;
    std::vector<SendingEnd> senders;
  };

  // player.cpp
  void start(const bp_event& event);
  void stop(const bp_event& event);
  void provide();
  void on_message(const bp_event& event);
  void on_answer(const bp_event& event);
  void own_thread();
  void end_thread();
  void settle();
  void leave();
  bp_status inline_answer(const bp_buf& request, bp_buf& reply);

  // moves.cpp
  void move(Hand& hand);
  void open_sender(Hand& hand);
  void open_receiver(std::size_t channel, Chance& chance);
  void close_sender(Hand& hand);
  void close_receiver(Chance& chance);
  void pause_or_resume(Chance& chance);
  void send_some(Hand& hand);
  [[nodiscard]] bool send_one(Hand& hand, SendingEnd& end);
  [[nodiscard]] bool send_spans(Hand& hand, SendingEnd& end);
  bp_status send_parcel(Hand& hand, SendingEnd& end, bp_buf& room, std::uint64_t ticket);
  [[nodiscard]] std::uint64_t fill(SendingEnd& end, std::byte* to, std::size_t bytes);
  void settle_one(Hand& hand);
  void forward(Hand& hand, Kept& kept);
  void call_some(Hand& hand);
  void answer_one(Hand& hand);
  void set_timer(Hand& hand);
  void run_job();

  void expect(const char* what, bp_status status, std::initializer_list<bp_status> allowed);

  // Open calls and confirmed sends, by token.
  [[nodiscard]] std::uint64_t expect_answer();
  bool answer_came(std::uint64_t token);

  Scene& scene_;
  const std::size_t number_;
  Hand strand_;
  Hand own_;
  std::vector<ReceivingEnd> receivers_;  // token: channel + first_channel_token
  Bag<SendingEnd> senders_for_own_;
  Bag<Kept> kept_;
  Bag<bp_call> to_answer_;
  Bag<std::pair<bp_call, std::uint64_t>> may_cancel_;
  Bag<bp_timer> timers_;
  std::array<bp_svc, players> required_{};
  bp_svc provided_ = 0;
  bp_op stop_op_ = 0;

  std::mutex mutex_;
  std::set<std::uint64_t> open_answers_;
  std::uint64_t last_token_ = 1'000;

  std::atomic<bool> stopping_{false};
  std::atomic<bool> complete_stop_{false};
  std::atomic<bool> end_{false};
  std::thread thread_;
};

}  // namespace stress
