// tests/host/slot/channel_table_test.cpp - bp.chan/1 as a plugin calls it.
#include <cstddef>
#include <cstring>
#include <future>
#include <malloc.h>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/host/slot/fixture.hpp"

namespace host::slot {
namespace {

using SlotChannels = Instances;

TEST_F(SlotChannels, MessagesGoFromOneInstanceToAnother) {
  Actor& from = running("from");
  Actor& to = running("to");
  const bp_chan in = to.open("c", BP_KIND_QUEUE, BP_DIR_RECEIVE, 7);
  const bp_chan out = from.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 8);
  ASSERT_NE(in, 0U);
  ASSERT_NE(out, 0U);
  std::promise<std::string> got;
  to.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_MESSAGE && event.token == 7 && event.handle == in) {
      got.set_value(std::string(static_cast<const char*>(event.buf.data), event.buf.size));
    }
  };
  bp_buf buf{};
  ASSERT_EQ(from.chan()->reserve(from.host(), out, 5, &buf), BP_OK);
  std::memcpy(buf.data, "hello", 5);
  const bp_buf copy = buf;
  ASSERT_EQ(from.chan()->send(from.host(), out, &buf), BP_OK);
  EXPECT_EQ(buf.lease, 0U);
  EXPECT_EQ(got.get_future().get(), "hello");
  bp_buf again = copy;
  EXPECT_EQ(from.chan()->send(from.host(), out, &again), BP_E_STALE) << "sent twice";
  EXPECT_EQ(from.chan()->release(from.host(), &again), BP_E_STALE);
}

TEST_F(SlotChannels, WhatIsOnlyLentToAnEventIsNotThePluginsToGive) {
  Actor& from = running("from");
  Actor& to = running("to");
  ASSERT_NE(to.open("c", BP_KIND_QUEUE, BP_DIR_RECEIVE, 1), 0U);
  const bp_chan out = from.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 2);
  const bp_chan on = to.open("on", BP_KIND_QUEUE, BP_DIR_SEND, 3);
  std::promise<bp_buf> lent;
  to.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_MESSAGE) {
      bp_buf buf = event.buf;
      EXPECT_EQ(to.chan()->send(to.host(), on, &buf), BP_E_STALE);
      EXPECT_EQ(to.chan()->release(to.host(), &buf), BP_E_STALE);
      EXPECT_EQ(to.chan()->ack(to.host(), &buf), BP_E_STALE);
      bp_buf twice = event.buf;
      EXPECT_EQ(to.chan()->retain(to.host(), &buf), BP_OK);
      EXPECT_EQ(to.chan()->retain(to.host(), &twice), BP_E_STALE);
      EXPECT_EQ(to.chan()->release(to.host(), &buf), BP_OK);
      lent.set_value(event.buf);
    }
  };
  bp_buf buf{};
  ASSERT_EQ(from.chan()->reserve(from.host(), out, 1, &buf), BP_OK);
  ASSERT_EQ(from.chan()->send(from.host(), out, &buf), BP_OK);
  bp_buf late = lent.get_future().get();
  EXPECT_EQ(to.chan()->retain(to.host(), &late), BP_E_STALE) << "after its turn";
}

TEST_F(SlotChannels, RoomOfAnotherInstanceIsNotRoomOfThisOne) {
  Actor& mine = running("mine");
  Actor& other = running("other");
  const bp_chan out = mine.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 1);
  const bp_chan others = other.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 1);
  bp_buf room{};
  bp_buf foreign{};
  ASSERT_EQ(mine.chan()->reserve(mine.host(), out, 8, &room), BP_OK);
  ASSERT_EQ(other.chan()->reserve(other.host(), others, 8, &foreign), BP_OK);
  bp_buf copy = foreign;
  copy.size = 0;  // lies nowhere, so nothing but the lease tells whose it is
  EXPECT_EQ(mine.chan()->send(mine.host(), out, &copy), BP_E_STALE);
  EXPECT_EQ(mine.chan()->release(mine.host(), &copy), BP_E_STALE);
  EXPECT_EQ(mine.chan()->send(mine.host(), out, &room), BP_OK);
  EXPECT_EQ(other.chan()->send(other.host(), others, &foreign), BP_OK);
}

