// tests/sdk/cpp/plugin_test.cpp - a plain class as a plugin.
#include "backplane/cpp/plugin.hpp"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "entry_of.hpp"

using bp::testing::fate;
using namespace std::chrono_literals;

namespace {

struct KvClient {
  explicit KvClient(bp::service_ref to = {}) : to_(to) {}

  bp::task<bp::result<bp::buffer>> put(std::string key, bp::bytes_view value,
                                       bp::call_options with) {
    key += '=';
    key += bp::as_text(value);
    co_return co_await to_.call(1, key, with);
  }

 private:
  bp::service_ref to_;
};

/// The example of design and header, word for word where it matters.
struct Thermo {
  bp::result<void> start(bp::context& cx) {
    store_ = cx.require<KvClient>("bp.storage.kv", 1);
    cx.subscribe("sensors.raw", [this](bp::message m) -> bp::task<void> {
      auto saved = co_await store_.put(key(m), m.bytes(), {.deadline = 2s});
      if (!saved) {
        co_return m.nack(saved.error());
      }
    });
    cx.every(30s, [this] { ++beats_; });
    cx.after(10s, [this, &cx] { cx.info("beats", "count", beats_); });
    return {};
  }

  static std::string key(bp::message m) { return "k" + std::to_string(m.seq()); }

  KvClient store_;
  int beats_ = 0;
};

TEST(Plugin, RunsTheExampleOfItsHeader) {
  tests::Hosted<Thermo> host;
  host.offer("bp.storage.kv");
  ASSERT_TRUE(host.start());
  const auto first = host.deliver("sensors.raw", "21.5");
  ASSERT_EQ(host.open_calls().size(), 1U);
  EXPECT_EQ(host.open_calls()[0].request, "k1=21.5");
  EXPECT_EQ(host.open_calls()[0].deadline_ns, host.now_ns() + 2'000'000'000);
  EXPECT_EQ(host.fate_of(first), fate::pending);
  host.reply(host.open_calls()[0].handle, "");
  host.pump();
  EXPECT_EQ(host.fate_of(first), fate::acked);

  const auto second = host.deliver("sensors.raw", "22");
  host.reply_error(host.open_calls()[0].handle, bp::error(BP_E_IO, "disk"));
  host.pump();
  EXPECT_EQ(host.fate_of(second), fate::nacked);
  EXPECT_EQ(host.nack_text(second), "disk");
  host.advance(95s);
  EXPECT_EQ(host.log().back().pairs.at("count"), "0");
  ASSERT_TRUE(host.stop());
  EXPECT_TRUE(host.faults().empty());
  EXPECT_EQ(host.open_leases(), 0U);
}

TEST(Plugin, SaysWhyItCannotStart) {
  tests::Hosted<Thermo> host;
  const auto started = host.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(started.error().context().back(), "requiring service 'bp.storage.kv'");
}

struct Throwing {
  explicit Throwing(bp::context& cx) {
    if (cx.config_text() == "\"create\"") {
      throw std::runtime_error("no memory card");
    }
  }

  void start(bp::context& cx) {
    if (cx.config_text() == "\"start\"") {
      throw std::runtime_error("no sensor");
    }
    cx.subscribe("plain", [](bp::message m) {
      if (m.text() == "bad") {
        throw std::out_of_range("index 7");
      }
    });
    cx.subscribe("task", [&cx](bp::message m) -> bp::task<bp::result<void>> {
      co_await cx.sleep(1s);
      if (m.text() == "bad") {
        throw std::out_of_range("index 8");
      }
      if (m.text() == "refused") {
        co_return bp::fail(BP_E_SCHEMA, "not a reading");
      }
      co_return bp::result<void>();
    });
    bp::service svc("test.svc", 1, 0);
    svc.method(1, "Plain", {},
               [](bp::call) -> bp::result<bp::buffer> { throw std::logic_error("never"); });
    svc.inline_method(2, "Inline", {},
                      [](bp::call) -> bp::result<bp::buffer> { throw std::logic_error("inline"); });
    cx.provide(std::move(svc));
  }
};

TEST(Plugin, StopsExceptionsAtTheBoundary) {
  tests::Hosted<Throwing> unborn("\"create\"");
  const auto created = unborn.create();
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code(), BP_E_PANIC);
  EXPECT_NE(created.error().message().find("no memory card"), std::string::npos);

  tests::Hosted<Throwing> refusing("\"start\"");
  const auto started = refusing.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), BP_E_PANIC);
  EXPECT_TRUE(refusing.faults().empty()) << "the start's own answer carries it";
}

