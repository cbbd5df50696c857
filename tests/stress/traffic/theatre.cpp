// tests/stress/traffic/theatre.cpp - the books of the host and of the players, compared.
#include "tests/stress/traffic/theatre.hpp"

#include <thread>

#include <fmt/format.h>

#include "host/message/pool.hpp"
#include "host/registry/registry.hpp"
#include "host/supervisor/supervisor.hpp"

namespace stress {

namespace {

constexpr auto patience = std::chrono::seconds(30);

template <typename Wrong>
std::string until_empty(Wrong wrong) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  for (;;) {
    std::string found = wrong();
    if (found.empty() || std::chrono::steady_clock::now() > give_up) {
      return found;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

Theatre::Theatre(std::uint64_t seed, std::uint64_t tickets_max)
    : scene_(seed, tickets_max), chance_(seed) {
  for (std::size_t i = 0; i < players; ++i) {
    crew_.add(id(i), [this, i](const bp_host* host, bp_inst instance) {
      return std::make_unique<Player>(host, instance, scene_, i);
    });
  }
  crew_.start();
}

void Theatre::restart_one() {
  crew_.restart(id(chance_.below(players)));
  ++restarts_;
}

void Theatre::tell_all(std::uint64_t token) {
  for (std::size_t i = 0; i < players; ++i) {
    crew_.post(id(i), token);
  }
}

std::uint64_t Theatre::given_up_by_policy() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < queues; ++i) {
    const auto stats =
        crew_.world().registry().find_channel(channel_plans[i].name)->channel->stats();
    sum += stats.dropped_oldest + stats.dead_lettered;
  }
  return sum;
}

// Of each queue: accepted = handled + dropped + dead letters.
std::string Theatre::unsettled() {
  std::string told;
  for (std::size_t i = 0; i < queues; ++i) {
    const auto found = crew_.world().registry().find_channel(channel_plans[i].name);
    if (!found) {
      continue;
    }
    const auto stats = found->channel->stats();
    const std::uint64_t accepted = scene_.ledger.accepted_of(i);
    const std::uint64_t handled = scene_.ledger.handled_of(i);
    const std::uint64_t ended = handled + stats.dropped_oldest + stats.dead_lettered;
    if (accepted != ended || stats.depth != 0) {
      told += fmt::format(
          "{}: {} accepted, {} handled, {} dropped as oldest, {} dead letters, {} waiting\n",
          channel_plans[i].name, accepted, handled, stats.dropped_oldest, stats.dead_lettered,
          stats.depth);
    }
  }
  if (const std::uint64_t open = scene_.open_answers.load(); open != 0) {
    told += fmt::format("{} calls or confirmed sends without an answer\n", open);
  }
  return told;
}

std::string Theatre::held() {
  std::string told;
  for (const auto& status : crew_.world().statuses()) {
    const host::slot::Holdings& holds = status.holds;
    if (holds != host::slot::Holdings{}) {
      told += fmt::format(
          "{} holds {} ends, {} services, {} calls made, {} to answer, {} timers, {} leases\n",
          status.id, holds.channel_ends, holds.services, holds.calls_made, holds.calls_to_answer,
          holds.timers, holds.leases);
    }
  }
  if (const std::size_t bytes = crew_.world().pool().bytes_in_use(); bytes != 0) {
    told += fmt::format("{} bytes of messages are left\n", bytes);
  }
  return told;
}

std::string Theatre::rest() {
  scene_.calm.store(true, std::memory_order_release);
  tell_all(settle_down);
  std::string wrong = until_empty([this] { return unsettled(); });
  tell_all(leave_all);
  wrong += until_empty([this] { return held(); });
  const Ledger::Balance balance = scene_.ledger.balance();
  if (balance.twice != 0) {
    wrong += fmt::format("{} messages were handled more than once\n", balance.twice);
  }
  if (const std::uint64_t given_up = given_up_by_policy(); balance.unhandled > given_up) {
    wrong += fmt::format("{} messages were not handled, {} were given up by policy\n",
                         balance.unhandled, given_up);
  }
  return wrong + scene_.findings();
}

std::string Theatre::report() {
  std::uint64_t accepted = 0;
  std::uint64_t handled = 0;
  for (std::size_t i = 0; i < queues; ++i) {
    accepted += scene_.ledger.accepted_of(i);
    handled += scene_.ledger.handled_of(i);
  }
  std::uint64_t published = 0;
  for (std::size_t i = queues; i < channels; ++i) {
    published += scene_.ledger.accepted_of(i);
  }
  return fmt::format(
      "queues: {} accepted, {} handled, {} given up by policy; broadcasts: {} published, {} heard, "
      "{} missed; {} confirmed; {} queued calls, {} answered, {} cancelled, {} ended by STOP; {} "
      "ends opened; {} restarts",
      accepted, handled, given_up_by_policy(), published, scene_.heard.load(), scene_.missed.load(),
      scene_.confirmed.load(), scene_.calls.load(), scene_.replies.load(),
      scene_.calls_cancelled.load(), scene_.calls_given_up_by_stop.load(), scene_.opened.load(),
      restarts_);
}

}  // namespace stress
