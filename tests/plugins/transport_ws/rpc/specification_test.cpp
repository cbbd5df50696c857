// tests/plugins/transport_ws/rpc/specification_test.cpp - the examples of the JSON-RPC 2.0
// specification (jsonrpc.org/specification, section 7), one by one, with `ping` as the method that
// there is.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fake_bus.hpp"
#include "fake_peer.hpp"
#include "json/json.hpp"
#include "rpc/gateway.hpp"

namespace transport_ws::rpc {
namespace {

struct Example {
  const char* name;
  const char* sent;
  std::vector<std::string> answers;  // "id result" or "id error <code>"; none: no answer at all
  bool batch = false;
};

std::string told(const std::string& answer) {
  const auto message = json::read(answer);
  EXPECT_TRUE(message) << answer;
  if (!message) {
    return answer;
  }
  const auto* version = message->find("jsonrpc");
  EXPECT_TRUE(version != nullptr && version->text == R"("2.0")") << answer;
  const auto* id = message->find("id");
  const auto* result = message->find("result");
  const auto* error = message->find("error");
  EXPECT_TRUE(id != nullptr && (result == nullptr) != (error == nullptr)) << answer;
  EXPECT_EQ(message->children.size(), 3U) << answer;
  if (id == nullptr) {
    return answer;
  }
  if (result != nullptr) {
    return std::string(id->text) + " " + std::string(result->text);
  }
  const auto inside = json::read(error->text);
  EXPECT_TRUE(inside && inside->find("message") != nullptr) << answer;
  return std::string(id->text) + " error " + std::string(inside->find("code")->text);
}

class Specification : public ::testing::TestWithParam<Example> {};

TEST_P(Specification, IsAnsweredAsTheSpecificationSays) {
  FakeBus bus;
  FakePeer peer(1);
  session::Counters counters;
  Gateway gateway(bus, GatewaySettings(), counters);
  gateway.enter(peer);
  gateway.on_text(peer, GetParam().sent);
  if (GetParam().answers.empty()) {
    EXPECT_TRUE(peer.answers.empty()) << peer.answers.front();
    return;
  }
  ASSERT_EQ(peer.answers.size(), 1U);
  std::vector<std::string> answers;
  if (GetParam().batch) {
    const auto all = json::read(peer.answers.front());
    ASSERT_TRUE(all && all->kind == json::Kind::Array) << peer.answers.front();
    for (const auto& each : all->children) {
      answers.push_back(told(std::string(each.text)));
    }
  } else {
    answers.push_back(told(peer.answers.front()));
  }
  EXPECT_EQ(answers, GetParam().answers);
}

const Example examples[] = {
    {"NamedParameters",
     R"({"jsonrpc": "2.0", "method": "ping", "params": {}, "id": 3})",
     {R"(3 "pong")"}},
    {"OtherOrder",
     R"({"params": {}, "id": 4, "method": "ping", "jsonrpc": "2.0"})",
     {R"(4 "pong")"}},
    {"PositionalParameters",
     R"({"jsonrpc": "2.0", "method": "subscribe", "params": [42, 23], "id": 1})",
     {"1 error -32602"}},
    {"NoParameters", R"({"jsonrpc": "2.0", "method": "ping", "id": "9"})", {R"("9" "pong")"}},
    {"Notification", R"({"jsonrpc": "2.0", "method": "ping", "params": {}})", {}},
    {"NotificationOfNothing", R"({"jsonrpc": "2.0", "method": "foobar"})", {}},
    {"NotificationWithWrongParameters",
     R"({"jsonrpc": "2.0", "method": "subscribe", "params": [1,2,3,4,5]})",
     {}},
    {"UnknownMethod",
     R"({"jsonrpc": "2.0", "method": "foobar", "id": "1"})",
     {R"("1" error -32601)"}},
    {"ReservedMethod",
     R"({"jsonrpc": "2.0", "method": "rpc.discover", "id": 1})",
     {"1 error -32601"}},
    {"InvalidJson",
     R"({"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz])",
     {"null error -32700"}},
    {"EmptyText", "", {"null error -32700"}},
    {"InvalidRequest",
     R"({"jsonrpc": "2.0", "method": 1, "params": "bar"})",
     {"null error -32600"}},
    {"ScalarParameters",
     R"({"jsonrpc": "2.0", "method": "ping", "params": "bar", "id": 1})",
     {"1 error -32600"}},
    {"NoVersion", R"({"method": "ping", "id": 1})", {"1 error -32600"}},
    {"OtherVersion", R"({"jsonrpc": "1.0", "method": "ping", "id": 1})", {"1 error -32600"}},
    {"IdNullIsAnswered", R"({"jsonrpc": "2.0", "method": "ping", "id": null})", {R"(null "pong")"}},
    {"IdFraction", R"({"jsonrpc": "2.0", "method": "ping", "id": 1.50})", {R"(1.50 "pong")"}},
    {"IdObject", R"({"jsonrpc": "2.0", "method": "ping", "id": {}})", {"null error -32600"}},
    {"IdBool", R"({"jsonrpc": "2.0", "method": "ping", "id": true})", {"null error -32600"}},
    {"Number", "1", {"null error -32600"}},
    {"BatchInvalidJson",
     R"([{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
         {"jsonrpc": "2.0", "method"])",
     {"null error -32700"}},
    {"EmptyBatch", "[]", {"null error -32600"}},
    {"BatchOfOneThatIsNone", "[1]", {"null error -32600"}, true},
    {"BatchOfThreeThatAreNone",
     "[1,2,3]",
     {"null error -32600", "null error -32600", "null error -32600"},
     true},
    {"BatchInABatch", "[[]]", {"null error -32600"}, true},
    {"MixedBatch",
     R"([{"jsonrpc": "2.0", "method": "ping", "id": "1"},
         {"jsonrpc": "2.0", "method": "ping", "params": {}},
         {"jsonrpc": "2.0", "method": "subscribe", "params": [42,23], "id": "2"},
         {"foo": "boo"},
         {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
         {"jsonrpc": "2.0", "method": "ping", "id": "9"}])",
     {R"("1" "pong")", R"("2" error -32602)", "null error -32600", R"("5" error -32601)",
      R"("9" "pong")"},
     true},
    {"BatchOfNotifications",
     R"([{"jsonrpc": "2.0", "method": "ping", "params": {}}, {"jsonrpc": "2.0", "method": "foo"}])",
     {}}};

INSTANTIATE_TEST_SUITE_P(Examples, Specification, ::testing::ValuesIn(examples),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace transport_ws::rpc