TEST_F(SlotChannels, AMessageThatWentBackToItsQueueIsNotAcknowledged) {
  Actor& from = running("from");
  Actor& slow = running("slow");
  ASSERT_NE(slow.open("c", BP_KIND_QUEUE, BP_DIR_RECEIVE, 1), 0U);
  const bp_chan out = from.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 2);
  std::promise<void> both;
  std::vector<bp_buf> kept;
  slow.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_MESSAGE) {
      kept.push_back(event.buf);
      EXPECT_EQ(slow.chan()->retain(slow.host(), &kept.back()), BP_OK);
      if (kept.size() == 2) {
        both.set_value();
      }
    }
  };
  for (int i = 0; i < 2; ++i) {
    bp_buf buf{};
    ASSERT_EQ(from.chan()->reserve(from.host(), out, 1, &buf), BP_OK);
    ASSERT_EQ(from.chan()->send(from.host(), out, &buf), BP_OK);
  }
  both.get_future().wait();
  slow.slot->withdraw(far());
  EXPECT_EQ(slow.chan()->ack(slow.host(), &kept[0]), BP_E_STALE);
  EXPECT_EQ(kept[0].lease, 0U) << "and the lease is gone";
  EXPECT_EQ(slow.chan()->nack(slow.host(), &kept[1], 0, BP_E_IO, nullptr), BP_E_STALE);
  const auto stats = stage_.registry.find_channel("c")->channel->stats();
  EXPECT_EQ(stats.acknowledged, 0U);
  EXPECT_EQ(stats.depth, 2U);
}

TEST_F(SlotChannels, RoomOfALaneMaySendAPartGoElsewhereOrComeBack) {
  Actor& from = running("from");
  Actor& to = running("to");
  ASSERT_NE(to.open("a", BP_KIND_QUEUE, BP_DIR_RECEIVE, 1), 0U);
  ASSERT_NE(to.open("b", BP_KIND_QUEUE, BP_DIR_RECEIVE, 2), 0U);
  const bp_chan a = from.open("a", BP_KIND_QUEUE, BP_DIR_SEND, 1);
  const bp_chan b = from.open("b", BP_KIND_QUEUE, BP_DIR_SEND, 2);
  std::mutex mutex;
  std::vector<std::string> got;
  std::promise<void> all;
  to.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_MESSAGE) {
      const std::lock_guard lock(mutex);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(event.buf.data) % lease_alignment_bytes, 0U);
      got.push_back((event.token == 1 ? "a:" : "b:") +
                    std::string(static_cast<const char*>(event.buf.data), event.buf.size));
      if (got.size() == 4) {
        all.set_value();
      }
    }
  };
  const auto reserve = [&](bp_chan channel, std::string_view text) {
    bp_buf buf{};
    EXPECT_EQ(from.chan()->reserve(from.host(), channel, text.size(), &buf), BP_OK);
    std::memcpy(buf.data, text.data(), text.size());
    return buf;
  };
  bp_buf part = reserve(a, "0123456789abcdefPART");
  part.data = static_cast<char*>(part.data) + 16;
  bp_buf lie = part;
  lie.size = 5;
  EXPECT_EQ(from.chan()->send(from.host(), a, &lie), BP_E_INVALID);
  part.size = 4;
  EXPECT_EQ(from.chan()->send(from.host(), a, &part), BP_OK);
  bp_buf elsewhere = reserve(a, "to b");
  EXPECT_EQ(from.chan()->send(from.host(), b, &elsewhere), BP_OK);
  bp_buf back = reserve(a, "unsent");
  bp_buf copy = back;
  EXPECT_EQ(from.chan()->release(from.host(), &back), BP_OK);
  EXPECT_EQ(from.chan()->send(from.host(), a, &copy), BP_E_STALE);
  bp_buf first = reserve(a, "first");
  bp_buf second = reserve(a, "second");
  EXPECT_EQ(from.chan()->send(from.host(), a, &second), BP_OK);
  EXPECT_EQ(from.chan()->send(from.host(), a, &first), BP_OK);
  all.get_future().wait();
  const std::lock_guard lock(mutex);
  std::erase(got, "b:to b");
  EXPECT_EQ(got, (std::vector<std::string>{"a:PART", "a:second", "a:first"}));
}

