// tests/plugins/transport_ws/net/socket_test.cpp - endpoints from and to text.
#include "net/socket.hpp"

#include <string>

#include <gtest/gtest.h>

namespace transport_ws::net {
namespace {

TEST(Endpoint, IsReadAndWritten) {
  for (const std::string text : {"127.0.0.1:9400", "0.0.0.0:0", "[::1]:65535"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(to_text(*endpoint), text);
  }
}

TEST(Endpoint, NamesWhatIsWrong) {
  for (const std::string text :
       {"", "9400", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "localhost:80",
        "::1:80", "[::1:80", "127.0.0.1:80x", ":80"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error().code(), BP_E_CONFIG);
    EXPECT_NE(endpoint.error().message().find("'" + text + "'"), std::string::npos);
  }
}

}  // namespace
}  // namespace transport_ws::net
