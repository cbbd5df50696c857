// tests/host/slot/json_table_test.cpp - bp.json/1: by name, and refused with words.
#include <future>

#include <gtest/gtest.h>

#include "tests/host/slot/fixture.hpp"

namespace host::slot {
namespace {

class SlotJson : public Instances {
 protected:
  bp_status publish(Actor& actor, std::string_view channel, std::string_view json,
                    std::uint64_t token, bp_call* call) {
    const bp_str to{channel.data(), channel.size()};
    const bp_str text{json.data(), json.size()};
    error_.struct_size = sizeof error_;
    return table(actor)->publish(actor.host(), actor.instance(), &to, &text, nullptr, token, call,
                                 &error_);
  }

  bp_status ask(Actor& actor, std::string_view service, std::string_view method,
                std::string_view json, bp_call* call) {
    const bp_str of{service.data(), service.size()};
    const bp_str name{method.data(), method.size()};
    const bp_str text{json.data(), json.size()};
    error_.struct_size = sizeof error_;
    return table(actor)->call(actor.host(), actor.instance(), &of, &name, &text, 0, nullptr, 5,
                              call, &error_);
  }

  // The words of the last refusal.
  [[nodiscard]] std::string told() const {
    return error::Error::from_abi(error_.code, &error_).text();
  }

 private:
  static const bp_json_api* table(const Actor& actor) {
    return static_cast<const bp_json_api*>(actor.host()->query(actor.host(), BP_JSON_ID));
  }

  bp_error error_{};
};

TEST_F(SlotJson, PublishesAndCallsByName) {
  Actor& provider = running("provider");
  Actor& caller = running("caller");
  provider.provide("s", true);
  const bp_chan in = provider.open("c", BP_KIND_BROADCAST, BP_DIR_RECEIVE, 1);
  ASSERT_NE(in, 0U);
  std::promise<bp_status> published;
  caller.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_REPLY && event.token == 4) {
      published.set_value(event.status);
    }
  };
  bp_call call = 0;
  EXPECT_EQ(publish(caller, "c", R"("aGVsbG8=")", 4, &call), BP_OK) << told();
  EXPECT_EQ(published.get_future().get(), BP_OK);
  EXPECT_EQ(publish(caller, "d", "{}", 4, &call), BP_E_NOT_FOUND);
  EXPECT_NE(told().find("no channel 'd'"), std::string::npos) << told();
  EXPECT_EQ(ask(caller, "s/1", "N", "{}", &call), BP_E_NOT_FOUND);
  EXPECT_NE(told().find("has no method 'N'"), std::string::npos) << told();
}

TEST_F(SlotJson, AProviderLearnsWhoCallsByName) {
  Actor& provider = running("provider");
  Actor& caller = running("caller");
  provider.provide("s", false);
  std::promise<std::string> who;
  provider.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_CALL) {
      std::string id(BP_INSTANCE_ID_BYTES_MAX, '?');
      std::uint64_t bytes = 0;
      EXPECT_EQ(provider.svc()->caller(provider.host(), event.handle, id.data(), id.size(), &bytes),
                BP_OK);
      who.set_value(id.substr(0, bytes));
    }
  };
  bp_call call = 0;
  EXPECT_EQ(ask(caller, "s/1", "M", R"("")", &call), BP_OK) << told();
  EXPECT_EQ(who.get_future().get(), "caller");
}

TEST_F(SlotJson, AfterStopTheAnswerNamesTheState) {
  Actor& actor = running("a");
  ASSERT_FALSE(actor.operate(BP_EV_STOP));
  bp_call call = 0;
  EXPECT_EQ(publish(actor, "c", "{}", 4, &call), BP_E_STATE);
  EXPECT_NE(told().find("publishing by name is not allowed in state 'stopped'"), std::string::npos)
      << told();
  EXPECT_EQ(ask(actor, "s/1", "M", "{}", &call), BP_E_STATE);
  EXPECT_NE(told().find("calling by name is not allowed in state 'stopped'"), std::string::npos)
      << told();
}

}  // namespace
}  // namespace host::slot
