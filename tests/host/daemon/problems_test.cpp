// tests/host/daemon/problems_test.cpp - problems of the text and of the plugins' files in one list.
#include "host/daemon/problems.hpp"

#include <string>

#include <gtest/gtest.h>

namespace host::daemon {
namespace {

using manifest::Problem;

manifest::Reading read(std::string_view text) {
  manifest::Environment environment;
  environment.variable = [](const std::string&) { return std::nullopt; };
  return manifest::read_text(text, "/tmp/p.json", environment);
}

Problem found(std::string pointer) {
  return {"/tmp/p.json", 0, 0, std::move(pointer), "found"};
}

std::string told(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " +
            problem.pointer + "\n";
  }
  return text;
}

constexpr std::string_view two_wires = R"({"schema":1,
"plugins":{"a":{"library":"a","config":{"x":1}}},
"wires":[
{"from":"c","steps":[{"call":"s/1.M"}]},
{"from":"d","steps":[{"call":"s/1.N"}]}]})";

TEST(Problems, GetThePlaceOfTheirPointerAndStandInReadingOrder) {
  const auto problems =
      all_problems(read(two_wires), {found("/wires/1/steps/0/call"), found("/wires/0/steps/0/map"),
                                     found("/plugins/a/config/x")});
  EXPECT_EQ(told(problems),
            "2:45 /plugins/a/config/x\n"
            "4:22 /wires/0/steps/0/map\n"
            "5:30 /wires/1/steps/0/call\n");
}

TEST(Problems, OfTheTextStandBesideThoseOfThePlugins) {
  const auto reading = read(R"({"schema":1,
"host":{"workers":"many"},
"plugins":{"a":{"library":"a","config":{"x":1}}}})");
  ASSERT_TRUE(reading.draft);
  EXPECT_FALSE(reading.manifest);
  EXPECT_EQ(told(all_problems(reading, {found("/plugins/a/config/x")})),
            "2:19 /host/workers\n"
            "3:45 /plugins/a/config/x\n");
}

TEST(Problems, KeepTheirCodeAndWhatTheyAreAbout) {
  Problem refused = found("/plugins/a/library");
  refused.code = BP_E_ABI;
  const auto problems = placed(read(two_wires), {refused});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].code, BP_E_ABI);
  EXPECT_EQ(problems[0].message, "found");
  EXPECT_EQ(problems[0].line, 2);
}

TEST(Problems, ThatOthersMayHaveCausedAreLeftOut) {
  const auto wire = read(
      R"({"schema":1,"plugins":{"a":{"library":"a"}},"wires":[{"from":"c","steps":[{"call":"M"}]}]})");
  EXPECT_EQ(all_problems(wire, {found("/wires/0/steps/0/call"), found("/wires/0")}).size(), 1U);
  const auto library = read(
      R"({"schema":1,"plugins":{"a":{"library":1}},"wires":[{"from":"c","steps":[{"call":"s/1.M"}]}]})");
  EXPECT_EQ(all_problems(library, {found("/wires/0/steps/0/call")}).size(), 1U);
  EXPECT_EQ(all_problems(library, {found("/plugins/b")}).size(), 1U);  // it needs a service of a's
  const auto syntax = read("{");
  EXPECT_EQ(all_problems(syntax, {}).size(), 1U);
}

}  // namespace
}  // namespace host::daemon
