// tests/sdk/testing/fake_host_test.cpp - the fake host holds a plugin in plain C to the law.
#include "backplane/testing/fake_host.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

using bp::testing::fate;
using namespace std::chrono_literals;

namespace {

/// A plugin by hand: no C++ layer between it and the host.
struct Raw {
  const bp_host* host;
  bp_inst instance;
  const bp_core* core;
  const bp_chan_api* chan;
  bp_buf kept{};

  static bp_status BP_CALL create(const bp_host* host, bp_inst instance, void** self,
                                  bp_error* /*why*/) {
    *self = new Raw{host, instance, static_cast<const bp_core*>(host->query(host, BP_CORE_ID)),
                    static_cast<const bp_chan_api*>(host->query(host, BP_CHAN_ID))};
    return host->query(host, "bp.unknown/1") == nullptr ? BP_OK : BP_E_UNKNOWN;
  }

  static void BP_CALL destroy(void* self) { delete static_cast<Raw*>(self); }

  static void BP_CALL on_events(void* self, const bp_event* first, std::uint32_t /*stride*/,
                                std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      static_cast<Raw*>(self)->take(first[i]);
    }
  }

  void take(const bp_event& event) {
    if (event.type == BP_EV_START) {
      bp_chan_desc desc{};
      desc.struct_size = sizeof(desc);
      desc.kind = BP_KIND_QUEUE;
      desc.direction = BP_DIR_RECEIVE;
      desc.name = {"in", 2};
      bp_chan channel = 0;
      core->complete(host, event.handle, chan->open(host, instance, &desc, 5, &channel, nullptr),
                     nullptr);
    } else if (event.type == BP_EV_MESSAGE && event.buf.size == 4) {
      kept = event.buf;
      chan->retain(host, &kept);
    } else if (event.type == BP_EV_TIMER) {
      chan->nack(host, &kept, 0, BP_E_BUSY, nullptr);
      EXPECT_EQ(chan->ack(host, &kept), BP_E_STALE) << "a lease ends once";
    } else if (event.type < BP_EV_MESSAGE && event.type != BP_EV_SAVE) {
      core->complete(host, event.handle, BP_OK, nullptr);
      EXPECT_EQ(core->complete(host, event.handle, BP_OK, nullptr), BP_E_STALE);
    }
    bp_timer timer = 0;
    core->timer(host, instance, core->now_ns(host) + 10, 0, 6, &timer);
  }
};

const bp_plugin raw_plugin{sizeof(bp_plugin), 0,      "raw", "1.0.0", &Raw::create, &Raw::destroy,
                           &Raw::on_events,   nullptr};
const bp_plugin* const raw_list[] = {&raw_plugin};
const bp_entry raw_entry{
    BP_ENTRY_MAGIC, sizeof(bp_entry), 1, 0, 0, 1, sizeof(void*), 0, 0, raw_list, "{}", 2};

TEST(FakeHost, AcknowledgesWhatWasNotRetained) {
  bp::testing::fake_host host(raw_entry);
  ASSERT_TRUE(host.start());
  const auto dropped = host.deliver("in", "abc");
  const auto kept = host.deliver("in", "abcd");
  EXPECT_EQ(host.fate_of(dropped), fate::acked);
  EXPECT_EQ(host.fate_of(kept), fate::pending);
  EXPECT_EQ(host.open_leases(), 1U);
  host.advance(10ns);
  EXPECT_EQ(host.fate_of(kept), fate::nacked);
  EXPECT_EQ(host.open_leases(), 0U);
}

TEST(FakeHost, SaysWhenAnOperationIsNotCompleted) {
  bp::testing::fake_host host(raw_entry);
  ASSERT_TRUE(host.start());
  const auto saved = host.save();
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code(), BP_E_TIMEOUT);
  EXPECT_TRUE(host.stop());
}

TEST(FakeHost, LeavesMessagesThatNobodyListensTo) {
  bp::testing::fake_host host(raw_entry);
  ASSERT_TRUE(host.start());
  EXPECT_EQ(host.fate_of(host.deliver("nowhere", "x")), fate::pending);
  EXPECT_EQ(host.answer_to(host.call("nobody", 1, ""))->status, BP_E_NOT_FOUND);
}

}  // namespace
