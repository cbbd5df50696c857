// tests/plugins/transport_ws/rpc/resume_test.cpp - a client that comes back: nothing lost, nothing
// twice, and the truth where something is gone.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fake_bus.hpp"
#include "fake_peer.hpp"
#include "rpc/gateway.hpp"

namespace transport_ws::rpc {
namespace {

GatewaySettings settings_of(std::size_t messages, std::uint32_t linger_ms = 60'000) {
  GatewaySettings settings;
  settings.history = {.messages_max = messages, .bytes_max = 1U << 20U, .linger_ms = linger_ms};
  settings.epochs = std::make_shared<Epochs>("e");
  return settings;
}

std::string subscribe(const std::string& more = {}) {
  return R"({"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"channel":"events")" + more +
         "}}";
}

std::string from(std::uint64_t seq, const std::string& epoch = "e.1") {
  return subscribe(R"(,"from":)" + std::to_string(seq) + R"(,"epoch":")" + epoch + '"');
}

// The positions of what a client got.
std::vector<std::uint64_t> seqs(const FakePeer& peer) {
  std::vector<std::uint64_t> all;
  for (const std::string& event : peer.events) {
    all.push_back(std::stoull(event.substr(event.find(R"("seq":)") + 6)));
  }
  return all;
}

class ResumeTest : public ::testing::Test {
 protected:
  void open(std::size_t messages = 100, std::uint32_t linger_ms = 60'000) {
    gateway = std::make_unique<Gateway>(bus, settings_of(messages, linger_ms), counters);
    gateway->enter(first);
    gateway->enter(second);
    gateway->enter(again);
  }

  std::string ask(FakePeer& peer, const std::string& text) {
    gateway->on_text(peer, text);
    return peer.take();
  }

  void publish(std::uint64_t seq) { bus.deliver("events", seq, std::to_string(seq)); }

  static std::string answer(const std::string& rest) {
    return R"({"jsonrpc":"2.0","id":1,"result":{"subscription":1,"epoch":"e.1",)" + rest + "}}";
  }

