// tests/host/slot/service_table_test.cpp - bp.svc/1 as a plugin calls it.
#include <cstring>
#include <future>
#include <latch>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/host/slot/fixture.hpp"
#include "tests/host/slot/inbox.hpp"

namespace host::slot {
namespace {

using SlotServices = Instances;

TEST_F(SlotServices, CallsAreAnsweredAndErrorsKeepTheirChain) {
  Actor& provider = running("provider");
  Actor& caller = running("caller");
  provider.provide("s", false);
  provider.script.on_event = [&](const bp_event& event) {
    if (event.type != BP_EV_CALL) {
      return;
    }
    bp_buf reply{const_cast<char*>("pong"), 4, 4, 0};
    bp_error error{};
    error.struct_size = sizeof error;
    error::Error(BP_E_IO, "disk").during("reading").to_abi(&error);
    const bool fail = event.buf.size == 0;
    EXPECT_EQ(provider.svc()->reply(provider.host(), event.handle, fail ? BP_E_IO : BP_OK,
                                    fail ? nullptr : &reply, fail ? &error : nullptr),
              BP_OK);
    EXPECT_EQ(provider.svc()->reply(provider.host(), event.handle, BP_OK, nullptr, nullptr),
              BP_E_STALE);
  };
  EXPECT_EQ(caller.call("s", "ping").text, "pong");
  const Answer failed = caller.call("s", "");
  EXPECT_EQ(failed.status, BP_E_IO);
  EXPECT_EQ(failed.text, "reading: disk");
}

TEST_F(SlotServices, AnInlineMethodAnswersAtOnce) {
  Actor& provider = running("provider");
  Actor& caller = running("caller");
  provider.provide("s", true);
  const bp_svc handle = caller.require("s");
  bp_buf request{const_cast<char*>("abc"), 3, 3, 0};
  bp_buf reply{};
  bp_error error{};
  error.struct_size = sizeof error;
  EXPECT_EQ(caller.svc()->call(caller.host(), handle, 1, &request, 0, nullptr, 5, &reply, nullptr,
                               &error),
            BP_DONE);
  EXPECT_EQ(std::string(static_cast<const char*>(reply.data), reply.size), "cba");
  EXPECT_EQ(caller.chan()->release(caller.host(), &reply), BP_OK);
}

TEST_F(SlotServices, AReplyThatNoLeaseIsLeftForIsAnError) {
  Actor& provider = running("provider");
  Actor& caller = running("caller");
  provider.provide("s", true);
  const bp_svc handle = caller.require("s");
  bp_status filled = BP_OK;
  for (std::size_t i = 0; i < leases_max && filled == BP_OK; ++i) {
    bp_buf lease{};
    filled = caller.core()->alloc(caller.host(), caller.instance(), 1, &lease);
  }
  ASSERT_EQ(filled, BP_OK) << "one instance may hold so many";
  bp_buf request{const_cast<char*>("abc"), 3, 3, 0};
  bp_buf reply{};
  bp_error error{};
  error.struct_size = sizeof error;
  EXPECT_EQ(caller.svc()->call(caller.host(), handle, 1, &request, 0, nullptr, 5, &reply, nullptr,
                               &error),
            BP_E_BUSY);
  EXPECT_EQ(reply.lease, 0U);
  EXPECT_EQ(reply.data, nullptr);
}

TEST_F(SlotServices, OpenCallsOfAWithdrawnProviderAreAbandoned) {
  Actor& provider = running("provider");
  Actor& caller = running("caller");
  provider.provide("s", false);
  std::promise<void> seen;
  provider.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_CALL) {
      seen.set_value();
    }
  };
  std::promise<bp_status> answered;
  caller.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_REPLY) {
      answered.set_value(event.status);
    }
  };
  const bp_svc handle = caller.require("s");
  bp_call call = 0;
  ASSERT_EQ(
      caller.svc()->call(caller.host(), handle, 1, nullptr, 0, nullptr, 5, nullptr, &call, nullptr),
      BP_OK);
  seen.get_future().wait();
  EXPECT_TRUE(provider.slot->withdraw(far()));
  EXPECT_EQ(answered.get_future().get(), BP_E_ABANDONED);
  EXPECT_EQ(
      caller.svc()->call(caller.host(), handle, 1, nullptr, 0, nullptr, 5, nullptr, &call, nullptr),
      BP_E_UNAVAILABLE);
}

