// tests/host/cli/migration_text_test.cpp - versions and moves as lines.
#include "host/cli/migration_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace host::cli {
namespace {

using testing::HasSubstr;

TEST(MigrationText, StatusHasALineForEachVersion) {
  const auto shown = status_text(
      R"({"components":[{"name":"records","version":1,"newest":2,"steps":[
        {"version":1,"name":"table and index","checksum":"0123456789abcdef","applied":true,
         "applied_ms":1795680900123},
        {"version":"2","name":"category","checksum":"f","applied":false}]}]})");
  ASSERT_TRUE(shown);
  EXPECT_TRUE(shown->pending);
  EXPECT_THAT(shown->text, HasSubstr("records            1  table and index              applied  "
                                     "0123456789abcdef  2026-11-26T08:15:00.123Z\n"));
  EXPECT_THAT(shown->text, HasSubstr("records            2  category                     pending"));
  const auto current = status_text(
      R"({"components":[{"name":"kv","steps":[{"version":1,"name":"t","applied":true}]}]})");
  ASSERT_TRUE(current);
  EXPECT_FALSE(current->pending);
}

TEST(MigrationText, MovesAreToldInOrder) {
  constexpr const char* reply = R"({"moves":[
    {"component":"records","version":3,"up":false,"name":"full-text search"},
    {"component":"records","version":2,"up":false,"name":"category"}]})";
  EXPECT_EQ(moves_text(reply, false).value_or(""),
            "down records 3 (full-text search)\ndown records 2 (category)\n");
  EXPECT_THAT(moves_text(reply, true).value_or(""), HasSubstr("would go down records 3"));
  constexpr const char* losing =
      R"({"moves":[{"component":"kv","version":1,"up":false,"name":"table","loses":"all keys"}]})";
  EXPECT_THAT(moves_text(losing, true).value_or(""), HasSubstr("(table); would lose: all keys\n"));
  EXPECT_THAT(moves_text(losing, false).value_or(""), HasSubstr("(table); lost: all keys\n"));
  EXPECT_EQ(moves_text(R"({"moves":[]})", false).value_or(""), "nothing to do\n");
}

TEST(MigrationText, AnythingElseIsNamed) {
  for (const char* wrong : {"", "[]", "{}", R"({"moves":1})", R"({"components":"x"})"}) {
    EXPECT_FALSE(status_text(wrong)) << wrong;
    EXPECT_FALSE(moves_text(wrong, false)) << wrong;
  }
  EXPECT_TRUE(status_text(R"({"components":[7,{"steps":7},{"steps":[7]}]})")) << "no crash";
}

}  // namespace
}  // namespace host::cli
