// tests/sdk/cpp/channel_test.cpp - sending, receiving, credit, order, what plugin.json declares.
#include "backplane/cpp/channel.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "entry_of.hpp"

using bp::testing::fate;
using namespace std::chrono_literals;

namespace {

struct Relay {
  void start(bp::context& cx) {
    out_ = cx.open("out.a");
    cx.subscribe("events", [this](bp::message m) { return out_.send(m.text()); },
                 {.on_lagged = [this](std::uint64_t missed) { missed_ += missed; }});
    cx.subscribe("slow", [this, &cx](bp::message m) -> bp::task<bp::result<void>> {
      order_ += m.text();
      co_await cx.sleep(1s);
      co_return co_await out_.send_wait(m.bytes());
    });
    cx.subscribe("wide", [&cx](bp::message) -> bp::task<void> { co_await cx.sleep(1s); },
                 {.group = "workers", .concurrency = 2});
    cx.subscribe("forward", [this](bp::message m) -> bp::result<void> {
      auto kept = m.keep();
      return out_.send(std::move(kept).into_buffer());
    });
    cx.subscribe("sure", [this](bp::message m) -> bp::task<bp::result<void>> {
      co_return co_await out_.send_confirmed(m.bytes());
    });
    cx.subscribe("hold", [this](bp::message m) { kept_.push_back(m.keep()); });
    closing_ = cx.subscribe("closing", [this](bp::message) { closing_.close(); });
    cx.info("missed", "count", missed_);
  }

  void stop(bp::context& cx) {
    if (!kept_.empty()) {
      kept_.front().ack();
    }
    kept_.clear();
    cx.info("order", "seen", order_, "missed", missed_);
  }

  bp::sender out_;
  bp::subscription closing_;
  std::string order_;
  std::uint64_t missed_ = 0;
  std::vector<bp::kept_message> kept_;
};

class ChannelTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(host_.start()); }

  tests::Hosted<Relay> host_;
};

TEST_F(ChannelTest, OpensEndsAsTheManifestDeclaresThem) {
  EXPECT_EQ(host_.end_of("events")->kind, std::uint32_t{BP_KIND_BROADCAST});
  EXPECT_EQ(host_.end_of("events")->type, "json");
  EXPECT_EQ(host_.end_of("out.a")->kind, std::uint32_t{BP_KIND_BROADCAST})
      << "by the pattern out.*";
  EXPECT_EQ(host_.end_of("slow")->kind, std::uint32_t{BP_KIND_QUEUE});
  EXPECT_EQ(host_.end_of("slow")->type, "bytes");
  EXPECT_EQ(host_.end_of("slow")->concurrency, 1U) << "one task at a time";
  EXPECT_EQ(host_.end_of("events")->concurrency, 0U) << "nothing to limit";
  EXPECT_EQ(host_.end_of("wide")->group, "workers");
  EXPECT_EQ(host_.end_of("slow")->group, "");
}

TEST_F(ChannelTest, SendsACopy) {
  const auto message = host_.deliver("events", "hello");
  EXPECT_EQ(host_.sent("out.a"), std::vector<std::string>{"hello"});
  EXPECT_EQ(host_.fate_of(message), fate::acked);
}

TEST_F(ChannelTest, GivesBackTheMessageItCouldNotPassOn) {
  host_.set_credit("out.a", 0);
  const auto message = host_.deliver("events", "hello");
  EXPECT_EQ(host_.fate_of(message), fate::nacked);
}

TEST_F(ChannelTest, WaitsForCredit) {
  host_.set_credit("out.a", 0);
  const auto message = host_.deliver("slow", "x");
  host_.advance(1s);
  EXPECT_EQ(host_.fate_of(message), fate::pending);
  host_.make_writable("out.a", 1);
  EXPECT_EQ(host_.fate_of(message), fate::acked);
  EXPECT_EQ(host_.sent("out.a").size(), 1U);
}

TEST_F(ChannelTest, KeepsTheOrderOfASubscriptionWithTasks) {
  const auto numbers = host_.deliver_batch("slow", {"a", "b", "c"});
  host_.advance(1s);
  EXPECT_EQ(host_.fate_of(numbers[0]), fate::acked);
  EXPECT_EQ(host_.fate_of(numbers[1]), fate::pending);
  host_.advance(2s);
  EXPECT_EQ(host_.sent("out.a"), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(ChannelTest, RunsAsManyTasksAsAsked) {
  const auto numbers = host_.deliver_batch("wide", {"a", "b", "c"});
  host_.advance(1s);
  EXPECT_EQ(host_.fate_of(numbers[1]), fate::acked);
  EXPECT_EQ(host_.fate_of(numbers[2]), fate::pending);
  host_.advance(1s);
  EXPECT_EQ(host_.fate_of(numbers[2]), fate::acked);
}

TEST_F(ChannelTest, ForwardsALeaseWithoutCopying) {
  const auto message = host_.deliver("forward", "whole");
  EXPECT_EQ(host_.sent("out.a"), std::vector<std::string>{"whole"});
  EXPECT_EQ(host_.fate_of(message), fate::acked);
  EXPECT_EQ(host_.open_leases(), 0U);
}

TEST_F(ChannelTest, WaitsForTheConfirmation) {
  host_.hold_confirmations(true);
  const auto first = host_.deliver("sure", "x");
  EXPECT_EQ(host_.fate_of(first), fate::pending);
  host_.confirm();
  EXPECT_EQ(host_.fate_of(first), fate::acked);
  const auto second = host_.deliver("sure", "y");
  host_.confirm(BP_E_ABANDONED);
  EXPECT_EQ(host_.fate_of(second), fate::nacked);
}

TEST_F(ChannelTest, AKeptMessageEndsAsItsOwnerSays) {
  const auto first = host_.deliver("hold", "x");
  const auto second = host_.deliver("hold", "y");
  EXPECT_EQ(host_.fate_of(first), fate::pending);
  ASSERT_TRUE(host_.stop());
  EXPECT_EQ(host_.fate_of(first), fate::acked);
  EXPECT_EQ(host_.fate_of(second), fate::nacked) << "dropped undecided";
}

TEST_F(ChannelTest, TellsWhatWasMissed) {
  host_.lag("events", 7);
  host_.lag("slow", 3);
  EXPECT_EQ(host_.log().back().pairs.at("missed"), "3") << "without a handler: a warning";
  ASSERT_TRUE(host_.stop());
  EXPECT_EQ(host_.log().back().pairs.at("missed"), "7");
}

TEST_F(ChannelTest, AMessageBehindTheCloseOfItsEndGoesBack) {
  const auto numbers = host_.deliver_batch("closing", {"a", "b"});
  EXPECT_EQ(host_.fate_of(numbers[0]), fate::acked);
  EXPECT_EQ(host_.fate_of(numbers[1]), fate::nacked);
}

struct Chatty {
  void start(bp::context& cx) {
    out_ = cx.open("out.a");
    cx.every(1s, [this] { skipped_ += out_.listening() ? 0 : 1; });
  }

  void stop(bp::context& cx) { cx.info("skipped", "count", skipped_); }

  bp::sender out_;
  int skipped_ = 0;
};

TEST(Sender, KnowsWhetherAnybodyListens) {
  tests::Hosted<Chatty> host;
  ASSERT_TRUE(host.start());
  host.advance(1s);
  host.set_listeners("out.a", 0);
  host.advance(2s);
  ASSERT_TRUE(host.stop());
  EXPECT_EQ(host.log().back().pairs.at("count"), "2");
}

}  // namespace
