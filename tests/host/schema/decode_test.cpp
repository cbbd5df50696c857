// tests/host/schema/decode_test.cpp - JSON out, and JSON -> binary -> JSON for any value.
#include "host/schema/decode.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <sample_generated.h>
#include <string>
#include <vector>

#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "host/schema/base64.hpp"
#include "tests/host/schema/sample.hpp"

namespace host::schema {

namespace {

namespace generated = bp::test::sample;

class Decode : public ::testing::Test {
 protected:
  template <typename T>
  std::string printed(const std::string& table, const typename T::NativeTableType& native) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(T::Pack(builder, &native));
    const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    std::string out;
    const auto done = append_json(tests::schema::table(*schema_, table), bytes, out);
    return done ? out : done.error().text();
  }

  std::shared_ptr<const Schema> schema_ = tests::schema::sample();
};

TEST_F(Decode, ScalarsAndListsAreAlwaysPrinted) {
  EXPECT_EQ(printed<generated::Everything>("Everything", {}),
            R"({"flag":true,"i8":0,"u8":200,"i16":0,"u16":0,"i32":0,"u32":0,"i64":-5,"u64":0,)"
            R"("f32":0,"f64":2.25,"kind":"Storm","depth":"Zero","flags":[],"i8s":[],"u16s":[],)"
            R"("i64s":[],"u64s":[],"f32s":[],"f64s":[],"kinds":[],"texts":[],"items":[]})");
}

TEST_F(Decode, EveryKind) {
  generated::EverythingT all;
  all.flag = false;
  all.i8 = -128;
  all.u64 = UINT64_MAX;
  all.i64 = INT64_MIN;
  all.f32 = 0.1F;
  all.f64 = -1e300;
  all.kind = static_cast<generated::Kind>(99);
  all.depth = generated::Depth::High;
  all.text = std::string("a\0\"\xFF", 4);
  all.blob = {0, 1, 2, 3};
  all.item = std::make_unique<generated::ItemT>();
  all.item->rank = 0;
  all.flags = {true, false};
  all.f64s = {NAN, INFINITY, -INFINITY, -0.0};
  all.kinds = {generated::Kind::Fire};
  all.texts = {"", "b"};
  EXPECT_EQ(
      printed<generated::Everything>("Everything", all),
      R"({"flag":false,"i8":-128,"u8":200,"i16":0,"u16":0,"i32":0,"u32":0,)"
      R"("i64":-9223372036854775808,"u64":18446744073709551615,"f32":0.1,"f64":-1e+300,)"
      R"("kind":99,"depth":"High","text":"a\u0000\")"
      "\xEF\xBF\xBD"
      R"(","blob":"AAECAw==","item":{"name":"","weight":1.5,"rank":0},"flags":[true,false],)"
      R"("i8s":[],"u16s":[],"i64s":[],"u64s":[],"f32s":[],)"
      R"("f64s":["NaN","Infinity","-Infinity",-0],"kinds":["Fire"],"texts":["","b"],"items":[]})");
}

TEST_F(Decode, AppendsAndLeavesTheOutputAloneOnFailure) {
  std::string out = "event ";
  const auto& item = tests::schema::table(*schema_, "Item");
  const auto bytes = schema_->to_binary("bp.test.sample.Item", R"({"name":"a"})").value();
  ASSERT_TRUE(append_json(item, bytes, out));
  EXPECT_EQ(out, R"(event {"name":"a","weight":1.5})");
  EXPECT_FALSE(append_json(item, std::span(bytes).first(8), out));
  EXPECT_EQ(out, R"(event {"name":"a","weight":1.5})");
}

TEST_F(Decode, OneLongStringNamedOftenHitsTheLimit) {
  flatbuffers::FlatBufferBuilder builder;
  const auto text = builder.CreateString(std::string(1U << 19U, 'a'));
  const std::vector<flatbuffers::Offset<flatbuffers::String>> same(200, text);
  const auto texts = builder.CreateVector(same);
  generated::EverythingBuilder everything(builder);
  everything.add_texts(texts);
  builder.Finish(everything.Finish());
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  std::string out;
  const auto done = append_json(tests::schema::table(*schema_, "Everything"), bytes, out);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), BP_E_TOO_LARGE);
  EXPECT_TRUE(out.empty());
}

