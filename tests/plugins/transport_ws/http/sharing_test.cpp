// tests/plugins/transport_ws/http/sharing_test.cpp - what browsers are told about pages.
#include "http/sharing.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::http {
namespace {

std::string text(const std::vector<Field>& fields) {
  std::string all;
  for (const Field& field : fields) {
    all += field.name + ": " + field.value + "\n";
  }
  return all;
}

TEST(Sharing, IsWithListedPagesOnly) {
  const OriginPolicy one({"https://app.example.org"}, false);
  EXPECT_EQ(text(sharing_fields(one, "https://app.example.org")),
            "Vary: Origin\nAccess-Control-Allow-Origin: https://app.example.org\n");
  EXPECT_EQ(text(sharing_fields(one, "https://evil.net")), "");
  EXPECT_EQ(text(sharing_fields(one, std::nullopt)), "Vary: Origin\n");
  const OriginPolicy nobody({}, false);
  EXPECT_EQ(text(sharing_fields(nobody, std::nullopt)), "");
  EXPECT_EQ(text(sharing_fields(nobody, "https://app.example.org")), "");
}

TEST(Sharing, IsAskedForByPreflights) {
  Request request;
  request.method = "OPTIONS";
  EXPECT_FALSE(is_preflight(request));
  request.fields = {{"Origin", "https://a.net"}};
  EXPECT_FALSE(is_preflight(request));
  request.fields.push_back({"access-control-request-method", "POST"});
  EXPECT_TRUE(is_preflight(request));
  request.method = "GET";
  EXPECT_FALSE(is_preflight(request));
  EXPECT_EQ(text(preflight_fields("GET, HEAD")),
            "Access-Control-Allow-Methods: GET, HEAD\n"
            "Access-Control-Allow-Headers: Authorization, Content-Type\n"
            "Access-Control-Max-Age: 600\n");
}

}  // namespace
}  // namespace transport_ws::http
