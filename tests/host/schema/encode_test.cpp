// tests/host/schema/encode_test.cpp - JSON in: every kind of field, checked by the generated code;
// every refusal.
#include "host/schema/encode.hpp"

#include <cmath>
#include <cstdint>
#include <sample_generated.h>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "host/schema/json_tree.hpp"
#include "host/schema/verify.hpp"
#include "tests/host/schema/sample.hpp"

namespace host::schema {

namespace {

namespace generated = bp::test::sample;

class Encode : public ::testing::Test {
 protected:
  // The encoded table, unpacked by the code flatc generated: an opinion that is not ours.
  template <typename T>
  typename T::NativeTableType encoded(const std::string& table, const std::string& json) {
    typename T::NativeTableType out;
    const auto done = encode_json(tests::schema::table(*schema_, table), json, bytes_);
    EXPECT_TRUE(done) << done.error().text();
    const auto* raw = reinterpret_cast<const std::uint8_t*>(bytes_.data());
    flatbuffers::Verifier verifier(raw, bytes_.size());
    EXPECT_TRUE(verifier.VerifyBuffer<T>());
    if (done) {
      flatbuffers::GetRoot<T>(raw)->UnPackTo(&out);
    }
    return out;
  }

  generated::EverythingT everything(const std::string& json) {
    return encoded<generated::Everything>("Everything", json);
  }

  std::string refusal(const std::string& table, const std::string& json) {
    bytes_ = {std::byte{1}};
    const auto done = encode_json(tests::schema::table(*schema_, table), json, bytes_);
    EXPECT_FALSE(done) << json;
    EXPECT_EQ(bytes_, std::vector{std::byte{1}}) << "a failure leaves the output alone";
    return done ? "accepted" : std::string(done.error().text());
  }

