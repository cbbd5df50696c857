// tests/host/exchange/conversion_test.cpp - JSON text, base64 and what is refused.
#include "host/exchange/conversion.hpp"

#include <rapidcheck.h>

#include <gtest/gtest.h>

namespace host::exchange {
namespace {

std::string text_of(const message::Message& message) {
  return {reinterpret_cast<const char*>(message.data()), message.size};
}

TEST(Conversion, JsonGoesThroughAsItIs) {
  message::Pool pool;
  const auto message = from_json(pool, {"json"}, R"( {"a": [1, 2.50]} )");
  ASSERT_TRUE(message);
  EXPECT_EQ(*to_json({"json"}, message->bytes()), R"( {"a": [1, 2.50]} )");
}

TEST(Conversion, WhatIsNoJsonIsRefusedWithItsPlace) {
  message::Pool pool;
  const auto broken = from_json(pool, {"json"}, R"({"a": )");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code(), BP_E_INVALID);
  EXPECT_NE(broken.error().text().find("byte"), std::string::npos);
  EXPECT_FALSE(from_json(pool, {"json"}, ""));
  EXPECT_FALSE(from_json(pool, {"json"}, "{} {}"));
  EXPECT_FALSE(from_json(pool, {"json"}, "\"\xff\""));
}

TEST(Conversion, AKeyThatIsGivenTwiceIsNamed) {
  const auto twice = check_json(R"({"a":1,"b":{"a":2,"c":[{"a":3}],"a":4}})");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code(), BP_E_INVALID);
  EXPECT_NE(twice.error().text().find(R"("a" is given twice)"), std::string::npos);
  EXPECT_FALSE(check_json(R"({"a":1,"\u0061":2})")) << "the same key, written otherwise";
  std::string many = "{";
  for (int i = 0; i < 1'000; ++i) {
    many += "\"key" + std::to_string(i) + "\":0,";
  }
  EXPECT_TRUE(check_json(many + R"("end":0})"));
  EXPECT_FALSE(check_json(many + R"("key999":0})"));
  EXPECT_FALSE(check_json(many + R"("key3":0})"));
}

TEST(Conversion, DeepNestingIsRefusedWithoutRecursion) {
  EXPECT_FALSE(check_json(std::string(2'000'000, '[')));
  EXPECT_TRUE(check_json(std::string(64, '[') + std::string(64, ']')));
  EXPECT_FALSE(check_json(std::string(65, '[') + std::string(65, ']')));
}

TEST(Conversion, BytesAreBase64) {
  message::Pool pool;
  const auto message = from_json(pool, {"bytes"}, R"("aGVsbG8=")");
  ASSERT_TRUE(message);
  EXPECT_EQ(text_of(*message), "hello");
  EXPECT_EQ(*to_json({"bytes"}, message->bytes()), R"("aGVsbG8=")");
  EXPECT_EQ(from_json(pool, {"bytes"}, R"("?")").error().code(), BP_E_SCHEMA);
  EXPECT_EQ(from_json(pool, {"bytes"}, "17").error().code(), BP_E_SCHEMA);
}

TEST(Conversion, ATypeWithoutASchemaIsNamed) {
  message::Pool pool;
  const auto unknown = from_json(pool, {"a.B"}, "{}");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), BP_E_UNSUPPORTED);
  EXPECT_NE(unknown.error().text().find("a.B"), std::string::npos);
}

TEST(ConversionProperty, BytesComeBackAsTheyWere) {
  EXPECT_TRUE(rc::check("base64", [](const std::vector<std::uint8_t>& bytes) {
    message::Pool pool;
    const auto json = to_json({"bytes"}, std::as_bytes(std::span(bytes)));
    RC_ASSERT(json.has_value());
    const auto message = from_json(pool, {"bytes"}, *json);
    RC_ASSERT(message.has_value());
    RC_ASSERT(text_of(*message) == std::string(bytes.begin(), bytes.end()));
  }));
}

}  // namespace
}  // namespace host::exchange
