// tests/host/cli/ask_test.cpp - answers and refusals of a host behind a real socket.
#include "host/cli/ask.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/admin/backend.hpp"

namespace host::cli {
namespace {

using testing::HasSubstr;

class Ask : public admin::BackendTest {
 protected:
  [[nodiscard]] Place here() const { return {"plugins.json", socket()}; }
};

TEST_F(Ask, GivesTheBodyOrTheErrorThatTheHostTold) {
  const auto said = cli::ask(here(), "POST", "/v1/services/bp.echo/1/Say", R"({"a":1})");
  ASSERT_TRUE(said) << said.error().text();
  EXPECT_EQ(*said, "{\"a\":1}\n");
  const auto refused = cli::ask(here(), "POST", "/v1/services/bp.eco/1/Say", "{}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), BP_E_NOT_FOUND);
  EXPECT_THAT(refused.error().text(), HasSubstr("bp.eco"));
}

TEST_F(Ask, WithoutAHostItIsUnavailable) {
  const auto lost =
      cli::ask({"plugins.json", (folder_.path() / "none").string()}, "GET", "/v1/plugins", "");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), BP_E_UNAVAILABLE);
}

}  // namespace
}  // namespace host::cli
