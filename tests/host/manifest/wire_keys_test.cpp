// tests/host/manifest/wire_keys_test.cpp - wires: calls, sources, outputs.
#include <gtest/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace {

using namespace host::manifest;
using test::read_with;
using test::told;

Reading read_steps(std::string_view steps) {
  return read_with(R"("wires":[{"from":"ws.in.events","steps":)" + std::string(steps) + "}]");
}

TEST(WireKeys, AreRead) {
  const Reading reading =
      read_steps(R"([{"call":"bp.crypto.aead/1.Encrypt","map":{"plaintext":"/data","all":"","aad":)"
                 R"({"value":{"x":[1]}}},
           "out":"sealed"},
          {"call":"bp.storage.records/2.Insert","map":{"id":"/a~1b","data":"$sealed/bytes",)"
                 R"("whole":"$sealed"}}])");
  ASSERT_TRUE(reading.manifest) << told(reading);
  const Wire& wire = reading.manifest->wires.at(0);
  EXPECT_EQ(wire.from, "ws.in.events");
  ASSERT_EQ(wire.steps.size(), 2U);
  EXPECT_EQ(wire.steps[0].service, "bp.crypto.aead");
  EXPECT_EQ(wire.steps[0].major, 1U);
  EXPECT_EQ(wire.steps[0].method, "Encrypt");
  EXPECT_EQ(wire.steps[0].out, "sealed");
  EXPECT_EQ(wire.steps[1].major, 2U);
  const std::vector<Mapping>& map = wire.steps[0].map;
  EXPECT_EQ(map.at(0), (Mapping{"plaintext", {SourceKind::Message, "", "/data", {}}}));
  EXPECT_EQ(map.at(1), (Mapping{"all", {SourceKind::Message, "", "", {}}}));
  EXPECT_EQ(map.at(2).source.kind, SourceKind::Literal);
  EXPECT_EQ(compact(map.at(2).source.literal), R"({"x":[1]})");
  EXPECT_EQ(wire.steps[1].map.at(1), (Mapping{"data", {SourceKind::Step, "sealed", "/bytes", {}}}));
  EXPECT_EQ(wire.steps[1].map.at(2), (Mapping{"whole", {SourceKind::Step, "sealed", "", {}}}));
}

TEST(WireKeys, RefuseBadCalls) {
  for (const char* call : {"", "a", "a/1", "a/1.", "a/.M", "/1.M", "a/x.M", "a/1.2", "a/1.M x",
                           "a/99999999999.M", "a b/1.M"}) {
    const Reading reading = read_steps(R"([{"call":")" + std::string(call) + R"("}])");
    EXPECT_NE(told(reading).find("/wires/0/steps/0/call: "), std::string::npos) << call;
  }
}

TEST(WireKeys, RefuseBadSources) {
  for (const char* source : {R"("data")", R"("/a~")", R"("$")", R"("$1/x")", R"("$a~/x")", "1",
                             "{}", R"({"value":1,"more":2})", R"({"valeu":1})", "null"}) {
    const Reading reading =
        read_steps(R"([{"call":"a/1.M","map":{"field":)" + std::string(source) + "}}]");
    EXPECT_NE(told(reading).find("/wires/0/steps/0/map/field: "), std::string::npos) << source;
  }
  EXPECT_NE(told(read_steps(R"([{"call":"a/1.M","map":{"a.b":"/x"}}])")).find("not a field"),
            std::string::npos);
}

TEST(WireKeys, RefuseOutputsThatAreNotThereYet) {
  const Reading reading =
      read_steps(R"([{"call":"a/1.M","map":{"x":"$own/y"},"out":"own"},{"call":"a/1.M","map":)"
                 R"({"x":"$onw/y"},"out":"own"}])");
  const std::string problems = told(reading);
  EXPECT_NE(problems.find("/wires/0/steps/0/map/x: no step before this one has \"out\": \"own\"\n"),
            std::string::npos);
  EXPECT_NE(problems.find("\"onw\"; did you mean \"own\"?"), std::string::npos);
  EXPECT_NE(problems.find("/wires/0/steps/1/out: \"own\" is the output of an earlier step"),
            std::string::npos);
}

TEST(WireKeys, LimitTheSteps) {
  EXPECT_NE(told(read_steps("[]")).find("0 steps; a wire has 1 to 32"), std::string::npos);
  std::string steps = R"([{"call":"a/1.M"})";
  for (int i = 0; i < 32; ++i) {
    steps += R"(,{"call":"a/1.M"})";
  }
  EXPECT_NE(told(read_steps(steps + "]")).find("33 steps"), std::string::npos);
}

TEST(WireKeys, NeedTheirKeys) {
  const std::string problems = told(read_with(R"("wires":[{},{"from":"a","steps":[{}]}])"));
  EXPECT_NE(problems.find("/wires/0: the key \"from\" is missing"), std::string::npos);
  EXPECT_NE(problems.find("/wires/0: the key \"steps\" is missing"), std::string::npos);
  EXPECT_NE(problems.find("/wires/1/steps/0: the key \"call\" is missing"), std::string::npos);
}

}  // namespace
