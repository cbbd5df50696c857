// tests/plugins/transport_ws/client/url_test.cpp - ws:// addresses taken apart.
#include "client/url.hpp"

#include <string>

#include <gtest/gtest.h>

namespace transport_ws::client {
namespace {

TEST(Url, IsTakenApart) {
  const auto url = parse_url("ws://example.org:9400/a/b?c=d#fragment");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "example.org");
  EXPECT_EQ(url->port, "9400");
  EXPECT_EQ(url->target, "/a/b?c=d");
  EXPECT_EQ(url->host_field, "example.org:9400");
}

TEST(Url, HasDefaults) {
  const auto plain = parse_url("ws://h");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->port, "80");
  EXPECT_EQ(plain->target, "/");
  EXPECT_EQ(parse_url("ws://h?q")->target, "/?q");
  const auto six = parse_url("ws://[::1]:8080");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, "8080");
  EXPECT_EQ(parse_url("ws://[::1]/")->port, "80");
}

TEST(Url, KnowsTls) {
  const auto url = parse_url("wss://h/a");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->secure);
  EXPECT_EQ(url->port, "443");
  EXPECT_EQ(url->host_field, "h");
  EXPECT_FALSE(parse_url("ws://h")->secure);
}

TEST(Url, IsShownWithoutItsQuery) {
  EXPECT_EQ(without_query(*parse_url("wss://h:9/a/b?token=x")), "wss://h:9/a/b");
  EXPECT_EQ(without_query(*parse_url("ws://[::1]:80?token=x")), "ws://[::1]:80/");
}

TEST(Url, RefusesWhatItDoesNotUnderstand) {
  for (const std::string text :
       {"", "http://h", "ws://", "wss://", "ws://:80", "ws://h:0", "ws://h:99999", "ws://h:x",
        "ws://u@h", "ws://h/a b", "ws://h/\r\nX: y"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code(), BP_E_CONFIG) << text;
  }
}

}  // namespace
}  // namespace transport_ws::client
