// tests/host/log/record_test.cpp - a line is always one valid JSON object, or one printable line.
#include "host/log/record.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <rapidjson/document.h>

namespace host::log {
namespace {

using namespace std::chrono_literals;

Record record_of(std::string message, std::vector<OwnedField> fields = {}) {
  Record record;
  record.time = std::chrono::sys_time<std::chrono::nanoseconds>(1'764'103'530'000'000'007ns);
  record.level = Level::Warn;
  record.name = "storage";
  record.message = std::move(message);
  record.fields = std::move(fields);
  record.thread = "strand-1:42";
  return record;
}

std::string json(const Record& record) {
  std::string out;
  append_json(out, record);
  return out;
}

std::string text(const Record& record, bool colour = false) {
  std::string out;
  append_text(out, record, colour);
  return out;
}

bool parses(const std::string& line, rapidjson::Document& document) {
  document.Parse<rapidjson::kParseValidateEncodingFlag>(line.data(), line.size());
  return !document.HasParseError() && document.IsObject();
}

TEST(Record, JsonHasTheFixedKeysInTheirOrder) {
  Record record = record_of("slow", {{"ms", std::int64_t{12}}, {"ok", true}, {"who", "a\"b"}});
  record.source = "host/x/y.cpp:3";
  EXPECT_EQ(
      json(record),
      "{\"time\":\"2025-11-25T20:45:30.000000007Z\",\"level\":\"warn\",\"plugin\":\"storage\","
      "\"message\":\"slow\",\"thread\":\"strand-1:42\",\"source\":\"host/x/y.cpp:3\","
      "\"ms\":12,\"ok\":true,\"who\":\"a\\\"b\"}\n");
}

TEST(Record, TraceIdsAppearOnlyWhenTraced) {
  Record record = record_of("x");
  EXPECT_EQ(json(record).find("trace_id"), std::string::npos);
  record.trace.trace_id = {0x4B, 0xF9, 0x2F, 0x35, 0x77, 0xB3, 0x4D, 0xA6,
                           0xA3, 0xCE, 0x92, 0x9D, 0x0E, 0x0E, 0x47, 0x36};
  record.trace.span_id = {0x00, 0xF0, 0x67, 0xAA, 0x0B, 0xA9, 0x02, 0xB7};
  EXPECT_NE(json(record).find(
                R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7")"),
            std::string::npos);
}

TEST(Record, AUsersKeyNeverHidesAFixedOneOrAnotherOfItsOwn) {
  rapidjson::Document document;
  const std::string line = json(record_of(
      "x",
      {{"time", "a"}, {"time_", "b"}, {"time", "c"}, {"", "d"}, {"\xFF", "e"}, {"\xFE", "f"}}));
  ASSERT_TRUE(parses(line, document)) << line;
  EXPECT_STREQ(document["time_"].GetString(), "a");
  EXPECT_STREQ(document["time__"].GetString(), "b");
  EXPECT_STREQ(document["time___"].GetString(), "c");
  EXPECT_STREQ(document["_"].GetString(), "d");
  EXPECT_STREQ(document["level"].GetString(), "warn");
}

TEST(Record, NumbersThatJsonDoesNotKnowBecomeTexts) {
  rapidjson::Document document;
  ASSERT_TRUE(parses(json(record_of("x", {{"a", std::numeric_limits<double>::quiet_NaN()},
                                          {"b", std::numeric_limits<double>::infinity()},
                                          {"c", 1.5},
                                          {"d", std::numeric_limits<std::uint64_t>::max()},
                                          {"e", std::numeric_limits<std::int64_t>::min()}})),
                     document));
  EXPECT_STREQ(document["a"].GetString(), "NaN");
  EXPECT_STREQ(document["b"].GetString(), "+Inf");
  EXPECT_EQ(document["c"].GetDouble(), 1.5);
  EXPECT_EQ(document["d"].GetUint64(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(document["e"].GetInt64(), std::numeric_limits<std::int64_t>::min());
}

RC_GTEST_PROP(Record, AnyBytesGiveOneLineOfValidJsonWithDistinctKeys, ()) {
  const auto bytes = rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  const auto message = *bytes;
  std::vector<OwnedField> fields;
  const auto pairs =
      *rc::gen::container<std::vector<std::pair<std::string, std::string>>>(rc::gen::pair(
          rc::gen::oneOf(bytes, rc::gen::element<std::string>("time", "message", "a")), bytes));
  for (const auto& [key, value] : pairs) {
    fields.emplace_back(key, value);
  }
  const std::string line = json(record_of(message, fields));
  rapidjson::Document document;
  RC_ASSERT(parses(line, document));
  RC_ASSERT(std::ranges::count(line, '\n') == 1);
  std::set<std::string> keys;
  for (const auto& member : document.GetObject()) {
    keys.emplace(member.name.GetString(), member.name.GetStringLength());
  }
  RC_ASSERT(keys.size() == document.MemberCount());
  RC_ASSERT(keys.size() == 5U + fields.size());
}

RC_GTEST_PROP(Record, AnyBytesGiveOneLineOfTextThatCannotMoveTheCursor, ()) {
  const auto message = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  const std::string line = text(record_of(message, {{message, message}}));
  RC_ASSERT(std::ranges::count(line, '\n') == 1);
  RC_ASSERT(line.back() == '\n');
  RC_ASSERT(std::ranges::none_of(line.substr(0, line.size() - 1), [](char c) {
    return static_cast<unsigned char>(c) < 0x20U || c == '\x7F';
  }));
}

TEST(Record, TextIsAlignedAndQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(text(record_of("disk is slow", {{"path", "/var/lib"}, {"why", "no space"}, {"n", ""}})),
            "2025-11-25T20:45:30.000Z warn  storage      disk is slow path=/var/lib "
            "why=\"no space\" n=\"\"\n");
}

TEST(Record, TextHidesEscapeSequencesOfTheEightBitKindToo) {
  EXPECT_EQ(text(record_of("a\xC2\x9B[2Jb\x1B[31m")).find('\x9B'), std::string::npos);
  EXPECT_NE(text(record_of("a\xC2\x9B[2Jb")).find("a\\u009b[2Jb"), std::string::npos);
}

TEST(Record, ColourOnlyWhenAsked) {
  EXPECT_EQ(text(record_of("x")).find('\x1B'), std::string::npos);
  EXPECT_NE(text(record_of("x"), true).find("\x1B[33mwarn"), std::string::npos);
}

TEST(Record, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("abcdef", 5), "ab\xE2\x80\xA6");
  EXPECT_EQ(cut("a\xC3\xA4\xC3\xA4\xC3\xA4", 5), "a\xE2\x80\xA6");
  const Field field{"key", std::string_view("v")};
  EXPECT_EQ(own(field).first, "key");
  const std::string huge(text_bytes_max + 1, 'x');
  EXPECT_EQ(std::get<std::string>(own({huge, huge}).second).size(), text_bytes_max);
  EXPECT_EQ(own({huge, huge}).first.size(), key_bytes_max);
}

TEST(Record, SourceIsThePathInsideTheTree) {
  EXPECT_EQ(source_text("/home/me/backplane/host/loader/open.cpp", 81), "host/loader/open.cpp:81");
  EXPECT_EQ(source_text("host/cli/main.cpp", 2), "host/cli/main.cpp:2");
  EXPECT_EQ(source_text("/elsewhere/thing.cpp", 3), "thing.cpp:3");
}

TEST(Record, BytesGrowWithTheText) {
  EXPECT_GE(record_of(std::string(1'000, 'x')).bytes(), record_of("").bytes() + 1'000);
}

}  // namespace
}  // namespace host::log
