// tests/host/slot/service_table_test.cpp - bp.svc/1 as a plugin calls it.
#include <cstring>
#include <future>

#include <gtest/gtest.h>

#include "tests/host/slot/fixture.hpp"

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

}  // namespace
}  // namespace host::slot
