// tests/host/schema/model_test.cpp - what a contract may have, what it may not, and hostile
// schemas.
#include "host/schema/model.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/host/schema/sample.hpp"

namespace host::schema {

namespace {

TEST(Model, ReadsMethods) {
  const auto model = read_model(tests::schema::compiled("sample"));
  ASSERT_TRUE(model) << model.error().text();
  EXPECT_EQ((*model)->service_name, "bp.test.sample");
  ASSERT_EQ((*model)->methods.size(), 2U);
  const Method& get = (*model)->methods[0];
  const Method& put = (*model)->methods[1];
  EXPECT_EQ(get.id, 2U);
  EXPECT_EQ(get.name, "Get");
  EXPECT_TRUE(get.runs_inline);
  EXPECT_EQ(get.reply->name, "bp.test.sample.Everything");
  EXPECT_EQ(put.id, 4U);
  EXPECT_FALSE(put.runs_inline);
  EXPECT_EQ(put.doc, "Stores.");
  EXPECT_EQ(put.request->name, "bp.test.sample.PutRequest");
}

TEST(Model, ReadsFields) {
  const auto schema = tests::schema::sample();
  const Table& item = tests::schema::table(*schema, "Item");
  EXPECT_EQ(item.doc, "One thing in a list.");
  ASSERT_EQ(item.fields.size(), 5U) << "the deprecated field is left out";
  EXPECT_EQ(item.fields[0].name, "name");
  EXPECT_EQ(item.fields[0].doc, "What people call it.");
  EXPECT_TRUE(item.fields[0].required);
  EXPECT_EQ(item.fields[1].name, "weight");
  EXPECT_EQ(item.fields[1].id, 2U) << "ids count the deprecated field";
  EXPECT_EQ(item.fields[1].default_real, 1.5);
  EXPECT_TRUE(item.field("rank")->optional);
  EXPECT_EQ(item.field("inner")->type.table, &item);
  EXPECT_EQ(item.field("old"), nullptr);
  EXPECT_EQ(item.field("nam"), nullptr);
}

TEST(Model, NamesTypes) {
  const auto schema = tests::schema::sample();
  const Table& all = tests::schema::table(*schema, "Everything");
  const std::vector<std::pair<std::string, std::string>> expected{
      {"flag", "bool"},           {"i8", "int8"},       {"u64", "uint64"},
      {"f32", "float"},           {"f64", "double"},    {"kind", "bp.test.sample.Kind"},
      {"blob", "bytes (base64)"}, {"text", "string"},   {"items", "[bp.test.sample.Item]"},
      {"i8s", "[int8]"},          {"texts", "[string]"}};
  for (const auto& [field, type] : expected) {
    EXPECT_EQ(type_name(*all.field(field)), type);
  }
  EXPECT_EQ(all.field("blob")->type.kind, Kind::Bytes);
  EXPECT_FALSE(all.field("blob")->vector);
  EXPECT_TRUE(all.field("kinds")->vector);
  EXPECT_EQ(all.field("kinds")->type.enumeration->named("Fire")->value, 7);
}

TEST(Model, TypesOnlyContractHasNoService) {
  const auto model = read_model(tests::schema::compiled("types_only"));
  ASSERT_TRUE(model) << model.error().text();
  EXPECT_EQ((*model)->service_name, "");
  EXPECT_TRUE((*model)->methods.empty());
}

TEST(Model, RefusesUnsuitableSchemasWithTheFix) {
  const std::vector<std::pair<std::string, std::string>> expected{
      {"union", "use a table instead"},
      {"struct", "use a table instead"},
      {"two_services", "one contract is one service"},
      {"no_method_number", "add (method: \"n\")"},
      {"method_zero", "add (method: \"n\")"},
      {"same_method_number", "give each its own"},
      {"no_namespace", "add `namespace <name>;`"}};
  for (const auto& [stem, fix] : expected) {
    const auto model = read_model(tests::schema::compiled(stem));
    ASSERT_FALSE(model) << stem;
    EXPECT_EQ(model.error().code(), BP_E_SCHEMA);
    EXPECT_NE(model.error().text().find(fix), std::string::npos) << model.error().text();
  }
}

TEST(Model, RefusesWhatIsNoSchema) {
  EXPECT_EQ(read_model({}).error().code(), BP_E_SCHEMA);
  const std::vector<std::byte> zeros(4096);
  EXPECT_EQ(read_model(zeros).error().code(), BP_E_SCHEMA);
  const std::vector<std::byte> huge(schema_bytes_max + 1);
  EXPECT_EQ(read_model(huge).error().code(), BP_E_TOO_LARGE);
}

TEST(Model, CutSchemasAreRefused) {
  const auto whole = tests::schema::compiled("sample");
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    // A heap block of exactly that size, so that a sanitizer sees one byte too many.
    const std::vector<std::byte> cut(whole.begin(),
                                     whole.begin() + static_cast<std::ptrdiff_t>(size));
    static_cast<void>(read_model(cut));
  }
}

// Whatever survives the checks must be safe to use.
RC_GTEST_PROP(Model, FlippedBitsNeverCrash, ()) {
  auto bytes = tests::schema::compiled("sample");
  const auto flips = *rc::gen::inRange<int>(1, 8);
  for (int i = 0; i < flips; ++i) {
    const auto bit = *rc::gen::inRange<std::size_t>(0, bytes.size() * 8);
    bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
  }
  const auto schema = Schema::parse(bytes);
  if (!schema) {
    return;
  }
  for (const Table& table : (*schema)->tables()) {
    static_cast<void>((*schema)->describe(table.name));
    std::vector<std::byte> out;
    if (Schema::to_binary(table, R"({"name":"a","id":"","items":[],"stored":1})", out)) {
      RC_ASSERT(Schema::verify(table, out).has_value());
    }
  }
}

}  // namespace

}  // namespace host::schema
