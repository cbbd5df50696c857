// tests/host/wire/check_test.cpp - what is wrong with a wire is told before it runs, with its
// place.
#include "host/wire/check.hpp"

#include <fstream>
#include <iterator>
#include <span>

#include <gtest/gtest.h>

namespace host::wire {
namespace {

std::shared_ptr<const schema::Schema> kinds() {
  std::ifstream file(TEST_SCHEMAS "/check.bfbs", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return schema::Schema::parse(std::as_bytes(std::span(text))).value();
}

Catalog catalog() {
  Catalog catalog;
  catalog.channel_names = {"events"};
  catalog.service_names = {"test.kinds/1", "test.untyped/1"};
  catalog.has_channel = [](const std::string& channel) { return channel == "events"; };
  catalog.service = [schema = kinds()](const std::string& service, std::uint32_t major,
                                       bool& provided) {
    provided = major == 1 && (service == "test.kinds" || service == "test.untyped");
    return service == "test.kinds" ? schema : std::shared_ptr<const schema::Schema>();
  };
  return catalog;
}

manifest::Mapping literal(const std::string& field, std::string_view json) {
  return {field, {manifest::SourceKind::Literal, "", "", manifest::json_literal(json)}};
}

manifest::Mapping message(const std::string& field, const std::string& pointer) {
  return {field, {manifest::SourceKind::Message, "", pointer, {}}};
}

manifest::Mapping reply(const std::string& field, const std::string& pointer) {
  return {field, {manifest::SourceKind::Step, "first", pointer, {}}};
}

manifest::Step put(std::vector<manifest::Mapping> map, const std::string& out = "") {
  map.push_back(message("id", "/id"));
  return {"test.kinds", 1, "Put", std::move(map), out};
}

std::string told(const std::vector<Finding>& findings) {
  std::string lines;
  for (const Finding& finding : findings) {
    lines += finding.pointer + " " + finding.message + "\n";
  }
  return lines;
}

std::string of_literal(const std::string& field, std::string_view json) {
  return told(check({"events", {put({literal(field, json)})}}, catalog()));
}

std::string of_reply(const std::string& field, const std::string& pointer) {
  return told(check({"events", {put({}, "first"), put({reply(field, pointer)})}}, catalog()));
}

TEST(WireCheck, AcceptsAGoodWire) {
  EXPECT_EQ(told(check({"events", {put({message("count", "/n")})}}, catalog())), "");
}

TEST(WireCheck, NamesWhatIsNearWhereSomethingIsMissing) {
  manifest::Step step = put({});
  EXPECT_EQ(
      told(check({"evnts", {step}}, catalog())),
      "/from wire from 'evnts': no plugin declares channel 'evnts'; did you mean 'events'?\n");
  step.service = "test.kind";
  EXPECT_EQ(told(check({"events", {step}}, catalog())),
            "/steps/0/call wire from 'events', step 1: no plugin of the manifest provides service "
            "'test.kind/1'; did you mean 'test.kinds/1'?\n");
  step = put({});
  step.method = "Pu";
  EXPECT_EQ(told(check({"events", {step}}, catalog())),
            "/steps/0/call wire from 'events', step 1: service 'test.kinds/1' has no method 'Pu'; "
            "did you mean 'Put'?\n");
  EXPECT_EQ(
      told(check({"events", {put({message("a/b", "/x"), message("coun", "/x")})}}, catalog())),
      "/steps/0/map/a~1b wire from 'events', step 1: Put's request has no field 'a/b'\n"
      "/steps/0/map/coun wire from 'events', step 1: Put's request has no field 'coun'; did "
      "you mean 'count'?\n");
}

TEST(WireCheck, MissesARequiredField) {
  const manifest::Step step{"test.kinds", 1, "Put", {}, ""};
  EXPECT_EQ(told(check({"events", {step}}, catalog())),
            "/steps/0/map wire from 'events', step 1: Put needs the field 'id', which the map does "
            "not give\n");
}

TEST(WireCheck, AcceptsLiteralsOfTheFieldsType) {
  for (const auto& [field, json] :
       std::vector<std::pair<std::string, std::string>>{{"count", "7"},
                                                        {"count", "\"7\""},
                                                        {"count", "null"},
                                                        {"ratio", "1.5"},
                                                        {"on", "false"},
                                                        {"colour", "\"green\""},
                                                        {"colour", "1"},
                                                        {"bytes", "\"AAEC\""},
                                                        {"part", R"({"name":"x"})"},
                                                        {"parts", R"([{"name":"x"},{}])"},
                                                        {"words", R"(["a","b"])"}}) {
    EXPECT_EQ(of_literal(field, json), "") << field << " " << json;
  }
}

TEST(WireCheck, RefusesLiteralsOfAnotherType) {
  EXPECT_EQ(
      of_literal("count", "\"ten\""),
      "/steps/0/map/count/value wire from 'events', step 1: the value of 'count' does not fit "
      "its type, uint32: at '/count': \"ten\" is no integer\n");
  for (const auto& [field, json] :
       std::vector<std::pair<std::string, std::string>>{{"count", "-1"},
                                                        {"count", "1.5"},
                                                        {"small", "256"},
                                                        {"ratio", "true"},
                                                        {"on", "1"},
                                                        {"colour", "\"blue\""},
                                                        {"bytes", "\"%\""},
                                                        {"bytes", "7"},
                                                        {"part", "\"x\""},
                                                        {"part", R"({"nam":"x"})"},
                                                        {"parts", "{}"},
                                                        {"words", R"(["a",1])"}}) {
    EXPECT_TRUE(of_literal(field, json).starts_with("/steps/0/map/" + field + "/value "))
        << field << " " << json;
  }
}

TEST(WireCheck, RefusesNothingForAFieldThatMustBeThere) {
  const manifest::Step step{"test.kinds", 1, "Put", {literal("id", "null")}, ""};
  EXPECT_TRUE(told(check({"events", {step}}, catalog())).starts_with("/steps/0/map/id/value "));
}

TEST(WireCheck, ComparesAReplysFieldWithTheRequests) {
  EXPECT_EQ(of_reply("id2", "/id").substr(0, 17), "/steps/1/map/id2 ");
  EXPECT_EQ(of_reply("part", "/prts"),
            "/steps/1/map/part wire from 'events', step 2: '$first' has no field 'prts'; did you "
            "mean 'parts'?\n");
  EXPECT_EQ(of_reply("on", "/count"),
            "/steps/1/map/on wire from 'events', step 2: '$first/count' is uint64, which does not "
            "fit 'on', bool\n");
  for (const auto& [field, pointer] : std::vector<std::pair<std::string, std::string>>{
           {"count", "/on"}, {"count", "/parts"}, {"part", "/parts"}, {"words", "/id"}}) {
    EXPECT_TRUE(of_reply(field, pointer).contains("does not fit")) << field << " " << pointer;
  }
  // A mapping makes texts and bytes of anything, numbers are read from texts, and how deep a value
  // inside a reply is, is not followed.
  for (const auto& [field, pointer] :
       std::vector<std::pair<std::string, std::string>>{{"bytes", "/parts"},
                                                        {"count", "/count"},
                                                        {"count", "/id"},
                                                        {"ratio", "/count"},
                                                        {"on", "/on"},
                                                        {"part", "/parts/0"},
                                                        {"parts", "/parts"},
                                                        {"bytes", ""}}) {
    EXPECT_EQ(of_reply(field, pointer), "") << field << " " << pointer;
  }
}

TEST(WireCheck, TakesAnythingForAServiceWithoutAContract) {
  const manifest::Step step{"test.untyped", 1, "Any", {literal("x", "[1]")}, ""};
  EXPECT_EQ(told(check({"events", {step}}, catalog())), "");
}

}  // namespace
}  // namespace host::wire