// Writes random JSON of a table in exactly the form the decoder prints, member for member.
class RandomJson {
 public:
  std::string table(const Table& table, int depth) {
    std::string out = "{";
    for (const Field& field : table.fields) {
      const bool leaf = depth == 0 && field.type.table != nullptr && !field.vector;
      const bool may_be_absent =
          !field.required && !field.vector && (!field.is_scalar() || field.optional);
      if (leaf || (may_be_absent && *rc::gen::arbitrary<bool>())) {
        continue;
      }
      out += out.size() > 1 ? "," : "";
      out += "\"" + field.name + "\":";
      out += field.vector ? vector(field.type, depth) : value(field.type, depth);
    }
    return out + "}";
  }

 private:
  std::string vector(const ValueType& type, int depth) {
    std::string out = "[";
    const bool leaf = depth == 0 && type.table != nullptr;
    const auto count = leaf ? 0 : *rc::gen::inRange<int>(0, 4);
    for (int i = 0; i < count; ++i) {
      out += (i > 0 ? "," : "") + value(type, depth);
    }
    return out + "]";
  }

  std::string value(const ValueType& type, int depth) {
    if (type.enumeration != nullptr) {
      const auto index = *rc::gen::inRange<std::size_t>(0, type.enumeration->values.size());
      return "\"" + type.enumeration->values[index].name + "\"";
    }
    switch (type.kind) {
      case Kind::Table:
        return table(*type.table, depth - 1);
      case Kind::String:
        return error::json_quoted(*rc::gen::arbitrary<std::string>());
      case Kind::Boolean:
        return *rc::gen::arbitrary<bool>() ? "true" : "false";
      case Kind::Bytes: {
        std::string out = "\"";
        append_base64(out, *rc::gen::arbitrary<std::vector<std::uint8_t>>());
        return out + "\"";
      }
      default:
        return number(type.scalar);
    }
  }

  static std::string number(Scalar scalar) {
    switch (scalar) {
      case Scalar::Int8:
        return fmt::format("{}", *rc::gen::arbitrary<std::int8_t>());
      case Scalar::Uint8:
        return fmt::format("{}", *rc::gen::arbitrary<std::uint8_t>());
      case Scalar::Int16:
        return fmt::format("{}", *rc::gen::arbitrary<std::int16_t>());
      case Scalar::Uint16:
        return fmt::format("{}", *rc::gen::arbitrary<std::uint16_t>());
      case Scalar::Int32:
        return fmt::format("{}", *rc::gen::arbitrary<std::int32_t>());
      case Scalar::Uint32:
        return fmt::format("{}", *rc::gen::arbitrary<std::uint32_t>());
      case Scalar::Int64:
        return fmt::format("{}", *rc::gen::arbitrary<std::int64_t>());
      case Scalar::Uint64:
        return fmt::format("{}", *rc::gen::arbitrary<std::uint64_t>());
      case Scalar::Float32:
        return shortest(*rc::gen::arbitrary<float>());
      default:
        return shortest(*rc::gen::arbitrary<double>());
    }
  }

  template <typename T>
  static std::string shortest(T value) {
    std::array<char, 32> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
  }
};

RC_GTEST_FIXTURE_PROP(Decode, JsonToBinaryToJsonIsTheSame, ()) {
  const Table& table = tests::schema::table(*schema_, "Everything");
  const std::string json = RandomJson().table(table, 3);
  std::vector<std::byte> bytes;
  const auto encoded = Schema::to_binary(table, json, bytes);
  if (!encoded) {
    RC_FAIL(encoded.error().text() + " in " + json);
  }
  std::string again;
  const auto decoded = append_json(table, bytes, again);
  if (!decoded) {
    RC_FAIL(decoded.error().text() + " in " + json);
  }
  RC_ASSERT(again == json);

  const auto* raw = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(raw, bytes.size());
  RC_ASSERT(verifier.VerifyBuffer<generated::Everything>());
}

}  // namespace

}  // namespace host::schema
