// tests/host/log/level_test.cpp - levels and filters.
#include "host/log/level.hpp"

#include <string>

#include <gtest/gtest.h>

namespace host::log {
namespace {

TEST(Level, NamesComeBackAsTheLevelTheyName) {
  for (const Level level :
       {Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Off}) {
    const auto parsed = parse_level(level_name(level));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, level);
  }
}

TEST(Level, TheNumbersAreTheLaws) {
  EXPECT_EQ(static_cast<int>(Level::Trace), 0);
  EXPECT_EQ(static_cast<int>(Level::Off), 5);
}

TEST(Level, RefusesAnUnknownNameAndSaysWhichAreKnown) {
  const auto parsed = parse_level("warning");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code(), BP_E_CONFIG);
  EXPECT_NE(parsed.error().text().find("'warning'"), std::string::npos);
  EXPECT_NE(parsed.error().text().find("warn, error"), std::string::npos);
}

TEST(Filter, FindsTheNearestDottedParent) {
  const Filter filter(Level::Info, {{"storage", Level::Debug}, {"storage.pool", Level::Off}});
  EXPECT_EQ(filter.level_of("storage"), Level::Debug);
  EXPECT_EQ(filter.level_of("storage.writer"), Level::Debug);
  EXPECT_EQ(filter.level_of("storage.pool.reader"), Level::Off);
  EXPECT_EQ(filter.level_of("storage2"), Level::Info);
  EXPECT_EQ(filter.level_of(""), Level::Info);
}

TEST(Filter, ABareLevelReplacesWhatWasSaidBefore) {
  Filter filter(Level::Info, {{"storage", Level::Trace}});
  ASSERT_TRUE(filter.apply("off"));
  EXPECT_EQ(filter.level_of("storage"), Level::Off);
}

TEST(Filter, NamesRefineWithoutChangingTheRest) {
  Filter filter(Level::Warn, {{"ws", Level::Debug}});
  ASSERT_TRUE(filter.apply(" storage = trace , net=off ,"));
  EXPECT_EQ(filter.level_of("storage"), Level::Trace);
  EXPECT_EQ(filter.level_of("net"), Level::Off);
  EXPECT_EQ(filter.level_of("ws"), Level::Debug);
  EXPECT_EQ(filter.level_of("other"), Level::Warn);
}

TEST(Filter, TheOrderOfABareLevelAndNamesDoesNotMatter) {
  Filter filter;
  ASSERT_TRUE(filter.apply("storage=trace,warn"));
  EXPECT_EQ(filter.level_of("storage"), Level::Trace);
  EXPECT_EQ(filter.level_of("x"), Level::Warn);
}

TEST(Filter, ABrokenTextChangesNothing) {
  for (const char* text : {"debug,storage=loud", "=warn", "debug,loud", "storage="}) {
    Filter filter(Level::Info);
    const auto applied = filter.apply(text);
    ASSERT_FALSE(applied) << text;
    EXPECT_EQ(applied.error().code(), BP_E_CONFIG);
    EXPECT_EQ(filter.level_of("storage"), Level::Info) << text;
  }
}

TEST(Filter, AnEmptyNameSetsTheFallback) {
  Filter filter;
  filter.set("", Level::Error);
  EXPECT_EQ(filter.level_of("anything"), Level::Error);
}

}  // namespace
}  // namespace host::log