  std::shared_ptr<const Schema> schema_ = tests::schema::sample();
  std::vector<std::byte> bytes_;
};

TEST_F(Encode, AbsentIsDefault) {
  const auto out = everything("{}");
  EXPECT_TRUE(out.flag);
  EXPECT_EQ(out.u8, 200);
  EXPECT_EQ(out.i64, -5);
  EXPECT_EQ(out.f64, 2.25);
  EXPECT_EQ(out.kind, generated::Kind::Storm);
  EXPECT_EQ(out.item, nullptr);
}

TEST_F(Encode, Scalars) {
  const auto out = everything(
      R"({"flag":false,"i8":-128,"u8":0,"i16":-32768,"u16":65535,"i32":-2147483648,"u32":4294967295,)"
      R"("i64":-9223372036854775808,"u64":18446744073709551615,"f32":0.1,"f64":1e-300,"depth":"Low"})");
  EXPECT_FALSE(out.flag);
  EXPECT_EQ(out.i8, INT8_MIN);
  EXPECT_EQ(out.u8, 0);
  EXPECT_EQ(out.i16, INT16_MIN);
  EXPECT_EQ(out.u16, UINT16_MAX);
  EXPECT_EQ(out.i32, INT32_MIN);
  EXPECT_EQ(out.u32, UINT32_MAX);
  EXPECT_EQ(out.i64, INT64_MIN);
  EXPECT_EQ(out.u64, UINT64_MAX);
  EXPECT_EQ(out.f32, 0.1F);
  EXPECT_EQ(out.f64, 1e-300);
  EXPECT_EQ(out.depth, generated::Depth::Low);
}

TEST_F(Encode, OtherSpellingsOfNumbers) {
  const auto out = everything(
      R"({"i8":1e2,"u8":5.0,"i16":-0,"i64":"-9007199254740993","u64":"18446744073709551615",)"
      R"("f32":"-Infinity","f64":7,"kind":7,"depth":9000000000,"kinds":["Fire",1,99]})");
  EXPECT_EQ(out.i8, 100);
  EXPECT_EQ(out.u8, 5);
  EXPECT_EQ(out.i16, 0);
  EXPECT_EQ(out.i64, -9007199254740993);
  EXPECT_EQ(out.u64, UINT64_MAX);
  EXPECT_EQ(out.f32, -INFINITY);
  EXPECT_EQ(out.f64, 7.0);
  EXPECT_EQ(out.kind, generated::Kind::Fire);
  ASSERT_EQ(out.kinds.size(), 3U);
  EXPECT_EQ(static_cast<int>(out.kinds[2]), 99);
  EXPECT_TRUE(std::isnan(everything(R"({"f64":"NaN"})").f64));
}

TEST_F(Encode, StringsBytesAndVectors) {
  const auto out = everything(
      R"({"text":"a\u0000\u00e9","blob":"AAEC","flags":[true,false],"i8s":[-1],"u16s":[],)"
      R"("i64s":["-1",2],"f32s":[1.5],"f64s":[0.1,"NaN"],"texts":["","b"],)"
      R"("items":[{"name":"x"},{"name":"y","inner":{"name":"z"}}]})");
  EXPECT_EQ(out.text, std::string("a\0\xC3\xA9", 4));
  EXPECT_EQ(out.blob, (std::vector<std::uint8_t>{0, 1, 2}));
  EXPECT_EQ(out.flags, (std::vector<bool>{true, false}));
  EXPECT_EQ(out.i64s, (std::vector<std::int64_t>{-1, 2}));
  EXPECT_EQ(out.f64s[0], 0.1);
  EXPECT_EQ(out.texts, (std::vector<std::string>{"", "b"}));
  ASSERT_EQ(out.items.size(), 2U);
  EXPECT_EQ(out.items[1]->inner->name, "z");
  EXPECT_EQ(everything(R"({"blob":[0,255]})").blob, (std::vector<std::uint8_t>{0, 255}));
}

TEST_F(Encode, OptionalScalars) {
  const auto absent = encoded<generated::Item>("Item", R"({"name":"a","rank":null})");
  EXPECT_FALSE(absent.rank.has_value());
  const auto zero = encoded<generated::Item>("Item", R"({"name":"a","rank":0,"sure":false})");
  EXPECT_EQ(zero.rank.value(), 0);
  EXPECT_FALSE(zero.sure.value());
}

TEST_F(Encode, KeepsCapacityOfTheBuffer) {
  bytes_.reserve(4096);
  const auto* before = bytes_.data();
  ASSERT_TRUE(encode_json(tests::schema::table(*schema_, "Item"), R"({"name":"a"})", bytes_));
  EXPECT_EQ(bytes_.data(), before);
}

TEST_F(Encode, RefusesMembersThatDoNotBelong) {
  EXPECT_EQ(refusal("Item", R"({"nmae":"a"})"),
            "the JSON document: 'bp.test.sample.Item' has no field \"nmae\": did you mean 'name'?");
  EXPECT_EQ(refusal("Item", R"({"name":"a","old":1})"),
            "the JSON document: 'bp.test.sample.Item' has no field \"old\"");
  EXPECT_EQ(refusal("Item", R"({"name":"a","name":"b"})"),
            "the JSON document: 'name' is given twice");
  EXPECT_EQ(refusal("Everything", R"({"items":[{"name":"a"},{}]})"),
            "at '/items/1': 'name' is missing; 'bp.test.sample.Item' requires it");
  EXPECT_EQ(refusal("Item", R"({"name":null})"),
            "the JSON document: 'name' is missing; 'bp.test.sample.Item' requires it");
}

TEST_F(Encode, RefusesWrongValuesWithTheirPlace) {
  const std::vector<std::pair<std::string, std::string>> expected{
      {"[]", "the JSON document: an array where an object (bp.test.sample.Everything) belongs"},
      {R"({"flag":1})", "at '/flag': a number where true or false belongs"},
      {R"({"text":5})", "at '/text': a number where a string belongs"},
      {R"({"texts":["a",5]})", "at '/texts/1': a number where a string belongs"},
      {R"({"texts":[null]})", "at '/texts/0': null where a string belongs"},
      {R"({"texts":"a"})", "at '/texts': a string where an array belongs"},
      {R"({"item":[]})", "at '/item': an array where an object (bp.test.sample.Item) belongs"},
      {R"({"u8":256})", "at '/u8': \"256\" is out of range: uint8 goes from 0 to 255"},
      {R"({"u8":-1})", "at '/u8': \"-1\" is out of range: uint8 goes from 0 to 255"},
      {R"({"i8s":[1,128]})", "at '/i8s/1': \"128\" is out of range: int8 goes from -128 to 127"},
      {R"({"i32":1.5})", "at '/i32': \"1.5\" is no whole number (int32)"},
      {R"({"i32":true})", "at '/i32': true where an integer (int32) belongs"},
      {R"({"i32":"five"})", "at '/i32': \"five\" is no integer"},
      {R"({"i32":""})", "at '/i32': \"\" is no integer"},
      {R"({"i32":"nan"})", "at '/i32': \"nan\" is no integer"},
      {R"({"f32":1e39})", "at '/f32': \"1e39\" is out of range: it has no float"},
      {R"({"f32":"1"})",
       "at '/f32': a string where a number (or \"NaN\", \"Infinity\", \"-Infinity\") belongs"},
      {R"({"kind":"Strom"})",
       "at '/kind': 'bp.test.sample.Kind' has no value \"Strom\": did you mean 'Storm'?"},
      {R"({"kind":256})", "at '/kind': \"256\" is out of range: uint8 goes from 0 to 255"},
      {R"({"blob":"AAE"})",
       "at '/blob': the string is not base64 (RFC 4648, standard alphabet, padded with '=')"},
      {R"({"blob":"AA-_"})",
       "at '/blob': the string is not base64 (RFC 4648, standard alphabet, padded with '=')"},
      {R"({"blob":[256]})", "at '/blob/0': \"256\" is out of range: uint8 goes from 0 to 255"},
      {R"({"blob":{}})",
       "at '/blob': an object where a base64 string (or an array of numbers from 0 to 255) "
       "belongs"}};
  for (const auto& [json, message] : expected) {
    EXPECT_EQ(refusal("Everything", json), message) << json;
  }
  EXPECT_NE(refusal("Everything", R"({"u64":18446744073709551616})").find("out of range"),
            std::string::npos);
  EXPECT_NE(refusal("Everything", R"({"i64":9223372036854775808})").find("out of range"),
            std::string::npos);
}

TEST_F(Encode, TheMessageIsNoLargerThanTheLawAllows) {
  std::string json = R"({"f64s":[0)";
  while (json.size() < binary_bytes_max / 3) {
    json += ",0";
  }
  EXPECT_NE(refusal("Everything", json + "]}").find("the limit is 16777216"), std::string::npos);
}

TEST_F(Encode, DepthIsLimitedByTheJsonText) {
  const auto nested = [](std::size_t depth) {
    std::string json;
    for (std::size_t i = 1; i < depth; ++i) {
      json += R"({"name":"a","inner":)";
    }
    return json + R"({"name":"a"})" + std::string(depth - 1, '}');
  };
  EXPECT_NE(encoded<generated::Item>("Item", nested(json_depth_max)).inner, nullptr);
  EXPECT_NE(refusal("Item", nested(json_depth_max + 1)).find("deeper than 64"), std::string::npos);
}

}  // namespace

}  // namespace host::schema
