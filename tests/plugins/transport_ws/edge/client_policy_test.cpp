// tests/plugins/transport_ws/edge/client_policy_test.cpp - what the keys for opened clients mean.
#include "edge/client_policy.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace transport_ws::edge {
namespace {

bp::result<ClientPolicy> read(const std::string& text) {
  return client_policy(*bp::config_from_json<Configuration>(text));
}

TEST(ClientPolicy, AllowsNothingUnlessToldTo) {
  const auto policy = read("{}");
  ASSERT_TRUE(policy);
  EXPECT_FALSE(policy->allowed.allows(*client::parse_url("ws://127.0.0.1:9400/")));
  EXPECT_EQ(policy->opened_max, 64U);
}

TEST(ClientPolicy, TakesWhatAllClientsHave) {
  const auto policy = read(
      R"({"heartbeat":"7s","limits":{"clients":3,"handshake":"2s","message":"2KiB"},
          "client_urls":["ws://hub"],"clients":{"hq":{"url":"ws://hq"}}})");
  ASSERT_TRUE(policy) << policy.error().text();
  EXPECT_TRUE(policy->allowed.allows(*client::parse_url("ws://hub/x")));
  EXPECT_EQ(policy->opened_max, 3U);
  EXPECT_EQ(policy->configured, std::set<std::string>{"hq"});
  EXPECT_EQ(policy->basis.session.heartbeat_ms, 7'000U);
  EXPECT_EQ(policy->basis.session.message_bytes_max, 2'048U);
  EXPECT_EQ(policy->basis.handshake_ms, 2'000U);
}

TEST(ClientPolicy, NamesTheKeyThatIsWrong) {
  std::string many = R"({"client_urls":["ws://a")";
  for (std::size_t i = 0; i < client_urls_max; ++i) {
    many += R"(,"ws://a")";
  }
  for (const auto& [text, key] :
       {std::pair<std::string, std::string>{R"({"client_urls":["hub"]})", "client_urls"},
        {many + "]}", "client_urls"},
        {R"({"limits":{"clients":0}})", "limits.clients"},
        {R"({"limits":{"clients":1001}})", "limits.clients"}}) {
    const auto policy = read(text);
    ASSERT_FALSE(policy) << text;
    EXPECT_EQ(policy.error().code(), BP_E_CONFIG);
    EXPECT_NE(policy.error().text().find(key), std::string::npos) << policy.error().text();
  }
}

}  // namespace
}  // namespace transport_ws::edge
