// tests/host/slot/gate_test.cpp - who may be inside, and who only knocks.
#include "host/slot/gate.hpp"

#include <gtest/gtest.h>

namespace host::slot {
namespace {

constexpr std::uint64_t handle = handle_of(HandleKind::channel, 7, 3);
constexpr std::uint64_t stale = handle_of(HandleKind::channel, 6, 3);

TEST(Gate, AStaleHandleDoesNotPutOutWhoeverIsInside) {
  GateTable<CallGate> gates;
  CallGate* made = gates.prepare(handle);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(gates.enter(handle), nullptr) << "it is shut";
  GateTable<CallGate>::open(*made, handle);
  CallGate* gate = gates.enter(handle);
  ASSERT_EQ(gate, made);
  EXPECT_EQ(gates.enter(stale), nullptr);
  EXPECT_EQ(gates.enter(0), nullptr);
  EXPECT_TRUE(gate->occupied()) << "whoever shuts has to wait";
  gate->leave();
  EXPECT_EQ(gates.bar(stale), nullptr);
  EXPECT_EQ(gates.bar(handle), gate);
  EXPECT_EQ(gates.enter(handle), nullptr);
  EXPECT_FALSE(gate->occupied());
}

TEST(Gate, ALentReplyIsGivenUpOnceByWhomever) {
  CallGate gate;
  gate.leases.begin(5);
  for (const bool on_strand : {true, false}) {
    EXPECT_FALSE(gate.give_up(0, on_strand)) << "nothing is out";
    const bp_lease before = gate.leases.next(0);
    gate.lent.store(before);
    EXPECT_TRUE(gate.give_up(before, !on_strand));
    const bp_lease lease = gate.leases.next(0);
    gate.lent.store(lease);
    EXPECT_TRUE(gate.holds(lease));
    EXPECT_FALSE(gate.give_up(before, on_strand)) << "another one";
    EXPECT_TRUE(gate.give_up(lease, on_strand));
    EXPECT_FALSE(gate.give_up(lease, on_strand)) << "twice";
    EXPECT_FALSE(gate.holds(lease));
  }
}

}  // namespace
}  // namespace host::slot
