// tests/host/schema/schema_test.cpp - the front of the room: names, hashes, and the calls by name.
#include "host/schema/schema.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tests/host/schema/sample.hpp"

namespace host::schema {

namespace {

TEST(Schema, FindsMethods) {
  const auto schema = tests::schema::sample();
  EXPECT_EQ(schema->service_name(), "bp.test.sample");
  EXPECT_EQ(schema->methods().size(), 2U);
  EXPECT_EQ(schema->method("Put"), schema->method(4));
  EXPECT_EQ(schema->method(2)->name, "Get");
  EXPECT_EQ(schema->method("put"), nullptr);
  EXPECT_EQ(schema->method(3), nullptr);
  EXPECT_EQ(schema->method(99), nullptr);
}

TEST(Schema, FindsTablesOrSaysWhichIsNear) {
  const auto schema = tests::schema::sample();
  EXPECT_EQ((*schema->table("bp.test.sample.Item"))->name, "bp.test.sample.Item");
  const auto missing = schema->table("bp.test.sample.Itme");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(missing.error().text(),
            "the schema has no table \"bp.test.sample.Itme\": did you mean 'bp.test.sample.Item'?");
}

TEST(Schema, ThereAndBackByName) {
  const auto schema = tests::schema::sample();
  const auto bytes = schema->to_binary("bp.test.sample.PutRequest", R"({"id":"AQI="})");
  ASSERT_TRUE(bytes) << bytes.error().text();
  EXPECT_EQ(schema->to_json("bp.test.sample.PutRequest", *bytes), R"({"id":"AQI=","items":[]})");
  EXPECT_TRUE(schema->verify("bp.test.sample.PutRequest", *bytes));
}

TEST(Schema, UnknownTableIsNotFoundEverywhere) {
  const auto schema = tests::schema::sample();
  EXPECT_EQ(schema->to_binary("x", "{}").error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(schema->to_json("x", {}).error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(schema->verify("x", {}).error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(schema->fields("x").error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(schema->describe("x").error().code(), BP_E_NOT_FOUND);
}

TEST(Schema, FieldsForWires) {
  const auto schema = tests::schema::sample();
  const auto fields = schema->fields("bp.test.sample.PutRequest");
  ASSERT_TRUE(fields);
  ASSERT_EQ(fields->size(), 2U);
  EXPECT_EQ((*fields)[0].name, "id");
  EXPECT_EQ((*fields)[1].type.table->name, "bp.test.sample.Item");
}

TEST(Schema, HashesTellFilesAndTypesApart) {
  const auto bytes = tests::schema::compiled("sample");
  const auto one = Schema::parse(bytes).value();
  const auto two = Schema::parse(bytes).value();
  const auto other = Schema::parse(tests::schema::compiled("types_only")).value();
  EXPECT_EQ(one->hash(), two->hash());
  EXPECT_NE(one->hash(), other->hash());
  const auto& item = tests::schema::table(*one, "Item");
  EXPECT_EQ(Schema::hash(item), Schema::hash(tests::schema::table(*two, "Item")));
  EXPECT_NE(Schema::hash(item), Schema::hash(tests::schema::table(*one, "PutReply")));
}

}  // namespace

}  // namespace host::schema