TEST(Plugin, HandsBackTheMessageThatBrokeItsHandler) {
  tests::Hosted<Throwing> host;
  ASSERT_TRUE(host.start());
  const auto numbers = host.deliver_batch("plain", {"good", "bad", "good"});
  EXPECT_EQ(host.fate_of(numbers[0]), fate::acked);
  EXPECT_EQ(host.fate_of(numbers[1]), fate::nacked);
  EXPECT_EQ(host.fate_of(numbers[2]), fate::acked);
  ASSERT_EQ(host.faults().size(), 1U);
  EXPECT_NE(host.faults()[0].find("index 7"), std::string::npos);

  const auto slow = host.deliver("task", "bad");
  const auto refused = host.deliver("task", "refused");
  EXPECT_EQ(host.fate_of(slow), fate::pending);
  host.advance(1s);
  EXPECT_EQ(host.fate_of(slow), fate::nacked);
  EXPECT_EQ(host.faults().size(), 2U);
  host.advance(1s);
  EXPECT_EQ(host.fate_of(refused), fate::nacked);
  EXPECT_EQ(host.nack_text(refused), "not a reading");
  EXPECT_EQ(host.faults().size(), 2U) << "an error is no panic";
  ASSERT_TRUE(host.stop());
  EXPECT_EQ(host.open_leases(), 0U);
}