TEST_F(SlotChannels, AConfirmedSendIsAnsweredWhenARetainedMessageIsAcknowledged) {
  Actor& from = running("from");
  Actor& to = running("to");
  ASSERT_NE(to.open("c", BP_KIND_QUEUE, BP_DIR_RECEIVE, 1), 0U);
  const bp_chan out = from.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 2);
  std::promise<bp_buf> kept;
  std::promise<bp_status> confirmed;
  to.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_MESSAGE) {
      bp_buf buf = event.buf;
      EXPECT_EQ(to.chan()->retain(to.host(), &buf), BP_OK);
      kept.set_value(buf);
    }
  };
  from.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_CONFIRMED && event.token == 55) {
      confirmed.set_value(event.status);
    }
  };
  bp_buf buf{};
  ASSERT_EQ(from.chan()->reserve(from.host(), out, 1, &buf), BP_OK);
  bp_call call = 0;
  ASSERT_EQ(from.chan()->send_confirmed(from.host(), out, &buf, 55, &call), BP_OK);
  bp_buf retained = kept.get_future().get();
  auto answer = confirmed.get_future();
  EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  EXPECT_EQ(to.chan()->ack(to.host(), &retained), BP_OK);
  EXPECT_EQ(answer.get(), BP_OK);
}

TEST_F(SlotChannels, BadDescriptionsAreNamed) {
  Actor& actor = running("a");
  const auto refused = [&](auto change) {
    bp_chan_desc desc = Actor::desc("c", BP_KIND_QUEUE, BP_DIR_SEND);
    change(desc);
    bp_chan out = 0;
    return actor.chan()->open(actor.host(), actor.instance(), &desc, 1, &out, nullptr);
  };
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.struct_size = 8; }), BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.name = {"a b", 3}; }), BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.name = {"a\0b", 3}; }), BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.name = {nullptr, 0}; }), BP_E_INVALID);
  const std::string long_name(10'000, 'x');
  EXPECT_EQ(refused([&](bp_chan_desc& d) { d.name = {long_name.data(), long_name.size()}; }),
            BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.kind = 9; }), BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.group = {"g", 1}; }), BP_E_INVALID) << "a sending end";
  EXPECT_EQ(refused([](bp_chan_desc& d) {
              d.direction = BP_DIR_RECEIVE;
              d.group = {"a b", 3};
            }),
            BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) {
              d.direction = BP_DIR_RECEIVE;
              d.kind = BP_KIND_BROADCAST;
              d.group = {"g", 1};
            }),
            BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.flags = 1U << 20U; }), BP_E_TOO_NEW);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.capacity = ~0U; }), BP_E_RANGE);
}

TEST_F(SlotChannels, ANewerPluginsUnknownTailIsRefusedOnlyWhenItSaysSomething) {
  Actor& actor = running("a");

  struct Newer {
    bp_chan_desc desc;
    std::uint64_t extra;
  } newer{Actor::desc("c", BP_KIND_QUEUE, BP_DIR_SEND), 0};

  newer.desc.struct_size = sizeof newer;
  bp_chan out = 0;
  EXPECT_EQ(actor.chan()->open(actor.host(), actor.instance(), &newer.desc, 1, &out, nullptr),
            BP_OK);
  newer.extra = 1;
  EXPECT_EQ(actor.chan()->open(actor.host(), actor.instance(), &newer.desc, 1, &out, nullptr),
            BP_E_TOO_NEW);
}

TEST_F(SlotChannels, AConfirmedSendAfterStopIsAQuestionOfStateNotOfLoad) {
  Actor& actor = running("a");
  const bp_chan out = actor.open("c", BP_KIND_BROADCAST, BP_DIR_SEND, 8);
  bp_buf buf{};
  ASSERT_EQ(actor.chan()->reserve(actor.host(), out, 1, &buf), BP_OK);
  ASSERT_FALSE(actor.operate(BP_EV_STOP));
  bp_call call = 0;
  EXPECT_EQ(actor.chan()->send_confirmed(actor.host(), out, &buf, 55, &call), BP_E_STATE);
}

// The third consumer is of an older plugin: what its description does not have is not read.
TEST_F(SlotChannels, EachGroupOfConsumersGetsEveryMessage) {
  Actor& from = running("from");
  Actor& to = running("to");
  std::mutex mutex;
  std::multiset<std::uint64_t> got;
  std::promise<void> all;
  to.script.on_event = [&](const bp_event& event) {
    const std::lock_guard lock(mutex);
    if (event.type == BP_EV_MESSAGE && (got.insert(event.token), got.size() == 6)) {
      all.set_value();
    }
  };
  for (const std::uint64_t token : {1U, 2U, 3U}) {
    bp_chan_desc desc = Actor::desc("c", BP_KIND_QUEUE, BP_DIR_RECEIVE);
    desc.group = token == 1 ? bp_str{"a", 1} : bp_str{"b", 1};
    desc.struct_size = token == 3 ? offsetof(bp_chan_desc, group) : sizeof desc;
    bp_chan in = 0;
    ASSERT_EQ(to.chan()->open(to.host(), to.instance(), &desc, token, &in, nullptr), BP_OK);
  }
  const bp_chan out = from.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 9);
  for (int i = 0; i < 2; ++i) {
    bp_buf buf{};
    ASSERT_EQ(from.chan()->reserve(from.host(), out, 1, &buf), BP_OK);
    ASSERT_EQ(from.chan()->send(from.host(), out, &buf), BP_OK);
  }
  all.get_future().wait();
  const std::lock_guard lock(mutex);
  EXPECT_EQ(got, (std::multiset<std::uint64_t>{1, 1, 2, 2, 3, 3}));
}

