// tests/sdk/cpp/json_writer_test.cpp - what is written reads back the same.
#include "backplane/cpp/json_writer.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/cpp/json.hpp"

namespace {

using bp::json::writer;

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  std::string text;
  writer to(text);
  to.begin_object()
      .member("a", 1)
      .key("b")
      .begin_array()
      .value(true)
      .null()
      .value("x")
      .begin_object();
  to.end_object().end_array().member("c", 0.5).key("d").raw("{\"e\":1}").end_object();
  EXPECT_EQ(text, R"({"a":1,"b":[true,null,"x",{}],"c":0.5,"d":{"e":1}})");
}

TEST(JsonWriter, EscapesWhatMustBe) {
  std::string text;
  writer(text).value(std::string_view("\"\\\b\f\n\r\t\x01\x1F/\xC3\xA9\0", 13));
  EXPECT_EQ(text, "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\xC3\xA9\\u0000\"");
}

TEST(JsonWriter, WritesNoInvalidText) {
  std::string text;
  writer to(text);
  to.begin_array()
      .value("a\xFFz")
      .value(std::nan(""))
      .value(std::numeric_limits<double>::infinity())
      .end_array();
  EXPECT_EQ(text, "[\"a\xEF\xBF\xBDz\",null,null]");
  EXPECT_TRUE(bp::json::check(text));
}

RC_GTEST_PROP(JsonWriterProperty, AnyBytesBecomeValidJson, (const std::string& bytes)) {
  std::string text;
  writer(text).value(bytes);
  RC_ASSERT(bp::json::check(text).has_value());
}

RC_GTEST_PROP(JsonWriterProperty, NumbersReadBackTheSame, (double number)) {
  std::string text;
  writer(text).value(number);
  RC_ASSERT(std::stod(text) == number);
}

}  // namespace
