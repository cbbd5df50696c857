// tests/host/wire/mapping_test.cpp - requests are built from the message, from replies and from
// literals.
#include "host/wire/mapping.hpp"

#include <gtest/gtest.h>

namespace host::wire {
namespace {

manifest::Mapping from_message(const std::string& field, const std::string& pointer) {
  return {field, {manifest::SourceKind::Message, "", pointer, {}}};
}

manifest::Mapping from_step(const std::string& field, const std::string& step,
                            const std::string& pointer) {
  return {field, {manifest::SourceKind::Step, step, pointer, {}}};
}

schema::Table request_table() {
  schema::Table table;
  table.name = "Request";
  const auto add = [&](const std::string& name, schema::Kind kind) {
    schema::Field field;
    field.name = name;
    field.type.kind = kind;
    table.by_name.push_back(static_cast<std::uint16_t>(table.fields.size()));
    table.fields.push_back(field);
  };
  add("bytes", schema::Kind::Bytes);
  add("text", schema::Kind::String);
  return table;
}

Documents documents(const std::string& message) {
  Documents all;
  all[""] = *Document::parse(message);
  all["sealed"] = *Document::parse(R"({"ciphertext":"AAEC","key":{"id":7}})");
  return all;
}

TEST(Mapping, TakesValuesByPointer) {
  const Mapping mapping({from_message("id", "/id"), from_step("key", "sealed", "/key/id")}, nullptr,
                        false);
  EXPECT_EQ(mapping.request(documents(R"({"id":"e\"1","x":1})")), R"({"id":"e\"1","key":7})");
}

TEST(Mapping, LeavesOutWhatIsAbsent) {
  const Mapping mapping({from_message("id", "/id"), from_message("time", "/time")}, nullptr, false);
  EXPECT_EQ(mapping.request(documents(R"({"id":1})")), R"({"id":1})");
}

TEST(Mapping, PutsLiteralsIn) {
  manifest::Mapping literal{
      "sealed", {manifest::SourceKind::Literal, "", "", manifest::json_literal("true")}};
  const Mapping mapping({literal}, nullptr, false);
  EXPECT_EQ(mapping.request(documents("{}")), R"({"sealed":true})");
}

TEST(Mapping, AJsonValueInABytesFieldBecomesItsText) {
  const schema::Table table = request_table();
  const Mapping mapping({from_message("bytes", "/data")}, &table, false);
  EXPECT_EQ(mapping.request(documents(R"({"data":{"a":1}})")), R"({"bytes":"eyJhIjoxfQ=="})");
  EXPECT_EQ(mapping.request(documents(R"({"data":"x"})")), R"({"bytes":"Ingi"})")
      << "the text of the string, quotes included";
}

TEST(Mapping, BytesOfAReplyStayBase64) {
  const schema::Table table = request_table();
  const Mapping mapping({from_step("bytes", "sealed", "/ciphertext")}, &table, false);
  EXPECT_EQ(mapping.request(documents("{}")), R"({"bytes":"AAEC"})");
}

TEST(Mapping, AJsonValueInATextFieldBecomesItsText) {
  const schema::Table table = request_table();
  const Mapping mapping({from_message("text", "/index")}, &table, false);
  EXPECT_EQ(mapping.request(documents(R"({"index":{"city":"Bonn"}})")),
            R"({"text":"{\"city\":\"Bonn\"}"})");
  EXPECT_EQ(mapping.request(documents(R"({"index":"Bonn"})")), R"({"text":"Bonn"})");
}

TEST(Document, WhatIsNoJsonIsAnError) {
  EXPECT_FALSE(Document::parse("{"));
  EXPECT_FALSE(Document::parse(std::string(100'000, '[')));
}

}  // namespace
}  // namespace host::wire