TEST(Plugin, AnswersTheCallThatBrokeItsHandler) {
  tests::Hosted<Throwing> host;
  ASSERT_TRUE(host.start());
  const auto answer = host.answer_to(host.call("test.svc", 1, "x"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, BP_E_PANIC);
  EXPECT_NE(answer->error.find("never"), std::string::npos);
  EXPECT_EQ(host.call_inline("test.svc", 2, "x").status, BP_E_PANIC);
  EXPECT_EQ(host.answer_to(host.call("test.svc", 9, "x"))->status, BP_E_NOT_FOUND);
  EXPECT_EQ(host.faults().size(), 2U);
}

struct Lifecycle {
  bp::task<bp::result<void>> start(bp::context& cx) {
    cx_ = &cx;
    co_await cx.sleep(5s);
    cx.spawn([this]() -> bp::task<void> {
      const Guard guard{this};
      for (;;) {
        co_await cx_->sleep(1s);
        ++ticks_;
      }
    });
    co_return bp::result<void>();
  }

  bp::result<void> on_config(bp::context& cx) {
    return cx.config_text() == "[]" ? bp::fail(BP_E_CONFIG, "no list, please") : bp::result<void>();
  }

  bp::result<void> save(bp::state_writer& to) { return to.put("ticks", std::to_string(ticks_)); }

  bp::result<void> restore(bp::state_reader& from) {
    auto ticks = from.get("ticks");
    if (!ticks) {
      return std::unexpected(std::move(ticks).error());
    }
    ticks_ = std::stoi(std::string(bp::as_text(*ticks)));
    return {};
  }

  bp::task<void> stop(bp::context& cx) {
    co_await cx.run_blocking([] {});
    cx.info("stopped", "unwound", unwound_, "ticks", ticks_);
  }

  struct Guard {
    Lifecycle* of;

    ~Guard() { of->unwound_ = true; }
  };

  bp::context* cx_ = nullptr;
  int ticks_ = 0;
  bool unwound_ = false;
};

TEST(Plugin, StartsAndStopsAsynchronously) {
  tests::Hosted<Lifecycle> host;
  ASSERT_TRUE(host.create());
  host.set_state({{"ticks", "40"}});
  ASSERT_TRUE(host.restore());
  const bp_op starting = host.begin(BP_EV_START, "{}");
  EXPECT_FALSE(host.finished(starting));
  host.advance(5s);
  ASSERT_TRUE(host.finished(starting));
  ASSERT_TRUE(*host.finished(starting));
  host.advance(2500ms);
  ASSERT_TRUE(host.save());
  EXPECT_EQ(host.saved().at("ticks"), "42");
  ASSERT_TRUE(host.stop());
  EXPECT_EQ(host.log().back().pairs.at("unwound"), "true");
  EXPECT_EQ(host.open_timers(), 0U);
}

/// Lets go of what its handlers use, and takes its time.
struct Leaving {
  bp::result<void> start(bp::context& cx) {
    cx.every(100ms, [this] { count(); });
    cx.subscribe("in", [this](bp::message) { count(); });
    cx.watch_registry("*", [this](const bp::registry_change&) { count(); });
    bp::service offered("leaving", 1, 0);
    offered.method(1, "M", {}, [this](const bp::call& on) {
      count();
      return on.reply({});
    });
    cx.provide(std::move(offered));
    return cx.config_text() == "{}" ? bp::result<void>() : bp::fail(BP_E_CONFIG, "no");
  }

  bp::task<void> stop(bp::context& cx) {
    const int before = counted_;
    co_await cx.sleep(1s);
    cx.info("stopped", "before", before, "after", counted_ - before);
  }

  void count() { ++counted_; }

  int counted_ = 0;
};

TEST(Plugin, CallsNoHandlerOnceItLetsGo) {
  tests::Hosted<Leaving> host;
  ASSERT_TRUE(host.start());
  host.advance(250ms);
  const bp_op stopping = host.begin(BP_EV_STOP);
  EXPECT_TRUE(host.end_of("in")->paused) << "what is handed back would come again";
  const auto message = host.deliver("in", "x");
  const bp_call call = host.call("leaving", 1, "");
  host.announce({.what = BP_REGISTRY_SERVICE, .name = "other", .instance = "b", .major = 1});
  host.pump();
  host.advance(1s);
  ASSERT_TRUE(host.finished(stopping));
  EXPECT_EQ(host.fate_of(message), fate::nacked);
  EXPECT_EQ(host.answer_to(call)->status, BP_E_UNAVAILABLE);
  EXPECT_EQ(host.log().back().pairs.at("before"), "3") << "two ticks, and a snapshot's end";
  EXPECT_EQ(host.log().back().pairs.at("after"), "0");
}

TEST(Plugin, CallsNoHandlerAfterAStartThatFailed) {
  tests::Hosted<Leaving> host("[]");
  ASSERT_FALSE(host.start());
  EXPECT_TRUE(host.end_of("in")->paused);
  const auto message = host.deliver("in", "x");
  host.advance(1s);
  EXPECT_EQ(host.fate_of(message), fate::nacked);
  host.begin(BP_EV_STOP);
  host.advance(1s);
  EXPECT_EQ(host.log().back().pairs.at("before"), "0");
}

TEST(Plugin, TakesOrRefusesANewConfiguration) {
  tests::Hosted<Lifecycle> host;
  ASSERT_TRUE(host.create());
  EXPECT_TRUE(host.configure("{\"a\":1}"));
  const auto refused = host.configure("[]");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), BP_E_CONFIG);

  tests::Hosted<Thermo> fixed;
  fixed.offer("bp.storage.kv");
  ASSERT_TRUE(fixed.start());
  EXPECT_EQ(fixed.configure("{}").error().code(), BP_E_UNSUPPORTED);
}

struct Draining {
  void start(bp::context& cx) {
    cx.subscribe("in", [&cx](bp::message) -> bp::task<void> { co_await cx.sleep(1s); });
  }
};

TEST(Plugin, QuiesceWaitsForRunningHandlers) {
  tests::Hosted<Draining> host;
  ASSERT_TRUE(host.start());
  const auto message = host.deliver("in", "x");
  const bp_op quiescing = host.begin(BP_EV_QUIESCE);
  EXPECT_FALSE(host.finished(quiescing));
  host.advance(1s);
  EXPECT_TRUE(host.finished(quiescing));
  EXPECT_EQ(host.fate_of(message), fate::acked);
}

TEST(Plugin, StopCancelsHandlersAndGivesTheirMessagesBack) {
  tests::Hosted<Draining> host;
  ASSERT_TRUE(host.start());
  const auto running = host.deliver("in", "x");
  const auto waiting = host.deliver("in", "y");
  ASSERT_TRUE(host.stop());
  EXPECT_EQ(host.fate_of(running), fate::nacked);
  EXPECT_EQ(host.fate_of(waiting), fate::nacked);
  EXPECT_TRUE(host.faults().empty());
  EXPECT_EQ(host.open_leases(), 0U);
}

}  // namespace
