// tests/plugins/transport_ws/rest/counter_test.cpp - plain requests over a socket: answers, limits,
// keep-alive, and what must not be understood.
#include "rest/counter.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "counting.hpp"

namespace transport_ws::rest {
namespace {

// Each request shows who sends it; here a service decides.
class GuardedCounterTest : public CounterTest {
 protected:
  GuardedCounterTest()
      : CounterTest([](Settings& settings) {
          add_http(settings);
          settings.auth.mode = auth::Mode::FirstMessage;
          settings.auth.service = "bp.transport.auth/1";
        }) {}
};

TEST_F(GuardedCounterTest, CallsOnlyWhatThePrincipalMayCall) {
  RawClient client(server.port());
  client.send(get("/r/1", "Authorization: Bearer good\r\n"));
  EXPECT_NE(reply(std::string(R"({"principal":"ann","call":["s/1.Get"]})")).find("Bearer good"),
            std::string::npos);
  EXPECT_EQ(reply(std::string("1")), R"(s/1 Get {"id":"1"})");
  EXPECT_EQ(status(read(client).first), "200");
  client.send(post("{}"));
  reply(std::string(R"({"principal":"ann","call":["s/1.Get"]})"));
  EXPECT_EQ(status(read(client).first), "403");
  EXPECT_TRUE(server.on_loop([&] { return server.buses[0]->inner.asked.empty(); }));
}

// A token may stand in the query; it is shown to who decides, and to nobody else.
class QueryTokenTest : public CounterTest {
 protected:
  QueryTokenTest()
      : CounterTest([](Settings& settings) {
          add_http(settings);
          settings.auth.mode = auth::Mode::Upgrade;
          settings.auth.service = "bp.transport.auth/1";
          settings.auth.places.query = "token";
        }) {}
};

TEST_F(QueryTokenTest, IsTakenAndNotPassedOn) {
  RawClient client(server.port());
  client.send(get("/r/1?token=good"));
  EXPECT_NE(reply(std::string(R"({"principal":"ann","call":["s/1.Get"]})"))
                .find(R"("query":[{"name":"token","value":"good"}])"),
            std::string::npos);
  EXPECT_EQ(reply(std::string("1")), R"(s/1 Get {"id":"1"})");
  EXPECT_EQ(status(read(client).first), "200");
  client.send(get("/r/1?tokens=good"));
  EXPECT_EQ(status(read(client).first), "400");
}

TEST_F(GuardedCounterTest, CallsNothingForStrangers) {
  RawClient client(server.port());
  client.send(get("/r/1"));
  reply(std::string(R"({"refused":"no token"})"));
  const std::string refused = read(client).first;
  EXPECT_EQ(status(refused), "401");
  EXPECT_NE(refused.find("WWW-Authenticate: Bearer\r\n"), std::string::npos);
  client.send(get("/r/1"));
  reply(bp::fail(BP_E_NOT_FOUND, "no service 'bp.transport.auth/1'"));
  const auto [header, body] = read(client);
  EXPECT_EQ(status(header), "503");
  EXPECT_NE(body.find(R"("code":"UNAVAILABLE")"), std::string::npos) << body;
  EXPECT_NE(body.find("no service 'bp.transport.auth/1'"), std::string::npos) << body;
  EXPECT_TRUE(server.on_loop([&] { return server.buses[0]->inner.asked.empty(); }));
  client.send(get("/healthz"));
  EXPECT_EQ(status(read(client).first), "200");
}

TEST_F(CounterTest, CallsServicesOnOneConnection) {
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.send(get("/r/" + std::to_string(i)));
    EXPECT_EQ(reply(R"({"v":1})"), "s/1 Get {\"id\":\"" + std::to_string(i) + "\"}");
    const auto [header, body] = read(client);
    EXPECT_EQ(status(header), "200");
    EXPECT_NE(header.find("Connection: keep-alive"), std::string::npos);
    EXPECT_NE(header.find("Content-Type: application/json"), std::string::npos);
    EXPECT_EQ(body, R"({"v":1})");
  }
  client.send(post(R"({"a":1})"));
  EXPECT_EQ(reply(std::string()), R"(s/1 Put {"a":1})");
  EXPECT_EQ(read(client).second, "null");
  client.send(get("/r/x", "Connection: close\r\n"));
  EXPECT_EQ(reply(std::string("1")), R"(s/1 Get {"id":"x"})");
  EXPECT_TRUE(client.read_all().ends_with("\r\n\r\n1"));
}

TEST_F(CounterTest, TakesRequestsThatCameTogetherInTurn) {
  RawClient client(server.port());
  std::string many;
  for (int i = 0; i < 300; ++i) {
    many += get("/healthz");
  }
  client.send(many);
  for (int i = 0; i < 300; ++i) {
    const auto [header, body] = read(client);
    ASSERT_EQ(status(header), "200");
    ASSERT_EQ(body, R"({"status":"ok"})");
  }
}

TEST_F(CounterTest, TellsErrorsByTheirStatus) {
  RawClient client(server.port());
  client.send(get("/r/1"));
  reply(bp::fail(BP_E_NOT_FOUND, "no record '1'"));
  const auto [header, body] = read(client);
  EXPECT_EQ(status(header), "404");
  EXPECT_EQ(body, R"({"error":{"code":"NOT_FOUND","message":"no record '1'","context":[]}})");
  client.send(get("/r/1"));
  reply(bp::fail(BP_E_TIMEOUT, "late"));
  EXPECT_EQ(status(read(client).first), "504");
  client.send(get("/r/1?x=1"));
  EXPECT_EQ(status(read(client).first), "400");
}

TEST_F(CounterTest, AnswersHeadOptionsAndOtherVerbs) {
  RawClient client(server.port());
  client.send("OPTIONS /r/1 HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string options = read(client).first;
  EXPECT_EQ(status(options), "204");
  EXPECT_NE(options.find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos) << options;
  client.send("DELETE /r/1 HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string refused = read(client).first;
  EXPECT_EQ(status(refused), "405");
  EXPECT_NE(refused.find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
  client.send("HEAD /r/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  reply(std::string("12345"));
  const std::string head = client.read_all();
  EXPECT_NE(head.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

// Routes come and go while requests are under way.
class RoutedCounterTest : public CounterTest {
 protected:
  void use(std::vector<SharedEndpoint> made) {
    std::promise<void> done;
    std::vector<SharedEndpoint> all{std::make_shared<const Endpoint>(
        "GET", *Pattern::parse("/r/{id}"), std::vector<Parameter>(), "s/1", "Get", 60'000U)};
    all.insert(all.end(), made.begin(), made.end());
    server.server->serve(std::make_shared<const Table>(Table::of(std::move(all))), made.size(),
                         [&] { done.set_value(); });
    done.get_future().get();
  }

  SharedEndpoint route(const std::string& verb, const std::string& path) const {
    return std::make_shared<const Endpoint>(verb, *Pattern::parse(path), std::vector<Parameter>(),
                                            "p/1", "Do", 60'000U, served);
  }

  std::shared_ptr<std::atomic<bool>> served = std::make_shared<std::atomic<bool>>(true);
};

TEST_F(RoutedCounterTest, SeesRoutesEverywhere) {
  use({route("DELETE", "/r/{id}"), route("GET", "/p")});
  RawClient client(server.port());
  client.send("OPTIONS /r/1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(read(client).first.find("Allow: DELETE, GET, HEAD, OPTIONS\r\n"), std::string::npos);
  client.send("PUT /p HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string refused = read(client).first;
  EXPECT_EQ(status(refused), "405");
  EXPECT_NE(refused.find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
  client.send("DELETE /r/7 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reply(std::string("1")), R"(p/1 Do {"id":"7"})");
  EXPECT_EQ(status(read(client).first), "200");
  client.send("HEAD /p HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reply(std::string("12345")), "p/1 Do {}");
  EXPECT_NE(client.read_header().find("Content-Length: 5\r\n"), std::string::npos);
  const auto& counters = server.server->loops().front()->counters();
  EXPECT_EQ(counters.http_routes.value(), 2);
}

TEST_F(RoutedCounterTest, AnswersWhatWasUnderWay) {
  use({route("GET", "/p")});
  RawClient client(server.port());
  client.send(get("/p"));
  while (server.on_loop([&] { return server.buses[0]->inner.asked.empty(); })) {
    std::this_thread::yield();
  }
  use({});
  RawClient late(server.port());
  late.send(get("/p"));
  EXPECT_EQ(status(late.read_header()), "404");
  EXPECT_EQ(reply(std::string("1")), "p/1 Do {}");
  EXPECT_EQ(status(read(client).first), "200");
}

TEST_F(RoutedCounterTest, CallsNothingWhoseOwnerDoesNotProvideIt) {
  use({route("GET", "/p")});
  *served = false;
  RawClient client(server.port());
  client.send(get("/p"));
  const auto [header, body] = read(client);
  EXPECT_EQ(status(header), "503");
  EXPECT_NE(body.find(R"("code":"UNAVAILABLE")"), std::string::npos) << body;
  *served = true;
  client.send(get("/p"));
  EXPECT_EQ(reply(std::string("1")), "p/1 Do {}");
  EXPECT_EQ(status(read(client).first), "200");
}

TEST_F(CounterTest, InvitesWhoWaitsBeforeTheBody) {
  RawClient client(server.port());
  const std::string head =
      "POST /r HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Content-Length: 7\r\nExpect: 100-continue\r\n\r\n";
  for (int i = 0; i < 2; ++i) {  // on one connection
    client.send(head);
    EXPECT_EQ(client.read_header(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(R"({"a":1})");
    EXPECT_EQ(reply(std::string("1")), R"(s/1 Put {"a":1})");
    EXPECT_EQ(status(read(client).first), "200");
  }
  client.send(head + R"({"a":2})");  // it did not wait
  EXPECT_EQ(reply(std::string("2")), R"(s/1 Put {"a":2})");
  EXPECT_EQ(status(read(client).first), "200");
}

TEST_F(CounterTest, AnswersAtOnceWhatCannotBe) {
  const std::string head = "POST /r HTTP/1.1\r\nHost: a\r\n";
  RawClient large(server.port());
  large.send(head + "Content-Length: 2000\r\nExpect: 100-continue\r\n\r\n");
  expect_error(large, "413", "TOO_LARGE");
  RawClient strange(server.port());
  strange.send(head + "Content-Length: 2\r\nExpect: a-miracle\r\n\r\n");
  expect_error(strange, "417", "UNSUPPORTED");
}

TEST_F(CounterTest, IsBounded) {
  RawClient waiting(server.port());
  waiting.send(get("/r/1"));
  while (server.on_loop([&] { return server.buses[0]->inner.asked.empty(); })) {
    std::this_thread::yield();
  }
  RawClient client(server.port());
  client.send(get("/r/2"));
  expect_error(client, "503", "UNAVAILABLE");
  EXPECT_EQ(reply(std::string("1")), R"(s/1 Get {"id":"1"})");
  EXPECT_EQ(status(read(waiting).first), "200");
  RawClient large(server.port());
  large.send(post(std::string(2000, ' ')));
  expect_error(large, "413", "TOO_LARGE");
  RawClient wide(server.port());
  wide.send(get("/r/1", "X: " + std::string(20'000, 'x') + "\r\n"));
  expect_error(wide, "431", "TOO_LARGE");
}

TEST_F(CounterTest, RefusesWhatCanBeReadInTwoWays) {
  for (const auto* fields : {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                             "Content-Length: 3\r\nContent-Length: 4\r\n",
                             "Transfer-Encoding: gzip, chunked\r\n", "Content-Length: +3\r\n"}) {
    RawClient client(server.port());
    client.send(std::string("POST /r HTTP/1.1\r\nHost: a\r\n") + fields + "\r\n0\r\n\r\n");
    SCOPED_TRACE(fields);
    expect_error(client, "400", "INVALID");
  }
}

TEST_F(CounterTest, TellsHandshakesInWords) {
  const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  RawClient old(server.port());
  old.send(get("/", upgrade + "Sec-WebSocket-Version: 8\r\n"));
  const auto [header, body] = read(old);
  EXPECT_EQ(status(header), "426");
  EXPECT_NE(header.find("Content-Type: text/plain"), std::string::npos) << header;
  EXPECT_EQ(body, "only Sec-WebSocket-Version 13 is spoken here\n");
  RawClient large(server.port());
  large.send(get("/", upgrade + "Content-Length: 2000\r\n"));
  const auto [refused, words] = read(large);
  EXPECT_EQ(status(refused), "413");
  EXPECT_EQ(words, "the body is larger than the limit\n");
}

}  // namespace
}  // namespace transport_ws::rest
