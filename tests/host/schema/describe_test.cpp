// tests/host/schema/describe_test.cpp - the text people read, and the text hashes are made of.
#include "host/schema/describe.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tests/host/schema/sample.hpp"

namespace host::schema {

namespace {

TEST(Describe, FieldsTypesDefaultsAndDocumentation) {
  const auto schema = tests::schema::sample();
  EXPECT_EQ(describe(tests::schema::table(*schema, "PutRequest")),
            "bp.test.sample.PutRequest\n"
            "  id     bytes (base64), required\n"
            "  items  [bp.test.sample.Item]\n"
            "bp.test.sample.Item\n"
            "  One thing in a list.\n"
            "  name    string, required\n"
            "          What people call it.\n"
            "  weight  float, default 1.5\n"
            "  rank    int32, default null\n"
            "  sure    bool, default null\n"
            "  inner   bp.test.sample.Item\n");
}

TEST(Describe, EnumsListTheirNames) {
  const auto schema = tests::schema::sample();
  const std::string text = describe(tests::schema::table(*schema, "Everything"));
  EXPECT_NE(text.find("bp.test.sample.Kind, default Storm\n         Quake | Storm | Fire\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  flag   bool, default true\n"), std::string::npos) << text;
}

TEST(Describe, ReachableMeetsEachTableOnce) {
  const auto schema = tests::schema::sample();
  EXPECT_EQ(reachable(tests::schema::table(*schema, "Item")).size(), 1U);
  EXPECT_EQ(reachable(tests::schema::table(*schema, "Everything")).size(), 2U);
}

TEST(Describe, CanonicalTextIsAboutMeaningOnly) {
  const auto schema = tests::schema::sample();
  const Table& reply = tests::schema::table(*schema, "PutReply");
  EXPECT_EQ(canonical_text(reply),
            "table bp.test.sample.PutReply\n0 stored uint64 uint64 false 0\n");
  Table changed = reply;
  changed.doc = "other words";
  changed.fields[0].doc = "other words";
  EXPECT_EQ(canonical_text(changed), canonical_text(reply));
  changed.fields[0].default_integer = 1;
  EXPECT_NE(canonical_text(changed), canonical_text(reply));
}

}  // namespace

}  // namespace host::schema
