// tests/host/log/sink_test.cpp - nobody who logs ever waits, and nothing is lost without being
// counted.
#include "host/log/sink.hpp"

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory_output.hpp"

namespace host::log {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto patience = 20s;

struct World {
  explicit World(Options options = {}, bool terminal = false)
      : sink(std::make_unique<Sink>(options, std::make_unique<MemoryOutput>(memory, terminal))) {}

  std::vector<std::string> lines() {
    EXPECT_TRUE(sink->flush(patience));
    return memory->lines();
  }

  std::shared_ptr<Memory> memory = std::make_shared<Memory>();
  std::unique_ptr<Sink> sink;
};

Options every_line() {
  Options options;
  options.filter = Filter(Level::Trace);
  options.rate_limit = 0ms;
  return options;
}

TEST(Sink, WritesJsonWithSourceForTheHostAndWithoutForPlugins) {
  World world;
  const Logger logger = world.sink->logger("storage");
  logger.info("opened", {{"path", "a.db"}, {"rows", 3}});
  logger.write(Level::Warn, "slow");
  const auto lines = world.lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr(R"("plugin":"storage","message":"opened")"));
  EXPECT_THAT(lines[0], HasSubstr(R"("source":"host/log/sink_test.cpp:)"));
  EXPECT_THAT(lines[0], HasSubstr(R"("path":"a.db","rows":3})"));
  EXPECT_THAT(lines[1], testing::Not(HasSubstr("source")));
  EXPECT_THAT(lines[1], HasSubstr(R"("thread":")"));
}

TEST(Sink, ATerminalGetsColouredTextUnlessToldOtherwise) {
  Options options;
  World terminal(options, true);
  terminal.sink->logger("a").info("hello");
  EXPECT_THAT(terminal.lines().at(0), HasSubstr("\x1B[32minfo"));

  options.colour = false;
  World plain(options, true);
  plain.sink->logger("a").info("hello");
  EXPECT_THAT(plain.lines().at(0), HasSubstr(" info  a            hello"));

  options.format = Format::Json;
  World json(options, true);
  json.sink->logger("a").info("hello");
  EXPECT_THAT(json.lines().at(0), HasSubstr(R"({"time":")"));
}

TEST(Sink, LevelsChangeWhileLoggersExist) {
  World world(every_line());
  const Logger pool = world.sink->logger("storage.pool");
  world.sink->set_level("storage", Level::Error);
  EXPECT_EQ(pool.level(), Level::Error);
  EXPECT_FALSE(pool.enabled(Level::Warn));
  EXPECT_EQ(world.sink->logger("storage.writer").level(), Level::Error);
  world.sink->set_level("", Level::Off);
  EXPECT_FALSE(world.sink->logger("other").enabled(Level::Error));
  pool.warn("not written");
  pool.error("written");
  EXPECT_EQ(world.lines().size(), 1U);
}

TEST(Sink, ADefaultLoggerIsSilent) {
  const Logger silent;
  EXPECT_FALSE(silent.enabled(Level::Error));
  silent.error("nobody hears this");
}

TEST(Sink, OffIsNotALevelToWriteAt) {
  World world(every_line());
  EXPECT_FALSE(world.sink->logger("a").enabled(Level::Off));
}

TEST(Sink, AFullQueueDropsNewDebugLinesButKeepsRoomForWarnings) {
  World world(every_line());
  const Logger logger = world.sink->logger("flood");
  world.memory->hold();
  logger.debug("first");
  world.memory->wait_until_writer_waits();
  for (std::size_t i = 0; i < queue_records_max; ++i) {
    logger.debug("flood");
  }
  logger.warn("important");
  const std::size_t kept = queue_records_max * queue_share_below_warn_percent / 100;
  EXPECT_EQ(world.sink->counts().dropped, queue_records_max - kept);
  EXPECT_FALSE(world.sink->flush(1ms));
  world.memory->let_go();
  const auto lines = world.lines();
  ASSERT_EQ(lines.size(), 1 + kept + 1 + 1);
  EXPECT_THAT(lines[kept + 1], HasSubstr("important"));
  EXPECT_THAT(lines.back(), HasSubstr("log lines were dropped"));
  EXPECT_THAT(lines.back(), HasSubstr(R"("dropped":)" + std::to_string(queue_records_max - kept)));
}

TEST(Sink, WarningsPushOutTheOldestLines) {
  World world(every_line());
  const Logger logger = world.sink->logger("flood");
  world.memory->hold();
  logger.warn("first");
  world.memory->wait_until_writer_waits();
  for (std::size_t i = 0; i < queue_records_max + 10; ++i) {
    logger.warn("w" + std::to_string(i));
  }
  EXPECT_EQ(world.sink->counts().dropped, 10U);
  world.memory->let_go();
  const auto lines = world.lines();
  EXPECT_THAT(lines.at(1), HasSubstr("\"w10\""));
  EXPECT_THAT(lines.at(lines.size() - 2), HasSubstr("w" + std::to_string(queue_records_max + 9)));
}

TEST(Sink, AQueueOfHugeLinesIsBoundedInBytes) {
  World world(every_line());
  const Logger logger = world.sink->logger("flood");
  world.memory->hold();
  logger.warn("first");
  world.memory->wait_until_writer_waits();
  const std::string huge(text_bytes_max, 'x');
  for (std::size_t i = 0; i < 1'000; ++i) {
    logger.warn(huge);
  }
  EXPECT_GT(world.sink->counts().dropped, 400U);
  world.memory->let_go();
  EXPECT_LE(world.lines().size(), queue_bytes_max / text_bytes_max + 2);
}

TEST(Sink, RepeatedLinesAreHeldBackAndCountedAtTheEnd) {
  World world;
  const Logger logger = world.sink->logger("ws");
  for (int i = 0; i < 5; ++i) {
    logger.write(Level::Warn, "queue is full");
  }
  EXPECT_EQ(world.lines().size(), 1U);
  EXPECT_EQ(world.sink->counts().held_back, 4U);
  world.sink.reset();
  const auto lines = world.memory->lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[1], HasSubstr(R"("repeated":4)"));
}

TEST(Sink, TheSummaryComesByItselfWhenTheWindowEnds) {
  Options options;
  options.rate_limit = 20ms;
  World world(options);
  const Logger logger = world.sink->logger("ws");
  logger.write(Level::Warn, "full");
  logger.write(Level::Warn, "full");
  const auto until = std::chrono::steady_clock::now() + patience;
  while (world.sink->counts().written < 2 && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  EXPECT_EQ(world.memory->lines().size(), 2U);
}

TEST(Sink, AFailingOutputIsCountedAndDoesNotStopTheWriter) {
  World world(every_line());
  world.memory->fail_from_now_on();
  world.sink->logger("a").info("lost");
  EXPECT_TRUE(world.sink->flush(patience));
  EXPECT_EQ(world.sink->counts().unwritten, 1U);
}

TEST(Sink, EndsInTimeWhenTheReaderNeverReads) {
  World world(every_line());
  world.memory->hold();
  world.sink->logger("a").info("stuck");
  world.memory->wait_until_writer_waits();
  const auto began = std::chrono::steady_clock::now();
  world.sink.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, farewell_timeout + patience);
  EXPECT_TRUE(world.memory->lines().empty());
}

TEST(Sink, EndingWritesWhatIsQueued) {
  World world(every_line());
  for (int i = 0; i < 100; ++i) {
    world.sink->logger("a").info("line " + std::to_string(i));
  }
  world.sink.reset();
  EXPECT_EQ(world.memory->lines().size(), 100U);
}

TEST(Sink, ManyThreadsLoseNothingAndKeepTheirOwnOrder) {
  constexpr int threads = 4;
  constexpr int per_thread = 1'000;  // all of them fit the queue
  World world(every_line());
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t) {
    writers.emplace_back([&world, t] {
      const Logger logger = world.sink->logger("t" + std::to_string(t));
      for (int i = 0; i < per_thread; ++i) {
        logger.write(Level::Info, std::to_string(i));
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  std::vector<int> next(threads, 0);
  for (const std::string& line : world.lines()) {
    for (int t = 0; t < threads; ++t) {
      if (line.find("\"plugin\":\"t" + std::to_string(t) + "\"") != std::string::npos) {
        const int index = next[static_cast<std::size_t>(t)]++;
        EXPECT_THAT(line, HasSubstr("\"message\":\"" + std::to_string(index) + "\""));
      }
    }
  }
  EXPECT_THAT(next, testing::Each(per_thread));
}

TEST(Sink, TheEnvironmentHasTheLastWord) {
  Options options;
  options.filter = Filter(Level::Info, {{"storage", Level::Debug}});
  ::setenv("BACKPLANE_LOG", "warn,net=off", 1);
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_TRUE(options.apply_environment());
  EXPECT_EQ(options.filter.level_of("storage"), Level::Warn);
  EXPECT_EQ(options.filter.level_of("net"), Level::Off);
  EXPECT_FALSE(options.colour);
  ::setenv("BACKPLANE_LOG", "loud", 1);
  const auto applied = options.apply_environment();
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().text(), HasSubstr("BACKPLANE_LOG"));
  ::unsetenv("BACKPLANE_LOG");
  ::unsetenv("NO_COLOR");
}

TEST(Sink, FormatsHaveNames) {
  EXPECT_EQ(parse_format("json").value(), Format::Json);
  EXPECT_EQ(parse_format("text").value(), Format::Text);
  EXPECT_EQ(parse_format("auto").value(), Format::Auto);
  EXPECT_EQ(parse_format("xml").error().code(), BP_E_CONFIG);
}

}  // namespace
}  // namespace host::log
