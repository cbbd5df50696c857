// tests/plugins/transport_ws/rpc/gateway_test.cpp - the methods of the gateway as a client sees
// them.
#include "rpc/gateway.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fake_bus.hpp"
#include "fake_peer.hpp"

namespace transport_ws::rpc {
namespace {

std::string request(const std::string& method, const std::string& params,
                    const std::string& id = "1") {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":)" + params +
         "}";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class GatewayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    gateway->enter(peer);
    gateway->enter(other);
  }

  std::string ask(const std::string& text) {
    gateway->on_text(peer, text);
    return peer.take();
  }

  FakeBus bus;
  FakePeer peer{1};
  FakePeer other{2};
  session::Counters counters;
  std::unique_ptr<Gateway> gateway =
      std::make_unique<Gateway>(bus,
                                GatewaySettings{.in_flight_max = 4,
                                                .subscriptions_max = 2,
                                                .call_timeout_ms = 900,
                                                .history = {.messages_max = 0},
                                                .epochs = std::make_shared<Epochs>("e")},
                                counters);
};

TEST_F(GatewayTest, PublishIsAnsweredOnlyWhenItIsConfirmed) {
  EXPECT_EQ(ask(request("publish", R"({"event":{"id":"e1","data":{"x":1.0}}})")), "");
  ASSERT_EQ(bus.asked.size(), 1U);
  EXPECT_EQ(bus.asked[0].whom, "events");
  EXPECT_EQ(bus.asked[0].json, R"({"id":"e1","data":{"x":1.0}})");  // byte for byte
  bus.answer();
  EXPECT_EQ(peer.take(), R"({"jsonrpc":"2.0","id":1,"result":{"id":"e1"}})");
}

TEST_F(GatewayTest, PublishGivesAnIdWhereNoneIs) {
  ask(request("publish", R"({"channel":"c","message": { "n":1}})"));
  ASSERT_EQ(bus.asked.size(), 1U);
  EXPECT_EQ(bus.asked[0].whom, "c");
  const auto event = json::read(bus.asked[0].json);
  ASSERT_TRUE(event);
  const std::string id(event->find("id")->text);
  EXPECT_EQ(id.size(), 38U);
  EXPECT_EQ(event->find("n")->text, "1");
  bus.answer();
  EXPECT_TRUE(has(peer.take(), R"("result":{"id":)" + id + "}"));
  ask(request("publish", R"({"event":{ }})"));
  EXPECT_TRUE(json::is_valid(bus.asked[0].json)) << bus.asked[0].json;
}

TEST_F(GatewayTest, PublishTakesAnyJson) {
  ask(request("publish", R"({"event":[1,2]})"));
  EXPECT_EQ(bus.asked[0].json, "[1,2]");
  bus.answer();
  EXPECT_TRUE(has(peer.take(), R"("result":{"id":null})"));
}

TEST_F(GatewayTest, PublishTellsWhyItFailed) {
  ask(request("publish", R"({"event":{"id":"a"}})"));
  bus.answer(bp::fail(BP_E_NOT_FOUND, "no channel 'events'"));
  EXPECT_TRUE(has(peer.take(),
                  R"("code":-32000,"message":"no channel 'events'","data":{"code":"NOT_FOUND")"));
}

TEST_F(GatewayTest, PublishRefusesWrongParameters) {
  for (const std::string params :
       {R"({})", R"({"event":1,"message":2})", R"({"event":1,"channel":2})",
        R"({"event":{"id":7}})", R"({"event":{"id":""}})", R"({"event":1,"chanel":"x"})", R"([1])",
        R"({"event":{"a":1,"a":2}})"}) {
    EXPECT_TRUE(has(ask(request("publish", params)), R"("code":-32602)")) << params;
  }
  EXPECT_TRUE(has(ask(request("publish", R"({"event":{"id":")" + std::string(129, 'x') + "\"}}")),
                  "-32602"));
  EXPECT_TRUE(bus.asked.empty());
}

