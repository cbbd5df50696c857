// tests/host/manifest/problem_test.cpp - a problem on one line; the order of reading.
#include "host/manifest/problem.hpp"

#include <gtest/gtest.h>

namespace {

using host::manifest::Position;
using host::manifest::Problem;

TEST(Problem, TellsFileLineColumnPointerAndMessage) {
  const Position at{std::make_shared<const std::string>("a.json"), 3, 5};
  EXPECT_EQ(host::manifest::problem_at(at, "/plugins", "is missing").text(),
            "a.json:3:5: /plugins: is missing");
}

TEST(Problem, LeavesOutWhatItDoesNotKnow) {
  EXPECT_EQ((Problem{"a.json", 0, 0, "", "there is no file"}.text()), "a.json: there is no file");
}

TEST(Problem, IsJsonWithItsCode) {
  Problem problem{"a\".json", 3, 5, "/plugins/a", "says \"no\""};
  EXPECT_EQ(problem.json(),
            R"({"file":"a\".json","line":3,"column":5,"pointer":"/plugins/a","code":"CONFIG",)"
            R"("message":"says \"no\""})");
  problem.code = BP_E_ABI;
  EXPECT_NE(problem.json().find(R"("code":"ABI")"), std::string::npos);
}

TEST(Problem, IsSortedByFileThenLineThenColumn) {
  std::vector<Problem> problems{
      {"b", 1, 1, "", "4"}, {"a", 2, 1, "", "3"}, {"a", 1, 9, "", "2"}, {"a", 1, 2, "", "1"}};
  host::manifest::sort_problems(problems, {"a", "b"});
  std::string order;
  for (const Problem& problem : problems) {
    order += problem.message;
  }
  EXPECT_EQ(order, "1234");
}

}  // namespace
