// tests/host/cli/config_verbs_test.cpp - the form of a manifest, and one with its defaults.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/cli/verbs.hpp"
#include "tests/host/cli/place.hpp"

namespace host::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

using ConfigVerbs = test::PlaceTest;

TEST_F(ConfigVerbs, SchemaIsJson) {
  const test::Printed shown = test::printed([] { return config_schema(); });
  EXPECT_EQ(shown.code, 0);
  const auto reading = manifest::read_json(shown.out, "schema");
  ASSERT_TRUE(reading.root);
  EXPECT_NE(reading.root->resolve("/properties/plugins"), nullptr);
}

TEST_F(ConfigVerbs, PrintFillsInDefaults) {
  const test::Printed shown =
      test::printed([&] { return config_print(place(R"("a":{"library":"good_minimal"})")); });
  EXPECT_EQ(shown.code, 0) << shown.err;
  const auto reading = manifest::read_json(shown.out, "printed");
  ASSERT_TRUE(reading.root);
  EXPECT_EQ(reading.root->resolve("/host/shutdown_grace")->text, "20s");
  EXPECT_EQ(reading.root->resolve("/plugins/a/library")->text, "good_minimal");
}

TEST_F(ConfigVerbs, PrintShowsNothingOfAConfigurationThatNobodyCanJudge) {
  const test::Printed shown = test::printed([&] {
    return config_print(place(R"("a":{"library":"bad_layout","config":{"password":"hunter2"}})"));
  });
  EXPECT_EQ(shown.code, 0);
  EXPECT_THAT(shown.out, Not(HasSubstr("hunter2")));
  EXPECT_THAT(shown.err, HasSubstr("the configuration of plugin 'a' is hidden: "));
}

TEST_F(ConfigVerbs, PrintTellsProblemsInstead) {
  EXPECT_EQ(test::printed([&] { return config_print(nowhere()); }).code, 66);
  const test::Printed wrong = test::printed([&] { return config_print(place(R"("a":{})")); });
  EXPECT_EQ(wrong.code, 78);
  EXPECT_EQ(wrong.out, "");
  EXPECT_THAT(wrong.err, HasSubstr("the key \"library\" is missing"));
}

}  // namespace
}  // namespace host::cli
