// tests/plugins/transport_ws/client/allow_list_test.cpp - no address gets past its part.
#include "client/allow_list.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::client {
namespace {

bool allows(const std::vector<std::string>& patterns, const std::string& url) {
  return AllowList::parse(patterns)->allows(*parse_url(url));
}

TEST(AllowList, WithoutPatternsAllowsNothing) {
  EXPECT_FALSE(AllowList().allows(*parse_url("wss://a/")));
  EXPECT_FALSE(allows({}, "ws://127.0.0.1/"));
}

TEST(AllowList, ComparesPartByPart) {
  const std::vector<std::string> feeds{"wss://*.example.org/feeds/*"};
  EXPECT_TRUE(allows(feeds, "wss://a.example.org/feeds/eu"));
  EXPECT_TRUE(allows(feeds, "wss://A.Example.ORG:443/feeds/eu?token=x"));
  EXPECT_FALSE(allows(feeds, "ws://a.example.org/feeds/eu"));
  EXPECT_FALSE(allows(feeds, "wss://a.example.org:8443/feeds/eu"));
  EXPECT_FALSE(allows(feeds, "wss://a.example.org/admin"));
  EXPECT_FALSE(allows(feeds, "wss://example.org/feeds/eu"));
}

TEST(AllowList, LetsNoHostHideInAPath) {
  const std::vector<std::string> feeds{"wss://*.example.org/*"};
  EXPECT_FALSE(allows(feeds, "wss://evil.net/a.example.org/"));
  EXPECT_FALSE(allows(feeds, "wss://evil.net?.example.org/"));
  EXPECT_FALSE(allows(feeds, "wss://evil.net#.example.org/"));
  EXPECT_FALSE(allows(feeds, "wss://a.example.org.evil.net/"));
}

TEST(AllowList, LetsNoPathClimb) {
  const std::vector<std::string> feeds{"wss://hub/feeds/*"};
  EXPECT_TRUE(allows(feeds, "wss://hub/feeds/a..b/.hidden"));
  for (const char* path : {"/feeds/../admin", "/feeds/..", "/feeds/%2e%2E/admin", "/feeds/./a",
                           "/feeds/..%2fadmin", "/feeds/..\\admin", "/feeds/..%5Cadmin"}) {
    EXPECT_FALSE(allows(feeds, std::string("wss://hub") + path)) << path;
  }
}

TEST(AllowList, TakesWhatIsLeftOutFromTheScheme) {
  EXPECT_TRUE(allows({"ws://hub"}, "ws://hub:80/any/path"));
  EXPECT_FALSE(allows({"ws://hub"}, "ws://hub:8080/"));
  EXPECT_TRUE(allows({"ws://hub:*"}, "ws://hub:8080/"));
  EXPECT_TRUE(allows({"wss://*"}, "wss://any.net/"));
  EXPECT_FALSE(allows({"wss://*"}, "wss://any.net:9443/"));
  EXPECT_TRUE(allows({"ws://[::1]:9400/x"}, "ws://[::1]:9400/x"));
}

TEST(AllowList, RefusesPatternsThatAreNoAddresses) {
  for (const char* pattern :
       {"", "*", "http://hub", "wss://", "wss://hub:", "wss:///x", "wss://u@hub", "wss://h?x"}) {
    const auto list = AllowList::parse({pattern});
    ASSERT_FALSE(list) << pattern;
    EXPECT_EQ(list.error().code(), BP_E_CONFIG);
  }
}

}  // namespace
}  // namespace transport_ws::client
