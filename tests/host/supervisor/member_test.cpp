// tests/host/supervisor/member_test.cpp - one plugin from its file to its end, with real libraries.
#include "host/supervisor/member.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/supervisor/control.hpp"

namespace host::supervisor {
namespace {

using testing::HasSubstr;

class MemberTest : public ControlTest {
 protected:
  Member& member(const std::string& planned) {
    Plan made = plan(planned);
    member_.emplace(std::move(made.plugins.at(0)), environment_);
    return *member_;
  }

  Outcome start() {
    return wait([this](Member::Done done) { member_->start(std::move(done)); });
  }

  Outcome stop(bool graceful = true) {
    return wait([&](Member::Done done) { member_->stop(graceful, std::move(done)); });
  }

  Environment environment_ = environment();
  std::optional<Member> member_;
};

TEST_F(MemberTest, LivesMoreThanOnce) {
  Member& one = member(plugin("a", "good_minimal"));
  EXPECT_EQ(one.state(), State::verified);
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(start().text(), "");
    EXPECT_EQ(one.state(), State::running);
    EXPECT_TRUE(std::filesystem::is_directory(folder_.path() / "var" / "a"));
    EXPECT_EQ(stop().text(), "");
    EXPECT_EQ(one.state(), State::stopped);
  }
  const Status status = one.status();
  EXPECT_EQ(status.id, "a");
  EXPECT_EQ(status.plugin, "org.example.minimal");
  EXPECT_EQ(status.version, "1.0.0");
  EXPECT_GT(status.events, 0U) << "of both lives";
  EXPECT_EQ(status.starts, 2U);
  EXPECT_EQ(status.faults, 0U);
  EXPECT_GE(status.turns.count(), 4U) << "START and STOP, twice";
  EXPECT_GT(status.turns.sum_ns, 0U);
  EXPECT_EQ(status.notice, "");
  EXPECT_EQ(one.hung(), 0U);
}

TEST_F(MemberTest, AFileThatIsRefusedDoesNotStart) {
  Member& one = member(plugin("a", "bad_layout"));
  EXPECT_EQ(one.state(), State::failed);
  EXPECT_THAT(one.status().reason, HasSubstr("law.layout"));
  EXPECT_THAT(start().text(), HasSubstr("law.layout"));
  EXPECT_EQ(stop().text(), "") << "nothing runs, so it is stopped";
}

TEST_F(MemberTest, SaysWhenTheFileOnDiskIsNotTheOneThatRuns) {
  const std::filesystem::path file = folder_.path() / "mine.so";
  const std::filesystem::path next = folder_.path() / "next.so";
  std::filesystem::copy_file(std::string(BAD_PLUGINS_DIR) + "/good_minimal.so", file);
  Member& one = member(R"("a":{"library":")" + file.string() + "\"}");
  std::filesystem::copy_file(std::string(BAD_PLUGINS_DIR) + "/good_minimal_next.so", next);
  ASSERT_EQ(start().text(), "");
  EXPECT_EQ(one.status().notice, "");
  std::filesystem::last_write_time(
      next, std::filesystem::last_write_time(file) + std::chrono::seconds(1));
  std::filesystem::rename(next, file);
  EXPECT_EQ(one.status().notice, "the file on disk is newer; restart the host to load it");
  EXPECT_EQ(stop().text(), "");
  EXPECT_EQ(start().text(), "") << "what is mapped starts again";
  EXPECT_EQ(one.status().version, "1.0.0");
  EXPECT_EQ(one.status().notice, "the file on disk is newer; restart the host to load it");
  std::filesystem::remove(file);
  EXPECT_THAT(one.status().notice, HasSubstr("gone from the disk"));
  EXPECT_EQ(stop().text(), "");
}

TEST_F(MemberTest, AMissedStartIsATimeoutThatNamesTheStep) {
  Member& one = member(plugin("a", "bad_never_completes", R"(,"timeouts":{"start":"50ms"})"));
  const Outcome outcome = start();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code(), BP_E_TIMEOUT);
  EXPECT_THAT(outcome.text(), HasSubstr("START"));
  EXPECT_EQ(stop(false).text(), "");
  EXPECT_EQ(one.hung(), 0U) << "it answered, only not what it should";
}

TEST_F(MemberTest, AThrowInCreateIsAnAnswer) {
  member(plugin("a", "bad_throws_in_create", R"(,"timeouts":{"stop":"10m"})"));
  EXPECT_THAT(start().text(), HasSubstr("create()"));
  EXPECT_EQ(stop(false).text(), "") << "and STOP is not asked of what was never made";
}

TEST_F(MemberTest, AFailureAfterTheStartIsToldOnTheControlThread) {
  Member& one = member(plugin("a", "bad_throws_in_event"));
  std::optional<error::Error> fault;
  one.on_fault([&](error::Error error) { fault = std::move(error); });
  ASSERT_EQ(start().text(), "");
  control_.run_until([&] { return fault.has_value(); });
  EXPECT_THAT(fault->text(), HasSubstr("thrown in an event"));
  EXPECT_GE(one.status().faults, 1U);
  EXPECT_EQ(stop(false).text(), "");
}

TEST_F(MemberTest, TwoStopsAtOnceAreBothAnswered) {
  Member& one = member(plugin("a", "good_minimal"));
  ASSERT_EQ(start().text(), "");
  int answers = 0;
  one.stop(true, [&](const std::optional<error::Error>&) { ++answers; });
  one.stop(true, [&](const std::optional<error::Error>&) { ++answers; });
  control_.run_until([&] { return answers == 2; });
  EXPECT_EQ(one.state(), State::stopped);
}

TEST_F(MemberTest, AnUnwritableDataFolderIsNamed) {
  folder_.write("var", "a file where the folder should be");
  member(plugin("a", "good_minimal"));
  EXPECT_THAT(start().text(), HasSubstr("fix: make host.data_dir writable"));
}

TEST(State, HasAName) {
  EXPECT_EQ(state_name(State::quarantined), "quarantined");
  EXPECT_EQ(state_name(State::absent), "absent");
}

}  // namespace
}  // namespace host::supervisor