TEST_F(GatewayTest, CallPassesTheReplyOn) {
  ask(request("call", R"({"service":"bp.kv/1","method":"Get","params":{"k":"a"},"timeout_ms":50})",
              R"("q")"));
  ASSERT_EQ(bus.asked.size(), 1U);
  EXPECT_EQ(bus.asked[0].whom, "bp.kv/1 Get");
  EXPECT_EQ(bus.asked[0].json, R"({"k":"a"})");
  EXPECT_EQ(bus.asked[0].timeout_ms, 50U);
  bus.answer(std::string(R"({"v":1})"));
  EXPECT_EQ(peer.take(), R"({"jsonrpc":"2.0","id":"q","result":{"v":1}})");
}

TEST_F(GatewayTest, CallHasDefaultsAndBounds) {
  ask(request("call", R"({"service":"s/1","method":"M"})"));
  EXPECT_EQ(bus.asked[0].json, "{}");
  EXPECT_EQ(bus.asked[0].timeout_ms, 900U);
  for (const std::string params :
       {R"({"service":"s/1"})", R"({"method":"M"})", R"({"service":1,"method":"M"})",
        R"({"service":"s/1","method":"M","timeout_ms":0})",
        R"({"service":"s/1","method":"M","timeout_ms":-1})",
        R"({"service":"s/1","method":"M","timeout_ms":300001})"}) {
    EXPECT_TRUE(has(ask(request("call", params)), "-32602")) << params;
  }
}

TEST_F(GatewayTest, SubscribersGetEventsUntilTheyUnsubscribe) {
  EXPECT_EQ(ask(request("subscribe", R"({"channel":"events"})")),
            R"({"jsonrpc":"2.0","id":1,"result":{"subscription":1,"epoch":"e.1","seq":null}})");
  EXPECT_EQ(ask(request("subscribe", R"({"channel":"events"})")),
            R"({"jsonrpc":"2.0","id":1,"result":{"subscription":1,"epoch":"e.1","seq":null}})");
  bus.deliver("events", 1, "{}");
  EXPECT_EQ(peer.events.size(), 1U);
  EXPECT_TRUE(other.events.empty());
  EXPECT_TRUE(has(ask(request("unsubscribe", R"({"subscription":9})")), "NOT_FOUND"));
  EXPECT_TRUE(has(ask(request("unsubscribe", R"({"subscription":"1"})")), "-32602"));
  EXPECT_EQ(ask(request("unsubscribe", R"({"subscription":1})")),
            R"({"jsonrpc":"2.0","id":1,"result":true})");
  EXPECT_TRUE(bus.sinks.empty());  // nobody listens: nor do we
}

TEST_F(GatewayTest, ManyClientsShareOneBusSubscription) {
  ask(request("subscribe", R"({"channel":"events"})"));
  gateway->on_text(other, request("subscribe", R"({"channel":"events"})"));
  EXPECT_EQ(bus.sinks.size(), 1U);
  gateway->leave(peer);
  EXPECT_EQ(bus.sinks.size(), 1U);
  gateway->leave(other);
  EXPECT_TRUE(bus.sinks.empty());
}

TEST_F(GatewayTest, SubscribeIsBoundedAndTellsOfMissingChannels) {
  bus.missing.insert("c");
  EXPECT_TRUE(
      has(ask(request("subscribe", R"({"channel":"c"})")), R"("context":["subscribing to 'c'"])"));
  ask(request("subscribe", R"({"channel":"a"})"));
  ask(request("subscribe", R"({"channel":"b"})"));
  EXPECT_TRUE(has(ask(request("subscribe", R"({"channel":"d"})")), "BUSY"));
}

TEST_F(GatewayTest, RequestsInFlightAreBounded) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(ask(request("publish", R"({"event":1})")), "");
  }
  EXPECT_TRUE(has(ask(request("publish", R"({"event":1})")), "BUSY"));
  bus.answer();
  peer.take();
  EXPECT_EQ(ask(request("publish", R"({"event":1})")), "");
}

TEST_F(GatewayTest, AnswersTheErrorsOfTheSpecification) {
  EXPECT_TRUE(has(ask("{"), R"("id":null,"error":{"code":-32700)"));
  EXPECT_TRUE(has(ask("[]"), "-32600"));
  EXPECT_TRUE(has(ask("[1]"), R"([{"jsonrpc":"2.0","id":null,"error":{"code":-32600)"));
  EXPECT_TRUE(has(ask(R"({"jsonrpc":"2.0","id":1,"id":2,"method":"ping"})"), "-32600"));
  EXPECT_TRUE(has(ask(request("nope", "{}")), "-32601"));
  EXPECT_TRUE(has(ask(request("ping", "[]")), "-32602"));
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","id":1,"method":"ping"})"),
            R"({"jsonrpc":"2.0","id":1,"result":"pong"})");
}

