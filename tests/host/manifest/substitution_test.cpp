// tests/host/manifest/substitution_test.cpp - ${NAME} in texts, and only there.
#include "host/manifest/substitution.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace {

using namespace host::manifest;

struct Outcome {
  Node root;
  std::string problems;
};

Outcome run(std::string_view text) {
  Outcome outcome{json_literal(text), ""};
  std::vector<Problem> problems;
  substitute(outcome.root, {"A", "B_1", "BAD", "UNSET"},
             test::environment({{"A", "x\"y"}, {"B_1", "${A}"}, {"SECRET", "s"}, {"BAD", "\xFF"}}),
             problems);
  for (const Problem& problem : problems) {
    outcome.problems += problem.pointer + ": " + problem.message + '\n';
  }
  return outcome;
}

TEST(Substitution, ReplacesInStringLeavesOnce) {
  const Outcome outcome = run(R"({"${A}":["-${A}-${B_1}","$A","${A}${A}"],"n":1})");
  EXPECT_EQ(outcome.problems, "");
  EXPECT_EQ(compact(outcome.root), R"({"${A}":["-x\"y-${A}","$A","x\"yx\"y"],"n":1})");
}

TEST(Substitution, KnowsAnEscape) {
  EXPECT_EQ(compact(run(R"(["$${A}","$$${A}","$$"])").root), R"(["${A}","$${A}","$$"])");
}

TEST(Substitution, TellsEveryMistake) {
  const Outcome outcome = run(R"(["${SECRET}","${UNSET}","${A","${}","${a b}","${BAD}"])");
  EXPECT_EQ(
      outcome.problems,
      "/0: the variable SECRET is not in env.allow; add \"SECRET\" there or write \"$${\"\n"
      "/1: the environment variable UNSET is not set\n"
      "/2: \"${\" without \"}\"; write \"$${\" for the two characters themselves\n"
      "/3: \"${...}\" holds no variable name; write \"$${\" for the two characters themselves\n"
      "/4: \"${...}\" holds no variable name; write \"$${\" for the two characters themselves\n"
      "/5: the environment variable BAD is not valid UTF-8\n");
}

TEST(Substitution, LimitsWhatIsAdded) {
  Node root = json_literal(R"(["${A}","${A}","${A}"])");
  std::vector<Problem> problems;
  substitute(root, {"A"}, test::environment({{"A", std::string(500'000, 'a')}}), problems);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].pointer, "/2");
}

RC_GTEST_PROP(Substitution, UndoesTheEscape, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("${}A")));
  Node root = json_string(text);
  escape_variables(root);
  std::vector<Problem> problems;
  substitute(root, {}, test::environment(), problems);
  RC_ASSERT(problems.empty());
  RC_ASSERT(root.text == text);
}

}  // namespace