TEST_F(SlotChannels, AChannelThatIsPausedWaitsAndThatIsClosedIsStale) {
  Actor& from = running("from");
  Actor& to = running("to");
  const bp_chan in = to.open("c", BP_KIND_QUEUE, BP_DIR_RECEIVE, 7);
  const bp_chan out = from.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 8);
  std::promise<void> got;
  to.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_MESSAGE) {
      got.set_value();
    }
  };
  ASSERT_EQ(to.chan()->pause(to.host(), in), BP_OK);
  bp_buf buf{};
  ASSERT_EQ(from.chan()->reserve(from.host(), out, 1, &buf), BP_OK);
  ASSERT_EQ(from.chan()->send(from.host(), out, &buf), BP_OK);
  auto arrived = got.get_future();
  EXPECT_EQ(arrived.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  ASSERT_EQ(to.chan()->resume(to.host(), in), BP_OK);
  arrived.wait();
  EXPECT_EQ(from.chan()->pause(from.host(), out), BP_E_INVALID) << "a sending end";
  EXPECT_EQ(to.chan()->reserve(to.host(), in, 1, &buf), BP_E_INVALID) << "a receiving end";
  EXPECT_EQ(to.chan()->close(to.host(), in), BP_OK);
  EXPECT_EQ(to.chan()->resume(to.host(), in), BP_E_STALE);
}

TEST_F(SlotChannels, AnActivityWordOutlivesItsEndAndItsChannel) {
  Actor& from = running("from");
  Actor& to = running("to");
  const bp_chan out = from.open("c", BP_KIND_BROADCAST, BP_DIR_SEND, 1);
  const bp_chan in = to.open("c", BP_KIND_BROADCAST, BP_DIR_RECEIVE, 2);
  const std::uint32_t* word = nullptr;
  const auto count = [&] { return __atomic_load_n(word, __ATOMIC_RELAXED); };
  ASSERT_EQ(from.chan()->activity(from.host(), out, &word), BP_OK);
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(to.chan()->activity(to.host(), in, &word), BP_E_INVALID);
  to.chan()->close(to.host(), in);
  while (count() != 0) {  // the strand may hold the end for a turn
    std::this_thread::yield();
  }
  ASSERT_NE(to.open("c", BP_KIND_BROADCAST, BP_DIR_RECEIVE, 3), 0U);
  EXPECT_EQ(count(), 1U);
  from.chan()->close(from.host(), out);
  EXPECT_EQ(from.chan()->activity(from.host(), out, &word), BP_E_STALE);
  to.slot->withdraw(far());
  while (stage_.registry.find_channel("c")) {  // as above
    std::this_thread::yield();
  }
  (void)count();  // still mapped: a sanitizer would tell
}

// Bytes that are in use; a sanitizer's allocator does not tell.
std::size_t bytes_in_use() {
  return mallinfo2().uordblks;
}

TEST_F(SlotChannels, TenThousandChannelsLeaveNothing) {
  constexpr std::size_t bytes_left_max = 64 * 1024;  // 6 of each channel
  Actor& from = running("from");
  const auto come_and_go = [&](const std::string& name) {
    const bp_chan out = from.open(name.c_str(), BP_KIND_BROADCAST, BP_DIR_SEND, 1);
    const std::uint32_t* word = nullptr;
    ASSERT_EQ(from.chan()->activity(from.host(), out, &word), BP_OK);
    ASSERT_EQ(from.chan()->close(from.host(), out), BP_OK);
  };
  for (int i = 0; i < 1'000; ++i) {  // tables have grown then
    come_and_go("warm" + std::to_string(i));
  }
  const std::size_t before = bytes_in_use();
  for (int i = 0; i < 10'000; ++i) {
    come_and_go("c" + std::to_string(i));
  }
  EXPECT_LE(bytes_in_use(), before + bytes_left_max);
  EXPECT_TRUE(stage_.registry.channels().empty());
}

}  // namespace
}  // namespace host::slot
