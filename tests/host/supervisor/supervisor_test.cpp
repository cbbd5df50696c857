// tests/host/supervisor/supervisor_test.cpp - order, policy and the operator's verbs, with real
// libraries.
#include "host/supervisor/supervisor.hpp"

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/supervisor/control.hpp"

namespace host::supervisor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* at_once =
    R"(,"restart":{"initial":"1ms","max":"1ms","max_restarts":2,"window":"1m"})";

class SupervisorTest : public ControlTest {
 protected:
  ~SupervisorTest() override {
    if (supervisor_) {
      wait([this](Member::Done done) { supervisor_->stop(std::move(done)); });
    }
  }

  Outcome start(const std::string& plugins) {
    supervisor_.emplace(plan(plugins), environment(),
                        [this](const std::string& id) { lost_.push_back(id); });
    return wait([this](Member::Done done) { supervisor_->start(std::move(done)); });
  }

  Outcome verb(void (Supervisor::*asked)(const std::string&, Member::Done), const std::string& id) {
    return wait([&](Member::Done done) { ((*supervisor_).*asked)(id, std::move(done)); });
  }

  [[nodiscard]] Status status(const std::string& id) const {
    const std::vector<Status> all = supervisor_->statuses();
    return *std::ranges::find(all, id, &Status::id);
  }

  void until(const std::string& id, State state) {
    control_.run_until([&] { return status(id).state == state; });
  }

  std::optional<Supervisor> supervisor_;
  std::vector<std::string> lost_;
};

TEST_F(SupervisorTest, StartsInOrderAndStopsAll) {
  EXPECT_EQ(
      start(plugin("a", "good_minimal", R"(,"after":["b"])") + "," + plugin("b", "good_minimal"))
          .text(),
      "");
  std::vector<std::string> ids;
  for (const Status& each : supervisor_->statuses()) {
    ids.push_back(each.id);
    EXPECT_EQ(each.state, State::running);
  }
  EXPECT_THAT(ids, ElementsAre("b", "a"));
  EXPECT_EQ(wait([this](Member::Done done) { supervisor_->stop(std::move(done)); }).text(), "");
  EXPECT_EQ(status("a").state, State::stopped);
  EXPECT_EQ(supervisor_->hung(), 0U);
}

TEST_F(SupervisorTest, ARequiredPluginThatDoesNotStartEndsTheStart) {
  const Outcome outcome = start(plugin("a", "good_minimal") + "," +
                                plugin("b", "bad_throws_in_start", R"(,"after":["a"])"));
  EXPECT_THAT(outcome.text(), HasSubstr("starting plugin 'b'"));
  EXPECT_EQ(status("a").state, State::running);
  EXPECT_EQ(status("b").state, State::failed);
}

TEST_F(SupervisorTest, OneThatIsNotRequiredIsLeftFailed) {
  EXPECT_EQ(start(plugin("a", "bad_throws_in_start", R"(,"required":false)") + "," +
                  plugin("b", "good_minimal"))
                .text(),
            "");
  EXPECT_EQ(status("a").state, State::failed);
  EXPECT_EQ(status("b").state, State::running);
}

TEST_F(SupervisorTest, RetriesByPolicyAndThenPutsItInQuarantine) {
  EXPECT_EQ(start(plugin("a", "bad_throws_in_start",
                         std::string(R"(,"on_start_error":"retry")") + at_once))
                .text(),
            "");
  until("a", State::quarantined);
  EXPECT_EQ(status("a").restarts, 2U);
  EXPECT_THAT(status("a").reason, HasSubstr("too many restarts"));
  EXPECT_THAT(lost_, ElementsAre("a"));
  EXPECT_THAT(verb(&Supervisor::clear_quarantine, "a").text(), HasSubstr("starting plugin 'a'"));
}

TEST_F(SupervisorTest, AFailureWhileItRunsIsAnsweredByPolicy) {
  EXPECT_EQ(start(plugin("a", "bad_throws_in_event", at_once)).text(), "");
  until("a", State::quarantined);
  EXPECT_EQ(status("a").restarts, 2U);
  EXPECT_THAT(lost_, ElementsAre("a"));
}

TEST_F(SupervisorTest, PolicyNeverLeavesItFailedAndTellsThatItIsLost) {
  EXPECT_EQ(start(plugin("a", "bad_throws_in_event", R"(,"restart":{"policy":"never"})")).text(),
            "");
  until("a", State::failed);
  control_.run_until([&] { return !lost_.empty(); });
  EXPECT_THAT(lost_, ElementsAre("a"));
  EXPECT_EQ(status("a").restarts, 0U);
}

TEST_F(SupervisorTest, TheOperatorStopsStartsAndRestarts) {
  ASSERT_EQ(start(plugin("a", "good_minimal")).text(), "");
  EXPECT_THAT(verb(&Supervisor::start_one, "a").text(), HasSubstr("running already"));
  EXPECT_EQ(verb(&Supervisor::stop_one, "a").text(), "");
  EXPECT_EQ(status("a").reason, "stopped by the operator");
  EXPECT_EQ(verb(&Supervisor::start_one, "a").text(), "");
  EXPECT_EQ(verb(&Supervisor::restart, "a").text(), "");
  EXPECT_EQ(status("a").state, State::running);
  EXPECT_EQ(status("a").restarts, 2U);
  const Outcome missing = verb(&Supervisor::restart, "b");
  EXPECT_EQ(missing.error->code(), BP_E_NOT_FOUND);
  const Outcome calm = verb(&Supervisor::clear_quarantine, "a");
  EXPECT_EQ(calm.error->code(), BP_E_STATE);
  EXPECT_THAT(calm.text(), HasSubstr("running, not quarantined"));
}

TEST_F(SupervisorTest, EveryStateIsTold) {
  supervisor_.emplace(plan(plugin("a", "good_minimal")), environment(), [](const std::string&) {});
  std::vector<std::string> states;
  const Lives::Listener listener = supervisor_->lives().listen([&](const LifeChange& change) {
    states.push_back(change.id + " " + std::string(state_name(change.state)));
  });
  EXPECT_EQ(wait([this](Member::Done done) { supervisor_->start(std::move(done)); }).text(), "");
  EXPECT_EQ(verb(&Supervisor::stop_one, "a").text(), "");
  EXPECT_THAT(states, ElementsAre("a loaded", "a starting", "a created", "a starting", "a running",
                                  "a draining", "a stopped", "a stopped"));
}

}  // namespace
}  // namespace host::supervisor
