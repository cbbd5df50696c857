// tests/host/wire/wire_test.cpp - a message is acknowledged after the last step, tried again, or
// given up with a reason.
#include "host/wire/wire.hpp"

#include <future>
#include <mutex>

#include <gtest/gtest.h>

#include "host/wire/check.hpp"
#include "tests/host/slot/scripted_plugin.hpp"

namespace host::wire {
namespace {

// A service whose answers a test decides; requests and replies are JSON.
class Scripted : public service::Provider {
 public:
  bp_status submit(const std::shared_ptr<service::Call>& call, std::uint64_t /*token*/) override {
    const std::string asked(reinterpret_cast<const char*>(call->request().data()),
                            call->request().size);
    call->finish(answer(asked));
    return BP_OK;
  }

  service::Reply run_inline(const service::Method& /*method*/,
                            const message::Message& /*request*/) override {
    return {};
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

  std::function<service::Reply(const std::string&)> answer;
};

struct World : slot::Stage {
  std::shared_ptr<Scripted> provider = std::make_shared<Scripted>();
  registry::ChannelEntry events;
  std::shared_ptr<Wire> wire;

  World() {
    channel::Settings settings;
    settings.name = "events";
    settings.kind = BP_KIND_BROADCAST;
    settings.type = "json";
    settings.lasting = true;  // whoever comes and goes
    events = *registry.open_channel(settings, "test", nullptr);
    service::Service::Description description{
        "s", 1, 0, "p", {{1, 0, "Put", "json", "json", nullptr, nullptr}}};
    (void)registry.add_service(
        {std::make_shared<service::Service>(std::move(description), provider, 0), nullptr});
    manifest::Wire plan;
    plan.from = "events";
    manifest::Step first{
        "s", 1, "Put", {{"v", {manifest::SourceKind::Message, "", "/v", {}}}}, "out"};
    manifest::Step second{
        "s", 1, "Put", {{"w", {manifest::SourceKind::Step, "out", "/r", {}}}}, ""};
    plan.steps = {first, second};
    wire = std::make_shared<Wire>(
        plan, std::vector<std::shared_ptr<const schema::Schema>>{nullptr, nullptr}, events,
        exchange, sink.logger("wire"));
    wire->start();
  }

  ~World() { wire->stop(); }

  [[nodiscard]] service::Reply json(const std::string& text) {
    return {BP_OK, message::copy_of(pool, std::as_bytes(std::span(text))), std::nullopt};
  }

  bp_status publish(const std::string& text) {
    auto told = std::make_shared<std::promise<bp_status>>();
    auto taken =
        exchange.publish("events", text, nullptr, [told](const std::optional<error::Error>& error) {
          told->set_value(error ? error->code() : BP_OK);
        });
    return taken ? told->get_future().get() : taken.error().code();
  }
};

TEST(Wire, RunsEveryStepThenAcknowledges) {
  World world;
  std::mutex mutex;
  std::vector<std::string> asked;
  world.provider->answer = [&](const std::string& request) {
    const std::lock_guard lock(mutex);
    asked.push_back(request);
    return world.json(R"({"r":"from the first"})");
  };
  EXPECT_EQ(world.publish(R"({"v":5})"), BP_OK);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(asked, (std::vector<std::string>{R"({"v":5})", R"({"w":"from the first"})"}));
  EXPECT_EQ(world.wire->counts().done, 1U);
  EXPECT_EQ(world.wire->counts().times.counts().count(), 1U);
}

TEST(Wire, GivesAMessageUpAtOnceThatCanNeverPass) {
  World world;
  world.provider->answer = [&](const std::string&) {
    return service::Reply::failure({BP_E_INVALID, "no id"});
  };
  EXPECT_EQ(world.publish(R"({"v":5})"), BP_E_INVALID);
  EXPECT_EQ(world.wire->counts().failed, 1U);
  EXPECT_EQ(world.wire->counts().retried, 0U);
}

TEST(Wire, TriesAgainWhileTheFailureIsPassing) {
  World world;
  std::atomic<int> calls{0};
  world.provider->answer = [&](const std::string&) {
    return ++calls <= 2 ? service::Reply::failure({BP_E_BUSY, "later"}) : world.json("{}");
  };
  EXPECT_EQ(world.publish(R"({"v":5})"), BP_OK);
  EXPECT_EQ(world.wire->counts().retried, 2U);
  EXPECT_EQ(world.wire->counts().done, 1U);
  EXPECT_EQ(world.wire->counts().taken, 3U) << "each try";
}

TEST(WireCheck, FindsEveryMistakeBeforeAnythingRuns) {
  manifest::Wire wire;
  wire.from = "evnts";
  wire.steps = {{"bp.nobody", 1, "Put", {}, ""}};
  Catalog catalog;
  catalog.has_channel = [](const std::string& name) { return name == "events"; };
  catalog.service = [](const std::string&, std::uint32_t, bool& provided) {
    provided = false;
    return std::shared_ptr<const schema::Schema>();
  };
  catalog.channel_names = {"events"};
  catalog.service_names = {"bp.nobodies/1"};
  const auto findings = check(wire, catalog);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_NE(findings[0].message.find("did you mean 'events'?"), std::string::npos);
  EXPECT_NE(findings[1].message.find("did you mean 'bp.nobodies/1'?"), std::string::npos);
}

}  // namespace
}  // namespace host::wire
