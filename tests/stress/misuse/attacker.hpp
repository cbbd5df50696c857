// tests/stress/misuse/attacker.hpp - one life of an attacker: a strand and a thread of its own,
// each with a hand.
//
// Owns: its thread. Thread: strand. Errors: findings of the field.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "tests/stress/misuse/hand.hpp"

namespace stress {

// Tokens of posts.
enum : std::uint64_t {
  go_on = 1,
  more_senders = 2,
  be_calm = 3,  // give everything back, read what is left
  close_all = 4,
  open_finale = 5,  // a round trip, as a well-behaved plugin makes it
  begin_finale = 6
};

inline constexpr std::uint64_t finale_messages = 2'000;
inline constexpr std::uint64_t finale_calls = 200;

[[nodiscard]] inline std::string service_name(std::size_t number) {
  return "misuse.service." + std::to_string(number);
}

class Attacker final : public Life {
 public:
  Attacker(const bp_host* host, bp_inst instance, Field& field, std::size_t number);
  ~Attacker() override;

  void on_event(const bp_event& event) override;
  void batch_ended() override;

 private:
  static bp_status BP_CALL answer(void* self, std::uint32_t method, const bp_buf* request,
                                  bp_buf* reply, bp_error* error);
  bp_status answer_badly(bp_buf& reply);

  void start(const bp_event& event);
  void stop(const bp_event& event);
  void on_message(const bp_event& event);
  void on_call(const bp_event& event);
  void on_posted(std::uint64_t token);
  void open_senders(Hand& hand);
  void open_receivers();
  void become_calm();
  void end_thread();
  void own_thread();
  void open_finale_ends();
  void begin_finale_round();

  Field& field_;
  const std::size_t number_;
  Hand strand_;
  Hand own_;
  std::vector<bp_handle> lent_;  // of this batch: dead when it ends
  std::atomic<bool> end_{false};
  bool finale_ = false;
  std::vector<bp_chan> receivers_;
  std::thread thread_;
};

}  // namespace stress
