// tests/plugins/transport_ws/http/origin_test.cpp - which pages may connect.
#include "http/origin.hpp"

#include <gtest/gtest.h>

namespace transport_ws::http {
namespace {

TEST(Origin, IsDeniedUnlessListed) {
  const OriginPolicy nobody({}, false);
  EXPECT_TRUE(nobody.none());
  EXPECT_FALSE(nobody.allows("https://example.org"));
  EXPECT_FALSE(nobody.allows("http://localhost"));
  EXPECT_FALSE(nobody.allows("null"));
  EXPECT_FALSE(nobody.allows(""));
}

TEST(Origin, IsMatchedWhole) {
  const OriginPolicy one({"https://app.example.org"}, false);
  EXPECT_TRUE(one.allows("https://app.example.org"));
  EXPECT_FALSE(one.allows("http://app.example.org"));
  EXPECT_FALSE(one.allows("https://app.example.org.evil.net"));
  EXPECT_FALSE(one.allows("https://app.example.org:8443"));
}

TEST(Origin, MatchesSubdomains) {
  const OriginPolicy some({"https://*.example.org"}, false);
  EXPECT_TRUE(some.allows("https://a.example.org"));
  EXPECT_TRUE(some.allows("https://a.b.example.org"));
  EXPECT_FALSE(some.allows("https://example.org"));
  EXPECT_FALSE(some.allows("https://.example.org"));
  EXPECT_FALSE(some.allows("https://evilexample.org"));
  EXPECT_FALSE(some.allows("http://a.example.org"));
  EXPECT_TRUE(OriginPolicy({"*"}, false).allows("https://anything.net"));
}

TEST(Origin, MayIncludePagesOfThisMachine) {
  const OriginPolicy local({}, true);
  EXPECT_FALSE(local.none());
  EXPECT_TRUE(local.allows("http://localhost:3000"));
  EXPECT_TRUE(local.allows("https://127.0.0.1"));
  EXPECT_TRUE(local.allows("http://[::1]:8080"));
  EXPECT_FALSE(local.allows("http://localhost.evil.net"));
  EXPECT_FALSE(local.allows("http://localhost:3000.evil.net"));
  EXPECT_FALSE(local.allows("file://localhost"));
}

}  // namespace
}  // namespace transport_ws::http
