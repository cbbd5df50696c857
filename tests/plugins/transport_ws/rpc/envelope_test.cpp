// tests/plugins/transport_ws/rpc/envelope_test.cpp - the envelope of JSON-RPC 2.0.
#include "rpc/envelope.hpp"

#include <string>

#include <gtest/gtest.h>

namespace transport_ws::rpc {
namespace {

std::expected<Request, Fault> parse(const std::string& text) {
  return parse_request(*json::read(text));
}

TEST(Request, IsRead) {
  const std::string text = R"({"jsonrpc":"2.0","method":"publish","params":{"a":1},"id":"x"})";
  const auto request = parse_request(*json::read(text));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->id, R"("x")");
  EXPECT_EQ(request->method, "publish");
  EXPECT_EQ(request->params, R"({"a":1})");
}

TEST(Request, WithoutIdIsANotification) {
  const auto request = parse(R"({"jsonrpc":"2.0","method":"m"})");
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->id.empty());
  EXPECT_EQ(parse(R"({"jsonrpc":"2.0","method":"m","id":null})")->id, "null");
  EXPECT_EQ(parse(R"({"jsonrpc":"2.0","method":"m","id":1.50})")->id,
            "1.50");  // echoed as it was written
}

TEST(Request, IsRefusedWithTheNumberOfTheSpecification) {
  for (const std::string text :
       {"1", R"("x")", "{}", R"({"jsonrpc":"2.0"})", R"({"jsonrpc":"1.0","method":"m"})",
        R"({"jsonrpc":"2.0","method":1})", R"({"jsonrpc":"2.0","method":"m","params":1})",
        R"({"jsonrpc":"2.0","method":"m","id":{}})",
        R"({"jsonrpc":"2.0","method":"m","id":true})"}) {
    const auto request = parse(text);
    ASSERT_FALSE(request) << text;
    EXPECT_NE(request.error().find(R"("code":-32600)"), std::string::npos) << request.error();
    EXPECT_NE(request.error().find(R"("id":null)"), std::string::npos);
  }
  EXPECT_NE(parse(R"({"jsonrpc":"2.0","id":7})").error().find(R"("id":7)"), std::string::npos);
  EXPECT_FALSE(parse(R"({"jsonrpc":"2.0","method":"m","id":")" + std::string(300, 'x') + "\"}"));
}

TEST(Answer, IsWritten) {
  EXPECT_EQ(result("1", R"({"a":2})"), R"({"jsonrpc":"2.0","id":1,"result":{"a":2}})");
  EXPECT_EQ(error("null", parse_error, "no \"JSON\""),
            R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no \"JSON\""}})");
  EXPECT_EQ(error("1", bp::error(BP_E_NOT_FOUND, "no key").during("reading").during("opening")),
            R"({"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no key",)"
            R"("data":{"code":"NOT_FOUND","message":"no key","context":["reading","opening"]}}})");
  EXPECT_EQ(batch({"1", "2"}), "[1,2]");
}

TEST(CodeName, IsTheTablesName) {
  EXPECT_EQ(code_name(BP_OK), "OK");
  EXPECT_EQ(code_name(BP_E_WOULD_BLOCK), "WOULD_BLOCK");
  EXPECT_EQ(code_name(-12345), "UNKNOWN");
  EXPECT_EQ(code_name(BP_E_PLUGIN_FIRST - 1), "PLUGIN_65537");
}

}  // namespace
}  // namespace transport_ws::rpc
