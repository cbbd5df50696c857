// tests/sdk/cpp/log_test.cpp - log lines, their pairs, their level.
#include "backplane/cpp/log.hpp"

#include <string>

#include <gtest/gtest.h>

#include "in_task.hpp"

using namespace std::chrono_literals;

namespace {

TEST(Log, WritesKeysAndValuesOfManyTypes) {
  tests::Stage stage;
  const std::string text = "s";
  stage.cx().log.info("line", "text", text, "literal", "l", "int", -3, "big", 18446744073709551615U,
                      "double", 0.5, "flag", true, "time", 1500us, "why",
                      bp::error(BP_E_IO, "disk"));
  const auto line = stage.host().log().back();
  EXPECT_EQ(line.level, std::uint32_t{BP_LOG_INFO});
  EXPECT_EQ(line.text, "line");
  const std::map<std::string, std::string> expected{
      {"text", "s"},     {"literal", "l"}, {"int", "-3"},      {"big", "18446744073709551615"},
      {"double", "0.5"}, {"flag", "true"}, {"time", "1500us"}, {"why", "disk"}};
  EXPECT_EQ(line.pairs, expected);
}

TEST(Log, SkipsWhatIsBelowTheLevel) {
  tests::Stage stage;
  stage.host().set_log_level(BP_LOG_WARN);
  stage.cx().info("quiet");
  stage.cx().warn("loud");
  EXPECT_EQ(stage.host().log().size(), 1U);
  EXPECT_FALSE(stage.cx().log.writes(BP_LOG_INFO));
  bp::logger().error("a logger of nobody writes nothing");
}

TEST(Span, EndsOnceAndHandsItsContextOn) {
  tests::Stage stage;
  bp::span span = stage.cx().span("work", nullptr, "rows", 3);
  span.set("state", "done");
  EXPECT_EQ(span.context()[0], 1);
  const bp::span moved = std::move(span);
  EXPECT_EQ(stage.host().spans(), std::vector<std::string>{"work"});
}

}  // namespace