TEST_F(GatewayTest, NotificationsAreNotAnswered) {
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"ping"})"), "");
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"nope"})"), "");
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"publish","params":{"event":1}})"), "");
  bus.answer();
  EXPECT_EQ(peer.take(), "");
  EXPECT_EQ(gateway->in_flight(), 0U);
}

TEST_F(GatewayTest, BatchesAreAnsweredTogether) {
  const std::string batch = "[" + request("publish", R"({"event":{"id":"a"}})", "1") + "," +
                            request("ping", "{}", "2") + R"(,{"jsonrpc":"2.0","method":"ping"},7])";
  EXPECT_EQ(ask(batch), "");
  bus.answer();
  const auto answers = json::read(peer.take());
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->children.size(), 3U);
  EXPECT_EQ(ask(R"([{"jsonrpc":"2.0","method":"ping"}])"),
            "");  // notifications only: no answer at all
  std::string many = "[1";
  for (std::size_t i = 0; i < batch_items_max; ++i) {
    many += ",1";
  }
  EXPECT_TRUE(has(ask(many + "]"), "-32600"));
}

TEST_F(GatewayTest, ThrowsAwayAnswersForThoseWhoLeft) {
  ask(request("publish", R"({"event":1})"));
  gateway->leave(peer);
  EXPECT_EQ(gateway->in_flight(), 0U);  // it holds nobody up
  bus.answer();
  EXPECT_TRUE(peer.answers.empty());
  EXPECT_EQ(gateway->in_flight(), 0U);
}

TEST_F(GatewayTest, MayDieBeforeItsAnswersCome) {
  ask(request("publish", R"({"event":1})"));
  ask("[" + request("call", R"({"service":"s/1","method":"M"})") + "]");
  gateway.reset();
  bus.answer();
  bus.answer();
  EXPECT_TRUE(peer.answers.empty());
}

TEST_F(GatewayTest, DrainsWhatIsInFlight) {
  bool idle = false;
  ask(request("publish", R"({"event":1})"));
  gateway->drain([&] { idle = true; });
  EXPECT_TRUE(has(ask(request("ping", "{}")), "UNAVAILABLE"));
  EXPECT_FALSE(idle);
  bus.answer();
  EXPECT_TRUE(has(peer.take(), "result"));
  EXPECT_TRUE(idle);
}

TEST_F(GatewayTest, TellsWhenAClientIsAnswered) {
  int answered = 0;
  gateway->when_answered(peer, [&] { ++answered; });
  EXPECT_EQ(answered, 1);  // nothing is open
  ask(request("publish", R"({"message":1})"));
  ask(request("publish", R"({"message":2})"));
  gateway->when_answered(peer, [&] { ++answered; });
  bus.answer();
  EXPECT_EQ(answered, 1);
  bus.answer();
  EXPECT_EQ(answered, 2);
  ask(request("publish", R"({"message":3})"));
  gateway->when_answered(peer, [&] { ++answered; });
  gateway->leave(peer);
  bus.answer();
  EXPECT_EQ(answered, 2);  // nobody waits for it any more
}

TEST_F(GatewayTest, GoesOnWithAFeedWhenItsSlowClientDrained) {
  ask(request("subscribe", R"({"channel":"events"})"));
  peer.full = true;
  bus.deliver("events", 1, "1");
  EXPECT_TRUE(peer.events.empty());
  peer.full = false;
  gateway->on_drained(peer);
  EXPECT_EQ(peer.events.size(), 1U);
}

RC_GTEST_PROP(Gateway, AnswersAnyTextWithJson, (const std::vector<unsigned char>& noise)) {
  FakeBus bus;
  FakePeer peer{1};
  session::Counters counters;
  Gateway gateway(bus, {}, counters);
  gateway.enter(peer);
  gateway.on_text(peer, std::string(noise.begin(), noise.end()));
  for (const auto& answer : peer.answers) {
    RC_ASSERT(json::is_valid(answer));
  }
}

}  // namespace
}  // namespace transport_ws::rpc
