// tests/host/exchange/exchange_test.cpp - by name: what exists is reached, what does not is named.
#include "host/exchange/exchange.hpp"

#include <algorithm>
#include <future>

#include <gtest/gtest.h>

#include "host/channel/receiver.hpp"

namespace host::exchange {
namespace {

// Answers each call with its own request.
class Echo : public service::Provider {
 public:
  bp_status submit(const std::shared_ptr<service::Call>& call, std::uint64_t /*token*/) override {
    if (silent) {
      held = call;
    } else {
      call->finish({BP_OK, call->request(), std::nullopt});
    }
    return BP_OK;
  }

  service::Reply run_inline(const service::Method& /*method*/,
                            const message::Message& request) override {
    return {BP_OK, request, std::nullopt};
  }

  bp_status answer_inline(const service::Method& /*method*/, const bp_buf& /*request*/,
                          bp_buf& /*reply*/, bp_error& /*error*/) override {
    return BP_E_UNSUPPORTED;
  }

  bp_status take_reply(const bp_buf& /*reply*/, message::Message& /*out*/) override {
    return BP_E_UNSUPPORTED;
  }

  void call_ended(std::uint64_t /*handle*/) override {}

  [[nodiscard]] bool on_this_stack() const noexcept override { return false; }

  bool silent = false;
  std::shared_ptr<service::Call> held;
};

struct World {
  message::Pool pool;
  runtime::Runtime runtime{2, 1};
  registry::Registry registry{{}, {}};
  Exchange exchange{registry, pool, runtime};
  std::shared_ptr<Echo> echo = std::make_shared<Echo>();

  World() {
    service::Service::Description description{
        "bp.echo", 1, 0, "echo", {{1, 0, "Say", "json", "json", nullptr, nullptr}}};
    (void)registry.add_service(
        {std::make_shared<service::Service>(std::move(description), echo, 0), nullptr});
    channel::Settings settings;
    settings.name = "events";
    settings.kind = BP_KIND_BROADCAST;
    settings.type = "json";
    settings.lasting = true;  // whoever comes and goes
    (void)registry.open_channel(settings, "test", nullptr);
  }

  error::Result<std::string> call(const CallRequest& request) {
    auto promise = std::make_shared<std::promise<error::Result<std::string>>>();
    auto called = exchange.call(request, [promise](error::Result<std::string> reply) {
      promise->set_value(std::move(reply));
    });
    if (!called) {
      return std::unexpected(called.error());
    }
    return promise->get_future().get();
  }
};

TEST(Exchange, CallsByName) {
  World world;
  EXPECT_EQ(*world.call({"bp.echo/1", "Say", R"({"a":1})"}), R"({"a":1})");
  EXPECT_EQ(*world.call({"bp.echo", "Say", "7"}), "7") << "/1 may be left out";
}

TEST(Exchange, NamesWhatDoesNotExist) {
  World world;
  EXPECT_NE(world.call({"bp.eco/1", "Say", "{}"}).error().text().find("did you mean 'bp.echo/1'?"),
            std::string::npos);
  EXPECT_NE(world.call({"bp.echo/1", "Sai", "{}"}).error().text().find("did you mean 'Say'?"),
            std::string::npos);
  EXPECT_EQ(world.call({"bp.echo/x", "Say", "{}"}).error().code(), BP_E_INVALID);
  EXPECT_EQ(world.call({"bp.echo/1", "Say", "{"}).error().code(), BP_E_INVALID);
}

TEST(Exchange, AServiceWithoutAMethodIsAnsweredWithItsMethods) {
  World world;
  for (const CallRequest& request :
       {CallRequest{"bp.echo/1", "", "{}"}, CallRequest{"bp", "echo", "{}"}}) {
    const auto none = world.call(request);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code(), BP_E_INVALID);
    EXPECT_NE(none.error().text().find("'bp.echo/1' is a service; a call names one of its methods "
                                       "as SERVICE/MAJOR.Method, for example bp.echo/1.Say; it "
                                       "has: Say"),
              std::string::npos)
        << none.error().text();
  }
}

TEST(Exchange, WhatIsNoNameIsRefusedAndShownSafely) {
  World world;
  for (const std::string& bad :
       {std::string(), std::string(10'240, 'x'), std::string("a\0b", 3), std::string("\xff\xfe")}) {
    const auto published = world.exchange.publish(bad, "{}", nullptr, [](const auto&) {});
    const auto called = world.call({bad, "Say", "{}"});
    for (const error::Error& error : {published.error(), called.error()}) {
      EXPECT_EQ(error.code(), BP_E_INVALID);
      EXPECT_TRUE(std::ranges::all_of(error.text(), [](char c) { return c >= ' ' && c <= '~'; }));
    }
  }
}

TEST(Exchange, ACallEndsAtItsDeadline) {
  World world;
  world.echo->silent = true;
  const auto reply = world.call({"bp.echo/1", "Say", "{}", runtime::now_ns() + 5'000'000});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), BP_E_TIMEOUT);
  EXPECT_NE(reply.error().text().find("bp.echo/1.Say"), std::string::npos);
}

TEST(Exchange, APublishIsAnsweredAfterTheConfirmingSubscriber) {
  World world;
  const auto entry = world.registry.find_channel("events");
  const auto receiver =
      entry->channel->open_receiver({.owner = "wire", .flags = BP_CHAN_CONFIRMING});
  bool told = false;
  ASSERT_TRUE(world.exchange.publish("events", "{}", nullptr,
                                     [&](const std::optional<error::Error>&) { told = true; }));
  EXPECT_FALSE(told);
  std::vector<channel::Delivery> taken;
  std::uint64_t missed = 0;
  receiver->take(8, taken, missed);
  ASSERT_EQ(taken.size(), 1U);
  receiver->ack(taken[0].id);
  EXPECT_TRUE(told);
}

TEST(Exchange, ARefusedPublishTellsNobodyLater) {
  World world;
  const auto missing = world.exchange.publish("event", "{}", nullptr, [](const auto&) { FAIL(); });
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().text().find("did you mean 'events'?"), std::string::npos);
  EXPECT_FALSE(world.exchange.publish("events", "no json", nullptr, [](const auto&) { FAIL(); }));
}

// Added by a publish, an outbox does not keep its channel, nor is it found for the next one.
TEST(Exchange, PublishingDoesNotKeepAChannel) {
  World world;
  channel::Settings settings;
  settings.name = "short";
  settings.kind = BP_KIND_BROADCAST;
  settings.type = "json";
  for (int round = 0; round < 2; ++round) {
    auto entry = *world.registry.open_channel(settings, "test", nullptr);
    const std::weak_ptr gone(entry.channel);
    auto end = entry.channel->open_sender({});
    ASSERT_TRUE(world.exchange.publish("short", "{}", nullptr, [](const auto&) {}));
    EXPECT_EQ(entry.channel->stats().senders, 2U);
    end.reset();
    entry = {};
    const auto refused = world.exchange.publish("short", "{}", nullptr, [](const auto&) {});
    EXPECT_EQ(refused.error().code(), BP_E_NOT_FOUND);
    EXPECT_TRUE(gone.expired());
  }
}

}  // namespace
}  // namespace host::exchange