TEST_F(SlotServices, ACallAfterStopNamesTheState) {
  Actor& provider = running("provider");
  Actor& caller = running("caller");
  provider.provide("s", false);
  const bp_svc handle = caller.require("s");
  ASSERT_FALSE(caller.operate(BP_EV_STOP));
  bp_error error{};
  error.struct_size = sizeof error;
  bp_call call = 0;
  EXPECT_EQ(
      caller.svc()->call(caller.host(), handle, 1, nullptr, 0, nullptr, 5, nullptr, &call, &error),
      BP_E_STATE);
  EXPECT_NE(std::string(error.text).find("a call is not allowed in state 'stopped'"),
            std::string::npos);
}

TEST_F(SlotServices, ANameThatIsNoneIsSaidBeforeAnybodyAsksForPermission) {
  Actor actor(stage_, "modest", {{}, {}, {"good.*"}, {"good.*"}});
  actor.run();
  const std::string long_name(10'240, 'x');
  for (const std::string_view name :
       {std::string_view(""), std::string_view(long_name), std::string_view("a\0b", 3),
        std::string_view("\xc3\x28"), std::string_view("a b"), std::string_view("a/1")}) {
    for (const Said& said : {provide(actor, name, {method(1, "M")}), require(actor, name),
                             require(actor, name, 1, 0, BP_REQUIRE_OPTIONAL)}) {
      EXPECT_EQ(said.status, BP_E_INVALID);
      EXPECT_NE(said.text.find("a service's name is 1 to 255 bytes"), std::string::npos)
          << said.text;
      EXPECT_LT(said.text.size(), 400U) << "a message carries a bad name on in part only";
    }
  }
  EXPECT_EQ(provide(actor, "bad.a", {method(1, "M")}).status, BP_E_PERMISSION);
  EXPECT_EQ(require(actor, "bad.a").status, BP_E_PERMISSION);
  EXPECT_EQ(provide(actor, "good.a", {method(1, "M")}).status, BP_OK);
  EXPECT_EQ(
      actor.svc()->require(actor.host(), actor.instance(), nullptr, 1, 0, 0, nullptr, nullptr),
      BP_E_INVALID);
}

TEST_F(SlotServices, VersionsThatDoNotFitAreBothNamed) {
  Actor& provider = running("provider");
  Actor& caller = running("caller");
  ASSERT_EQ(provide(provider, "s", {method(1, "M")}, 2, 3).status, BP_OK);
  const Said other_major = require(caller, "s", 1, 0);
  EXPECT_EQ(other_major.status, BP_E_NOT_FOUND) << "a major is a service of its own";
  EXPECT_EQ(other_major.text,
            "no running plugin provides service 's/1' (1.0 is wanted); 's' has version 2.3 (of "
            "'provider')");
  const Said newer = require(caller, "s", 2, 4);
  EXPECT_EQ(newer.status, BP_E_UNSUPPORTED);
  EXPECT_EQ(newer.text, "service 's/2' of 'provider' has version 2.3, but 2.4 is wanted");
  EXPECT_EQ(require(caller, "s", 2, 3).status, BP_OK);
  EXPECT_EQ(require(caller, "t", 2, 3).status, BP_E_NOT_FOUND);
  const Said optional = require(caller, "s", 2, 4, BP_REQUIRE_OPTIONAL);
  ASSERT_EQ(optional.status, BP_OK);
  const Said refused = call(caller, optional.handle, 1);
  EXPECT_EQ(refused.status, BP_E_UNAVAILABLE);
  EXPECT_NE(refused.text.find("2.3, but 2.4 is wanted"), std::string::npos) << refused.text;
}

TEST_F(SlotServices, AHandleSurvivesTheProvidersRestart) {
  Actor& caller = running("caller");
  Inbox at_caller(caller);
  bp_svc handle = 0;
  for (int life = 0; life < 3; ++life) {
    Actor provider(stage_, "provider");
    provider.run();
    bp_method inline_one = method(2, "Inline");
    inline_one.flags = BP_METHOD_INLINE;
    inline_one.inline_fn = [](void*, std::uint32_t, const bp_buf*, bp_buf* reply,
                              bp_error*) -> bp_status {
      std::memcpy(reply->data, "in", 2);
      reply->size = 2;
      return BP_OK;
    };
    Inbox at_provider(provider);
    ASSERT_EQ(provide(provider, "s", {method(1, "M"), inline_one}).status, BP_OK);
    if (life == 0) {
      handle = require(caller, "s").handle;
    }
    ASSERT_EQ(call(caller, handle, 1, "x").status, BP_OK);
    const Seen asked = at_provider.next(BP_EV_CALL);
    EXPECT_EQ(answer(provider, asked.handle, "y"), BP_OK);
    EXPECT_EQ(at_caller.next(BP_EV_REPLY).text, "y");
    at_caller.run([&] { EXPECT_EQ(call(caller, handle, 2).text, "in") << "on the short way"; });
    ASSERT_FALSE(provider.operate(BP_EV_STOP));
    ASSERT_TRUE(provider.slot->withdraw(far()));
    EXPECT_EQ(call(caller, handle, 1).status, BP_E_UNAVAILABLE);
    at_caller.run([&] { EXPECT_EQ(call(caller, handle, 2).status, BP_E_UNAVAILABLE); });
  }
}

TEST_F(SlotServices, AllServicesOfAnInstanceGoInOneStep) {
  Actor& provider = running("provider");
  Actor& other = running("other");
  for (const std::string name : {"a", "b", "c"}) {
    ASSERT_EQ(provide(provider, name, {method(1, "M")}).status, BP_OK);
  }
  ASSERT_EQ(provide(other, "d", {method(1, "M")}).status, BP_OK);
  std::vector<std::size_t> batches;
  const auto watch = stage_.registry.watch(
      "*", [&](std::span<const registry::Event> events) { batches.push_back(events.size()); });
  ASSERT_TRUE(watch);
  EXPECT_TRUE(provider.slot->withdraw(far()));
  EXPECT_EQ(batches, (std::vector<std::size_t>{4, 3}));
  EXPECT_EQ(stage_.registry.services().size(), 1U);
}

TEST_F(SlotServices, HandlesThatAreClosedForgedOrOfOthersAreStale) {
  Actor& provider = running("provider");
  Actor& caller = running("caller");
  const Said provided = provide(provider, "s", {method(1, "M")});
  const bp_svc handle = require(caller, "s").handle;
  EXPECT_EQ(call(provider, provided.handle, 1).status, BP_E_STALE) << "it is no required one";
  EXPECT_EQ(call(provider, handle, 1).status, BP_E_STALE) << "it is another instance's";
  EXPECT_EQ(provider.svc()->close(provider.host(), handle), BP_E_STALE);
  EXPECT_EQ(call(caller, handle, 2).status, BP_E_NOT_FOUND);
  EXPECT_EQ(caller.svc()->close(caller.host(), handle), BP_OK);
  EXPECT_EQ(call(caller, handle, 1).status, BP_E_STALE);
  EXPECT_EQ(caller.svc()->close(caller.host(), handle), BP_E_STALE);
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t forged =
        random() % 3 == 0
            ? random()
            : (random() % 2 == 0 ? handle : provided.handle) ^ (1ULL << random() % 64);
    EXPECT_LT(call(caller, forged, 1).status, 0);
    EXPECT_LT(caller.svc()->close(caller.host(), forged), 0);
    EXPECT_LT(caller.svc()->reply(caller.host(), forged, BP_OK, nullptr, nullptr), 0);
    EXPECT_LT(caller.svc()->cancel(caller.host(), forged), 0);
    const bp_method one = method(1, "M");
    const bp_str name = str("t");
    bp_svc out = 0;
    EXPECT_EQ(caller.svc()->provide(caller.host(), forged, &name, 1, 0, &one, sizeof one, 1, 1,
                                    &out, nullptr),
              BP_E_STALE);
  }
  EXPECT_TRUE(stage_.registry.find_service("s", 1)) << "nobody's handle closed it";
}

}  // namespace
}  // namespace host::slot