  FakeBus bus;
  FakePeer first{1};
  FakePeer second{2};
  FakePeer again{3};
  session::Counters counters;
  std::unique_ptr<Gateway> gateway;
};

TEST_F(ResumeTest, GoesOnWhereItWasCutOff) {
  open();
  EXPECT_EQ(ask(first, subscribe()), answer(R"("seq":null)"));
  EXPECT_EQ(ask(second, subscribe()), answer(R"("seq":null)"));
  publish(1);
  publish(2);
  first.full = true;
  publish(3);  // waits for the first
  EXPECT_EQ(first.cutoff, "too slow; resume from seq 3 of events");
  gateway->leave(first);  // it was cut off
  publish(4);
  EXPECT_EQ(ask(again, from(3)), answer(R"("seq":4,"resumed":true,"missed":0)"));
  publish(5);
  EXPECT_EQ(seqs(first), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(seqs(again), (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_EQ(seqs(second), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(again.frames[0], second.frames[2]);  // the very same bytes
  EXPECT_EQ(counters.replays.value(), 1U);
  EXPECT_EQ(counters.replayed_events.value(), 2U);
  EXPECT_EQ(counters.replay_gaps.value(), 0U);
}

TEST_F(ResumeTest, KeepsTheHistoryWhileNobodyFollows) {
  open();
  ask(first, subscribe());
  publish(1);
  gateway->leave(first);
  publish(2);
  EXPECT_EQ(*bus.held, 0);  // and does not slow the bus
  EXPECT_EQ(ask(again, from(2)), answer(R"("seq":2,"resumed":true,"missed":0)"));
  EXPECT_EQ(seqs(again), std::vector<std::uint64_t>{2});
}

TEST_F(ResumeTest, TellsHowManyAreGone) {
  open(2);
  ask(first, subscribe());
  for (std::uint64_t seq = 1; seq <= 6; ++seq) {
    publish(seq);
  }
  EXPECT_EQ(ask(again, from(2)), answer(R"("seq":6,"resumed":false,"missed":3)"));
  EXPECT_EQ(seqs(again), (std::vector<std::uint64_t>{5, 6}));
  EXPECT_EQ(counters.replay_gaps.value(), 1U);
  EXPECT_EQ(counters.replayed_events.value(), 2U);
}

TEST_F(ResumeTest, DoesNotLieAboutAnotherTime) {
  open();
  ask(first, subscribe());
  publish(1);
  EXPECT_EQ(ask(again, from(1, "before")), answer(R"("seq":1,"resumed":false,"missed":null)"));
  EXPECT_EQ(ask(second, from(50)), answer(R"("seq":1,"resumed":false,"missed":null)"));
  EXPECT_TRUE(again.events.empty());
  publish(2);
  EXPECT_EQ(seqs(again), std::vector<std::uint64_t>{2});
}

TEST_F(ResumeTest, HasAnotherEpochWhenTheChannelWasClosed) {
  open();
  ask(first, subscribe());
  publish(7);
  bus.tell("events", Bus::Closed{});
  ask(first, R"({"jsonrpc":"2.0","id":1,"method":"unsubscribe","params":{"subscription":1}})");
  EXPECT_EQ(ask(again, from(7)),
            R"({"jsonrpc":"2.0","id":1,"result":{"subscription":2,"epoch":"e.2","seq":null,)"
            R"("resumed":false,"missed":null}})");
}

// Nobody followed the channel for a while: it may have gone and be there again.
TEST_F(ResumeTest, DoesNotGoOnInAnotherLifeOfTheChannel) {
  open(100, 0);
  ask(first, subscribe());
  publish(1);
  publish(2);
  gateway->leave(first);
  while (!bus.sinks.empty()) {  // the clock moves on
    publish(2);
  }
  EXPECT_EQ(ask(second, subscribe()),
            R"({"jsonrpc":"2.0","id":1,"result":{"subscription":2,"epoch":"e.2","seq":null}})");
  for (std::uint64_t seq = 1; seq <= 5; ++seq) {  // counts from one again
    publish(seq);
  }
  EXPECT_EQ(ask(again, from(3)),
            R"({"jsonrpc":"2.0","id":1,"result":{"subscription":2,"epoch":"e.2","seq":5,)"
            R"("resumed":false,"missed":null}})");
  EXPECT_TRUE(again.events.empty());
}

// As long as another thread follows it, it is the same life, wherever a client comes back.
TEST_F(ResumeTest, HasOneEpochWhileAnyThreadFollows) {
  open(100, 0);
  GatewaySettings shared = settings_of(100);
  session::Counters others;
  FakePeer elsewhere(4);
  {
    gateway = std::make_unique<Gateway>(bus, shared, counters);
    gateway->enter(first);
    Gateway other(bus, shared, others);
    other.enter(elsewhere);
    ask(first, subscribe());
    other.on_text(elsewhere, subscribe());
    EXPECT_NE(elsewhere.take().find(R"("epoch":"e.1")"), std::string::npos);
    gateway = std::make_unique<Gateway>(bus, shared, counters);  // this thread lets it go
    gateway->enter(second);
    EXPECT_NE(ask(second, subscribe()).find(R"("epoch":"e.1")"), std::string::npos);
    gateway.reset();
    other.leave(elsewhere);
  }
  gateway = std::make_unique<Gateway>(bus, shared, counters);
  gateway->enter(again);
  EXPECT_NE(ask(again, subscribe()).find(R"("epoch":"e.2")"), std::string::npos);
}

TEST_F(ResumeTest, WaitsForRoomWhileItCatchesUp) {
  open();
  ask(second, subscribe());
  publish(1);
  publish(2);
  again.full = true;
  ask(again, from(1));
  EXPECT_TRUE(again.events.empty());
  EXPECT_EQ(again.cutoff, "too slow; resume from seq 1 of events");
  publish(3);
  EXPECT_EQ(*bus.held, 1);  // the history keeps what it still needs
  again.full = false;
  gateway->on_drained(again);
  EXPECT_EQ(seqs(again), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(seqs(second), (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(ResumeTest, IsForNewSubscriptions) {
  open();
  ask(first, subscribe());
  EXPECT_NE(ask(first, from(1)).find("-32602"), std::string::npos);
}

TEST_F(ResumeTest, LetsChannelsGoThatNobodyFollowsForLong) {
  open(100, 0);
  ask(first, subscribe());
  publish(1);
  gateway->leave(first);
  while (!bus.sinks.empty()) {  // the clock moves on
    publish(2);
  }
  open(0);
  ask(first, subscribe());
  gateway->leave(first);
  EXPECT_TRUE(bus.sinks.empty());  // without a history at once
}

TEST_F(ResumeTest, KeepsSoManyIdleChannelsAndNoMore) {
  open();
  for (std::size_t i = 0; i < history_idle_channels_max + 10; ++i) {
    gateway->keep("c" + std::to_string(i));
  }
  EXPECT_EQ(bus.sinks.size(), history_idle_channels_max);
}

TEST_F(ResumeTest, TellsOtherThreadsWhatIsFollowed) {
  open();
  std::vector<std::string> followed;
  gateway->share_channels([&](const std::string& channel) { followed.push_back(channel); });
  ask(first, subscribe());
  ask(second, subscribe());
  EXPECT_EQ(followed, std::vector<std::string>{"events"});
}

// Whatever the moments at which it is cut off and comes back.
RC_GTEST_PROP(Resume, LosesNothingAndRepeatsNothing, ()) {
  FakeBus bus;
  session::Counters counters;
  Gateway gateway(bus, settings_of(10'000), counters);
  std::uint64_t next_peer = 1;
  std::uint64_t seq = 0;
  auto peer = std::make_unique<FakePeer>(next_peer++);
  FakePeer witness(1'000'000);
  gateway.enter(witness);
  gateway.on_text(witness, subscribe());
  gateway.enter(*peer);
  gateway.on_text(*peer, subscribe());
  std::vector<std::uint64_t> got;
  const auto take = [&] {
    for (const std::uint64_t each : seqs(*peer)) {
      got.push_back(each);
    }
    peer->events.clear();
  };
  for (const int what : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5))) {
    if (what <= 1) {
      ++seq;
      bus.deliver("events", seq, "1");
    } else if (what == 2) {
      peer->full = !peer->full;
      if (!peer->full) {
        gateway.on_drained(*peer);
      }
    } else {
      take();
      gateway.leave(*peer);
      peer = std::make_unique<FakePeer>(next_peer++);
      gateway.enter(*peer);
      gateway.on_text(*peer, from(got.empty() ? 1 : got.back() + 1));
      RC_ASSERT(seq == 0 || peer->take().find(R"("resumed":true)") != std::string::npos);
    }
  }
  peer->full = false;
  gateway.on_drained(*peer);
  ++seq;
  bus.deliver("events", seq, "1");
  take();
  std::vector<std::uint64_t> all;
  for (std::uint64_t each = 1; each <= seq; ++each) {
    all.push_back(each);
  }
  RC_ASSERT(got == all);
  RC_ASSERT(seqs(witness) == all);
}

}  // namespace
}  // namespace transport_ws::rpc
