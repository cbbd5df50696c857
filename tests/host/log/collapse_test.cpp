// tests/host/log/collapse_test.cpp - repetitions are counted, never lost.
#include "host/log/collapse.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::log {
namespace {

using namespace std::chrono_literals;

Record line(std::string message, std::int64_t field = 0, Level level = Level::Warn) {
  Record record;
  record.level = level;
  record.name = "ws";
  record.message = std::move(message);
  record.fields.emplace_back("n", field);
  return record;
}

constexpr Collapse::Time start{};

TEST(Collapse, TheSameLineIsWrittenOncePerWindowAndThenCounted) {
  Collapse collapse(10s);
  EXPECT_TRUE(collapse.admit(line("full"), start));
  EXPECT_FALSE(collapse.next_due());
  EXPECT_FALSE(collapse.admit(line("full"), start + 1s));
  EXPECT_FALSE(collapse.admit(line("full"), start + 2s));
  ASSERT_TRUE(collapse.next_due());
  EXPECT_EQ(*collapse.next_due(), start + 10s);
  EXPECT_TRUE(collapse.expire(start + 9s).empty());
  const auto summaries = collapse.expire(start + 10s);
  ASSERT_EQ(summaries.size(), 1U);
  EXPECT_EQ(summaries[0].message, "full");
  EXPECT_EQ(summaries[0].repeated, 2U);
  EXPECT_FALSE(collapse.next_due());
  EXPECT_TRUE(collapse.admit(line("full"), start + 11s));
}

TEST(Collapse, DifferentFieldsAreWrittenUpToTheBurst) {
  Collapse collapse(10s);
  std::uint32_t written = 0;
  for (int i = 0; i < 100; ++i) {
    written += collapse.admit(line("closed", i), start) ? 1U : 0U;
  }
  EXPECT_EQ(written, burst_max);
  const auto summaries = collapse.drain();
  ASSERT_EQ(summaries.size(), 1U);
  EXPECT_EQ(summaries[0].repeated, 100U - burst_max);
}

TEST(Collapse, AnotherMessageOrLevelIsAnotherMatter) {
  Collapse collapse(10s);
  EXPECT_TRUE(collapse.admit(line("a"), start));
  EXPECT_TRUE(collapse.admit(line("b"), start));
  EXPECT_TRUE(collapse.admit(line("a", 0, Level::Error), start));
}

TEST(Collapse, DebugAndAWindowOfZeroHoldNothingBack) {
  Collapse collapse(10s);
  Collapse open(0ms);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(collapse.admit(line("a", 0, Level::Debug), start));
    EXPECT_TRUE(open.admit(line("a"), start));
  }
}

TEST(Collapse, AfterAQuietWindowTheLineIsWrittenAgain) {
  Collapse collapse(10s);
  EXPECT_TRUE(collapse.admit(line("a"), start));
  EXPECT_TRUE(collapse.admit(line("a"), start + 10s));
}

TEST(Collapse, WatchesABoundedNumberOfMessages) {
  Collapse collapse(10s);
  for (std::size_t i = 0; i < watched_messages_max; ++i) {
    EXPECT_TRUE(collapse.admit(line("m" + std::to_string(i)), start));
  }
  // No room to watch this one: it is written each time.
  EXPECT_TRUE(collapse.admit(line("one more"), start));
  EXPECT_TRUE(collapse.admit(line("one more"), start));
  // Ended windows make room.
  EXPECT_TRUE(collapse.admit(line("later"), start + 10s));
  EXPECT_FALSE(collapse.admit(line("later"), start + 10s));
}

RC_GTEST_PROP(Collapse, EveryLineIsEitherWrittenOrCounted, ()) {
  Collapse collapse(100ms);
  const auto lines = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 4), rc::gen::inRange(0, 60)));
  Collapse::Time now = start;
  std::uint64_t accounted = 0;
  for (const auto& [message, pause] : lines) {
    now += std::chrono::milliseconds(pause);
    for (const Record& summary : collapse.expire(now)) {
      accounted += summary.repeated;
    }
    accounted += collapse.admit(line(std::to_string(message)), now) ? 1U : 0U;
  }
  for (const Record& summary : collapse.drain()) {
    accounted += summary.repeated;
  }
  RC_ASSERT(accounted == lines.size());
}

}  // namespace
}  // namespace host::log
