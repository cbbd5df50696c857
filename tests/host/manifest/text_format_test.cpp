// tests/host/manifest/text_format_test.cpp - addresses that a plugin can listen on, and where they
// are looked for.
#include "host/manifest/text_format.hpp"

#include <gtest/gtest.h>

namespace {

using namespace host::manifest;

TEST(HostPort, TakesNumericAddressesWithAPort) {
  for (const char* good : {"127.0.0.1:9400", "0.0.0.0:0", "[::1]:65535", "[::]:1"}) {
    EXPECT_EQ(host_port_fault(good), "") << good;
  }
}

TEST(HostPort, SaysWhichPartIsWrong) {
  EXPECT_EQ(host_port_fault("127.0.0.1:99999"),
            "the port must be 0 to 65535: write it as 127.0.0.1:9400 or [::1]:9400");
  for (const char* port : {"127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:80x", "[::1]:65536"}) {
    EXPECT_TRUE(host_port_fault(port).starts_with("the port must be")) << port;
  }
  for (const char* address : {"localhost:80", ":80", "127.0.0:80", "[127.0.0.1]:80", "[]:80"}) {
    EXPECT_TRUE(host_port_fault(address).starts_with("has no numeric address")) << address;
  }
  EXPECT_TRUE(host_port_fault("127.0.0.1").starts_with("has no port"));
  EXPECT_TRUE(host_port_fault("::1:80").contains("in brackets"));
}

std::string check(std::string_view schema, std::string_view config) {
  const auto findings = validate_config(schema, config);
  std::string lines;
  for (const ConfigFinding& finding : findings.value()) {
    lines += finding.pointer + ' ' + finding.message.substr(0, finding.message.find(':')) + '\n';
  }
  return lines;
}

TEST(Formats, AreLookedForAtEveryDepth) {
  constexpr std::string_view schema =
      R"({"definitions":{"a":{"type":"string","format":"host-port"}},
    "properties":{"one":{"$ref":"#/definitions/a"},
                  "many":{"items":{"allOf":[{"$ref":"#/definitions/a"}]}},
                  "named":{"additionalProperties":{"properties":{"at":{"format":"host-port"}}}},
                  "either":{"anyOf":[{"const":"off"},{"format":"host-port"}]},
                  "other":{"type":"string"}}})";
  EXPECT_EQ(check(schema, R"({"one":"x","many":["127.0.0.1:1","127.0.0.1:70000"],
                              "named":{"a/b":{"at":"y"}},"either":"off","other":"x"})"),
            "/one has no port\n/many/1 the port must be 0 to 65535\n/named/a~1b/at has no port\n");
}

TEST(Formats, LeaveEmptyTextsAndOtherKindsToTheSchema) {
  EXPECT_EQ(check(R"({"properties":{"a":{"format":"host-port"}}})", R"({"a":""})"), "");
  EXPECT_EQ(check(R"({"properties":{"a":{"format":"host-port"}}})", R"({"a":7})"), "");
  EXPECT_EQ(check(R"({"properties":{"a":{"format":"colour"}}})", R"({"a":"x"})"), "");
}

}  // namespace
