// tests/host/slot/leases_test.cpp - what a plugin claims about a lease is checked against the
// host's record.
#include "host/slot/leases.hpp"

#include <gtest/gtest.h>

namespace host::slot {
namespace {

struct World {
  message::Pool pool;
  Leases leases{9};
  message::Message message;
  bp_lease handle = 0;
  bp_buf buf{};

  World() {
    message.block = pool.allocate(256);
    message.size = 256;
    handle = leases.add({message, nullptr, 0});
    buf = as_buf(message, handle);
  }
};

TEST(Leases, AnAlignedPartIsTaken) {
  World world;
  message::Message part;
  EXPECT_EQ(world.leases.part(world.buf, part), BP_OK);
  world.buf.data = static_cast<char*>(world.buf.data) + 32;
  world.buf.size = 100;
  EXPECT_EQ(world.leases.part(world.buf, part), BP_OK);
  EXPECT_EQ(part.offset, 32U);
  EXPECT_EQ(part.size, 100U);
}

TEST(Leases, ALieAboutMemoryIsRefused) {
  World world;
  message::Message part;
  bp_buf lie = world.buf;
  lie.size = lie.capacity + 1;
  EXPECT_EQ(world.leases.part(lie, part), BP_E_INVALID);
  lie = world.buf;
  lie.data = static_cast<char*>(lie.data) - 16;
  EXPECT_EQ(world.leases.part(lie, part), BP_E_INVALID);
  lie = world.buf;
  lie.data = static_cast<char*>(lie.data) + 1;
  lie.size = 8;
  EXPECT_EQ(world.leases.part(lie, part), BP_E_INVALID) << "not 16-aligned";
  lie = world.buf;
  lie.size = ~std::uint64_t{0};
  EXPECT_EQ(world.leases.part(lie, part), BP_E_INVALID);
  lie = world.buf;
  lie.data = nullptr;
  EXPECT_EQ(world.leases.part(lie, part), BP_E_INVALID);
  lie = world.buf;
  lie.lease += 1;
  EXPECT_EQ(world.leases.part(lie, part), BP_E_STALE);
}

}  // namespace
}  // namespace host::slot
