// tests/stress/misuse/hand.hpp - what one thread of an attacker holds, and the wrong and right
// things it does with it.
//
// Owns: the leases and handles in it. Thread: its own; give() any. Errors: findings of the field.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/stress/misuse/field.hpp"

namespace stress {

// Of handles: [kind 8][generation 32][index 24].
inline constexpr std::uint8_t kind_instance = 1;
inline constexpr std::uint8_t kind_lease = 2;
inline constexpr std::uint8_t kind_channel = 3;
inline constexpr std::uint8_t kind_service = 4;
inline constexpr std::uint8_t kind_call = 5;
inline constexpr std::uint8_t kind_operation = 6;
inline constexpr std::uint8_t kind_timer = 7;
inline constexpr std::uint8_t kind_span = 8;
inline constexpr std::uint8_t kind_family = 9;
inline constexpr std::uint8_t kind_incoming = 10;

class Hand {
 public:
  Hand(const Life& life, Field& field, std::size_t number, bool on_strand, std::uint64_t seed)
      : life_(life), field_(field), number_(number), on_strand_(on_strand), chance_(seed) {}

  // Things that came on the strand, for the thread of this hand.
  void give_lease(const bp_buf& lease);
  void give_call(bp_call call);
  void give_sender(bp_chan sender);

  // A few right things and a few wrong ones.
  void step();

  // Everything is refused from now on: STOP was completed, or is about to be.
  void expect_refusals() { stopping_.store(true, std::memory_order_release); }

  // Each must be refused once STOP was completed.
  void try_after_stop();

  // Gives everything back.
  void let_go();

  // What the strand opened.
  bp_chan queue_in = 0;
  bp_chan broadcast_in = 0;
  bp_svc required = 0;
  bp_svc provided = 0;

  [[nodiscard]] Chance& chance() { return chance_; }

  // ---- misuse: the answer has to be an error
  void wrong(const char* what, bp_status status);

  // What names nothing of `kind` here: forged, dead, of another instance, or of another kind.
  [[nodiscard]] bp_handle bad(std::uint8_t kind);
  [[nodiscard]] bp_buf bad_lease();

  // Strand, in a handler: what an event lends is no lease yet.
  void misuse_lent(const bp_buf& lent);

 private:
  void right(const char* what, bp_status status);
  void take_what_was_given();

  void made(bp_handle handle) { field_.made[number_].put(handle); }

  void ended(bp_handle handle) { field_.dead.put(handle); }

  [[nodiscard]] bp_error* any_error();
  [[nodiscard]] std::string bad_name();

  // ---- right
  void use();
  void use_channel();
  void use_lease();
  void use_call();
  void answer_call();
  void use_timer();
  void use_span();
  void use_confirmed();
  void use_publish();

  // ---- wrong
  void misuse();
  void misuse_send();
  void misuse_send_parts();
  void misuse_reserve();
  void misuse_publish();
  void misuse_lease();
  void misuse_ends();
  void misuse_calls();
  void misuse_answers();
  void misuse_core();
  void misuse_extensions();
  void misuse_json();
  void misuse_open();
  void misuse_provide();

  template <typename Thing>
  [[nodiscard]] std::optional<Thing> take_one(std::vector<Thing>& things) {
    if (things.empty()) {
      return std::nullopt;
    }
    std::swap(things[chance_.below(things.size())], things.back());
    const Thing thing = things.back();
    things.pop_back();
    return thing;
  }

  [[nodiscard]] bp_chan any_sender() {
    return senders_.empty() ? 0 : senders_[chance_.below(senders_.size())];
  }

  const Life& life_;
  Field& field_;
  const std::size_t number_;
  const bool on_strand_;
  Chance chance_;
  std::atomic<bool> stopping_{false};

  std::vector<bp_chan> senders_;
  std::vector<bp_buf> rooms_;   // reserved
  std::vector<bp_buf> leases_;  // of the slab, or retained
  std::vector<bp_call> calls_made_;
  std::vector<bp_call> calls_to_answer_;
  std::vector<bp_timer> timers_;
  std::vector<bp_span> spans_;
  std::vector<std::byte> small_error_;

  std::mutex mutex_;
  std::vector<bp_buf> given_leases_;
  std::vector<bp_call> given_calls_;
  std::vector<bp_chan> given_senders_;
};

}  // namespace stress
