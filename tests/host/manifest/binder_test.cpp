// tests/host/manifest/binder_test.cpp - tables of keys: reading, printing, describing.
#include "host/manifest/binder.hpp"

#include <gtest/gtest.h>

#include "host/manifest/codec.hpp"

namespace {

using namespace host::manifest;

struct Sample {
  std::uint32_t count = 7;
  std::optional<bool> flag;

  friend bool operator==(const Sample&, const Sample&) = default;
};

Keys<Sample> sample_keys() {
  return {
      required(key("count", &Sample::count, integer(1, 9), "how many")),
      key("flag", &Sample::flag, flag(), "whether"),
      absent_key<Sample>("later", "the later thing"),
      absent_key<Sample>("off", "the other thing", json_flag(false)),
  };
}

struct Bound {
  Sample value;
  std::vector<Problem> problems;
};

Bound bind_text(std::string_view text) {
  Bound bound;
  const Node root = json_literal(text);
  const std::filesystem::path folder = "/srv";
  Binder binder(root, folder, bound.problems);
  bind_object(binder, root, sample_keys(), bound.value);
  return bound;
}

TEST(Binder, ReadsValues) {
  const Bound bound = bind_text(R"({"count":3,"flag":true,"off":false})");
  EXPECT_TRUE(bound.problems.empty());
  EXPECT_EQ(bound.value, (Sample{3, true}));
}

TEST(Binder, TellsEveryProblem) {
  const Bound bound = bind_text(R"({"cuont":3,"flag":1,"later":{},"off":true})");
  ASSERT_EQ(bound.problems.size(), 5U);
  EXPECT_EQ(bound.problems[0].message, R"(unknown key "cuont"; did you mean "count"?)");
  EXPECT_EQ(bound.problems[0].column, 2);
  EXPECT_EQ(bound.problems[1].message, "true or false is expected here, not a number");
  EXPECT_EQ(bound.problems[1].pointer, "/flag");
  EXPECT_EQ(bound.problems[2].message, "not in this build: the later thing; remove it");
  EXPECT_EQ(bound.problems[3].message,
            "not in this build: the other thing; remove it or set it to false");
  EXPECT_EQ(bound.problems[4].message, R"(the key "count" is missing)");
}

TEST(Binder, StopsCountingAtTheLimit) {
  std::string text = "{";
  for (std::size_t i = 0; i < problems_max + 50; ++i) {
    text += "\"k" + std::to_string(i) + "\":0,";
  }
  EXPECT_EQ(bind_text(text + "}").problems.size(), problems_max);
}

TEST(Binder, PrintsAndDescribesFromTheSameTable) {
  EXPECT_EQ(compact(print_object(sample_keys(), Sample{3, std::nullopt})), R"({"count":3})");
  const Node schema = object_schema(sample_keys());
  EXPECT_EQ(compact(*schema.find("required")), R"(["count"])");
  EXPECT_EQ(schema.resolve("/properties/count/default")->text, "7");
  EXPECT_EQ(schema.resolve("/properties/off/const")->text, "false");
  EXPECT_NE(schema.resolve("/properties/later/not"), nullptr);
}

TEST(Binder, ResolvesPathsFromItsFolder) {
  std::vector<Problem> problems;
  const Node root = json_object();
  const std::filesystem::path folder = "/srv/app";
  const Binder binder(root, folder, problems);
  EXPECT_EQ(binder.resolve("./var/../x"), "/srv/app/x");
  EXPECT_EQ(binder.resolve("/abs"), "/abs");
}

}  // namespace
