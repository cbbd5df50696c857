// tests/host/admin/events_test.cpp - what a watcher of names and lives is told, and a slow one.
#include "host/admin/events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/admin/backend.hpp"
#include "tests/host/admin/recorder.hpp"

namespace host::admin {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class EventsTest : public BackendTest {
 protected:
  void open(Events::Wanted wanted) {
    const auto opened =
        Events::open({stage_.registry, supervisor_, stage_.runtime}, std::move(wanted), recorder_);
    ASSERT_TRUE(opened) << opened.error().text();
  }

  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>();
};

TEST_F(EventsTest, TellsWhatAppearsAndGoes) {
  open({"*", 2, false});
  EXPECT_EQ(recorder_->type(), "application/x-ndjson");
  add_channel("fresh", BP_KIND_QUEUE);
  stage_.registry.withdraw("echo");
  recorder_->wait_for_end();
  EXPECT_THAT(
      recorder_->lines(2),
      ElementsAre(
          AllOf(HasSubstr(R"({"time":"20)"),
                HasSubstr(R"("event":"appeared","what":"channel","name":"fresh","kind":"queue")"),
                HasSubstr(R"("type":"json","owner":"test"})")),
          HasSubstr(R"("event":"gone","what":"service","name":"bp.echo","major":1,"minor":0,)"
                    R"("owner":"echo"})")));
}

TEST_F(EventsTest, BeginsWithWhatIsThereWhenItIsAsked) {
  open({"*", 0, true});
  const auto lines = recorder_->lines(6);
  EXPECT_THAT(lines,
              ElementsAre(HasSubstr(R"("event":"failed","what":"instance")"),
                          HasSubstr(R"("event":"failed","what":"instance")"),
                          HasSubstr(R"("event":"appeared","what":"channel","name":"events")"),
                          HasSubstr(R"("name":"jobs")"),
                          HasSubstr(R"("event":"appeared","what":"service")"),
                          HasSubstr(R"("event":"snapshot_end"})")));
  recorder_->leave();
}

TEST_F(EventsTest, TellsOfInstancesThatChangeTheirState) {
  open({"st*", 1, false});
  supervisor_.lives().tell({"net.ws", supervisor::State::running, "no match", 0});
  supervisor_.lives().tell({"storage", supervisor::State::backoff, "again in 5 ms", 1'000});
  recorder_->wait_for_end();
  EXPECT_EQ(recorder_->lines(1)[0],
            R"({"time":"1970-01-01T00:00:01.000Z","event":"backoff","what":"instance",)"
            R"("name":"storage","reason":"again in 5 ms"})"
            "\n");
}

TEST_F(EventsTest, ASlowReaderIsToldHowManyItMissed) {
  recorder_->set_full(true);
  open({"storage", 0, false});
  constexpr std::size_t more = 10;
  for (std::size_t i = 0; i < event_lines_max + more; ++i) {
    supervisor_.lives().tell({"storage", supervisor::State::running, std::to_string(i), 0});
  }
  recorder_->set_full(false);
  const auto lines = recorder_->lines(event_lines_max + 1);
  EXPECT_THAT(lines[event_lines_max - 1],
              HasSubstr("\"reason\":\"" + std::to_string(event_lines_max - 1) + "\""));
  EXPECT_THAT(lines[event_lines_max],
              HasSubstr(R"("event":"lagged","missed":)" + std::to_string(more) + "}"));
  supervisor_.lives().tell({"storage", supervisor::State::running, "later", 0});
  EXPECT_THAT(recorder_->lines(event_lines_max + 2).back(), HasSubstr("later"));
  recorder_->leave();
}

TEST_F(EventsTest, AReaderThatLeftIsNotKept) {
  open({"*", 0, false});
  EXPECT_GT(recorder_.use_count(), 1);
  recorder_->leave();
  add_channel("fresh", BP_KIND_QUEUE);
  supervisor_.lives().tell({"storage", supervisor::State::running, "", 0});
  while (recorder_.use_count() > 1) {  // a turn of its strand may still hold it
    std::this_thread::yield();
  }
  EXPECT_TRUE(recorder_->lines(0).empty());
}

TEST_F(EventsTest, AreServedToTheSocket) {
  EXPECT_EQ(ask("GET", "/v1/events?count=x").status, 400U);
  EXPECT_EQ(ask("GET", "/v1/events?existing=2").status, 400U);
  EXPECT_EQ(ask("GET", "/v1/events?since=0").status, 400U);
  std::vector<std::string> lines;
  const auto reply = request(socket(), "GET", "/v1/events?existing=1&match=bp.*&count=2", "",
                             [&](std::string_view line) {
                               lines.emplace_back(line);
                               if (line.find("snapshot_end") != std::string_view::npos) {
                                 stage_.registry.withdraw("echo");
                               }
                               return true;
                             });
  ASSERT_TRUE(reply);
  EXPECT_THAT(lines, ElementsAre(HasSubstr("appeared"), HasSubstr("snapshot_end"),
                                 HasSubstr(R"("event":"gone")")));
}

}  // namespace
}  // namespace host::admin
