// tests/stress/misuse/misuse_test.cpp - millions of wrong calls through the law's tables, among
// right ones: errors come back and nothing else happens.
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "host/message/pool.hpp"
#include "host/registry/registry.hpp"
#include "host/supervisor/supervisor.hpp"
#include "tests/stress/misuse/attacker.hpp"

namespace stress {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint64_t misuses_default = 500'000;  // the long run: STRESS_MISUSES=5000000
constexpr auto life_time = milliseconds(40);
constexpr std::uint64_t lives_max = 900;  // the supervisor keeps as many slots of former lives
constexpr auto patience = std::chrono::seconds(20);

std::string id_of(std::size_t number) {
  return "attacker" + std::to_string(number);
}

template <typename Condition>
bool eventually(Condition condition) {
  const auto give_up = steady_clock::now() + patience;
  while (!condition()) {
    if (steady_clock::now() > give_up) {
      return false;
    }
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

class Misuse : public testing::Test {
 protected:
  Misuse() {
    field_.seed = seed();
    for (std::size_t i = 0; i < attackers; ++i) {
      crew_.add(id_of(i), [this, i](const bp_host* host, bp_inst instance) {
        return std::make_unique<Attacker>(host, instance, field_, i);
      });
    }
    crew_.start();
  }

  void tell_all(std::uint64_t token) {
    for (std::size_t i = 0; i < attackers; ++i) {
      crew_.post(id_of(i), token);
    }
  }

  [[nodiscard]] bool nothing_waits() {
    for (const auto& entry : crew_.world().registry().channels()) {
      if (entry.channel->stats().depth != 0) {
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] bool all_hold(const host::slot::Holdings& wanted) {
    for (const auto& status : crew_.world().statuses()) {
      if (status.holds != wanted) {
        return false;
      }
    }
    return true;
  }

  std::string held() {
    std::string told;
    for (const auto& status : crew_.world().statuses()) {
      const auto& holds = status.holds;
      told +=
          fmt::format("{}: {} ends, {} services, {} calls, {} to answer, {} timers, {} leases\n",
                      status.id, holds.channel_ends, holds.services, holds.calls_made,
                      holds.calls_to_answer, holds.timers, holds.leases);
    }
    for (const auto& entry : crew_.world().registry().channels()) {
      told += fmt::format("{}: {} waiting\n", entry.channel->settings().name,
                          entry.channel->stats().depth);
    }
    return told;
  }

  Field field_;
  Crew crew_{2};
};

TEST_F(Misuse, IsAnsweredByErrorsAndLeavesNothingBehind) {
  const std::uint64_t goal = setting("STRESS_MISUSES", misuses_default);
  const auto began = steady_clock::now();
  field_.misuses.store(0);  // what was done while the last of them started does not count
  while (field_.misuses.load(std::memory_order_relaxed) < goal && field_.findings().empty()) {
    std::this_thread::sleep_for(life_time);
    if (field_.lives.load() < lives_max) {
      crew_.restart(id_of(field_.lives.load() % attackers));
    }
  }
  field_.calm.store(true, std::memory_order_release);
  const auto took = std::chrono::duration<double>(steady_clock::now() - began).count();
  fmt::print("{} misuses among {} right uses and {} messages, {} lives, {:.1f} s\n",
             field_.misuses.load(), field_.uses.load(), field_.messages.load(), field_.lives.load(),
             took);
  EXPECT_EQ(field_.findings(), "");

  tell_all(be_calm);
  // Who is not calm yet may send to those who close their ends already; and what was handed back
  // waits for its next try, in no queue.
  EXPECT_TRUE(eventually([this] {
    return field_.calmed.load(std::memory_order_acquire) == attackers && nothing_waits() &&
           crew_.world().pool().bytes_in_use() == 0;
  })) << held();
  tell_all(close_all);
  const host::slot::Holdings services_only{.services = 2};
  EXPECT_TRUE(eventually([&] { return all_hold(services_only); })) << held();
  EXPECT_TRUE(eventually([this] { return crew_.world().pool().bytes_in_use() == 0; }))
      << crew_.world().pool().bytes_in_use() << " bytes of messages are left\n"
      << held();

  // A full round trip, as if nothing had been.
  tell_all(open_finale);
  ASSERT_TRUE(eventually([&] { return crew_.world().statuses()[0].holds.channel_ends == 1; }));
  tell_all(begin_finale);
  EXPECT_TRUE(eventually([this] {
    return field_.arrived.load() == finale_messages * attackers &&
           field_.answered.load() == finale_calls * attackers;
  })) << field_.arrived.load()
      << " messages arrived, " << field_.answered.load() << " calls were answered";
  EXPECT_EQ(field_.refused.load(), 0U);
  tell_all(close_all);
  EXPECT_TRUE(eventually([this] { return all_hold({}); })) << held();
  EXPECT_TRUE(eventually([this] { return crew_.world().pool().bytes_in_use() == 0; }));
}

}  // namespace
}  // namespace stress
