// tests/host/loader/refusal_test.cpp - every rule has a code, a sentence and a fix, and refusals
// tell them.
#include "host/loader/refusal.hpp"

#include <array>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace host::loader {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Refusal, EveryRuleIsComplete) {
  std::set<std::string_view> ids;
  for (const RuleRow& row : rules()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id << " appears twice";
    EXPECT_NE(row.id.find('.'), std::string_view::npos) << row.id;
    EXPECT_LT(row.code, 0) << row.id;
    EXPECT_FALSE(row.sentence.empty()) << row.id;
    EXPECT_FALSE(row.fix.empty()) << row.id;
    EXPECT_EQ(&rule_row(row.rule), &row) << row.id;
  }
}

TEST(Refusal, NamesFileReasonRuleAndFix) {
  const error::Error error = refusal("/x/y.so", Rule::LawOneSymbol, "exports 2 symbols (foo, bar)");
  EXPECT_EQ(error.code(), BP_E_ABI);
  EXPECT_THAT(error.message(),
              StartsWith("plugin file '/x/y.so' refused: exports 2 symbols (foo, bar); rule: "));
  EXPECT_THAT(error.message(), HasSubstr("law.one_symbol"));
  EXPECT_THAT(error.message(), HasSubstr("fix: build it with backplane_add_plugin()"));
}

TEST(Refusal, TellsAllFindingsUnderTheCodeOfTheFirst) {
  const std::array findings{Finding{Rule::FileSha256, "first"},
                            Finding{Rule::LawNoTextrel, "second"}};
  const error::Error error = refusal("y.so", findings);
  EXPECT_EQ(error.code(), BP_E_PERMISSION);
  EXPECT_EQ(error.exit_code(), 77);
  EXPECT_THAT(error.message(), HasSubstr("; also: second; rule: law.no_textrel"));
}

}  // namespace
}  // namespace host::loader
