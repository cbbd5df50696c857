// tests/plugins/transport_ws/edge/http_service_test.cpp - bp.transport.http/1, with plain requests
// to the plugin's own listener.
#include "edge/http_service.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "backplane/testing/fake_host.hpp"

#include "asking.hpp"

namespace transport_ws::edge {
namespace {

namespace calls = http_contract;

class HttpServiceTest : public Asking {
 protected:
  static constexpr const char* below_api =
      R"("http_paths":["/api/*"],"http":[{"method":"GET","path":"/api/fixed","call":"f/1.Get"}])";

  void start_routed(const std::string& more = {}) {
    start(below_api + (more.empty() ? "" : "," + more));
    host->announce(
        {.what = BP_REGISTRY_SERVICE, .name = "bp.notes", .instance = "worker", .major = 1});
    host->offer("bp.notes/1");
    host->pump();
  }

  static calls::RouteRequestT to_notes(const std::string& path = "/api/notes/{id}") {
    calls::RouteRequestT request;
    request.method = "GET";
    request.path = path;
    request.call = "bp.notes/1.Get";
    return request;
  }

  bool route(const calls::RouteRequestT& request, std::string_view caller = "worker") {
    return ask<calls::RouteReply, calls::RouteRequest>(service, 1, request, caller).replaced;
  }

  void unroute(const std::string& path, std::string_view caller = "worker") {
    calls::UnrouteRequestT request;
    request.method = "GET";
    request.path = path;
    ask<calls::UnrouteReply, calls::UnrouteRequest>(service, 2, request, caller);
  }

  calls::ListReplyT list() { return ask<calls::ListReply, calls::ListRequest>(service, 3); }

  static void get(RawClient& client, const std::string& path) {
    client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
  }

  void answer(const bp::testing::open_call& asked) {
    host->reply(asked.handle, "1");
    host->pump();
  }

  static std::string status(RawClient& client) { return client.read_header().substr(9, 3); }

  static constexpr std::string_view service = "bp.transport.http";
};

TEST_F(HttpServiceTest, RoutesAnswersAndStops) {
  start_routed();
  auto request = to_notes();
  request.query = {"limit:number"};
  request.timeout_ms = 2'000;
  EXPECT_FALSE(route(request));
  ASSERT_EQ(last_status, BP_OK) << last_error;
  RawClient client(port());
  get(client, "/api/notes/7?limit=5");
  const auto asked = question();
  EXPECT_EQ(asked.service, "bp.notes/1");
  EXPECT_EQ(asked.method_name, "Get");
  EXPECT_EQ(asked.request, R"({"id":"7","limit":5})");
  unroute("/api/notes/{whatever}");  // meanwhile
  ASSERT_EQ(last_status, BP_OK) << last_error;
  answer(asked);
  EXPECT_EQ(status(client), "200");
  RawClient late(port());
  get(late, "/api/notes/7");
  EXPECT_EQ(status(late), "404");
  EXPECT_EQ(host->metric("ws_http_routes"), 0);
  ASSERT_TRUE(host->stop());
  EXPECT_TRUE(host->faults().empty());
}

TEST_F(HttpServiceTest, PassesTheTraceOn) {
  start_routed();
  RawClient client(port());
  const auto traced_as = [&](const std::string& fields) {
    client.send("GET /api/fixed HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
    const auto asked = question();
    answer(asked);
    EXPECT_EQ(client.read_header().substr(9, 3), "200");
    client.read_bytes(1);
    return asked.trace;
  };
  host->offer("f/1");
  const auto trace =
      traced_as("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n");
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->front(), 0x4b);
  EXPECT_EQ(trace->back(), 0xb7);
  EXPECT_EQ(traced_as(""), std::nullopt);
  EXPECT_EQ(traced_as("traceparent: 00-4bf9\r\n"), std::nullopt);
  ASSERT_TRUE(host->stop());
}

TEST_F(HttpServiceTest, PassesNoCredentialsOn) {
  start_routed(R"("auth":{"mode":"upgrade","service":"a/1","query":"token"})");
  auto request = to_notes();
  request.query = {"token"};
  route(request);
  EXPECT_EQ(last_status, BP_E_INVALID);
  EXPECT_NE(last_error.find("auth.query"), std::string::npos) << last_error;
  request.query = {"tokens"};
  route(request);
  EXPECT_EQ(last_status, BP_OK) << last_error;
  ASSERT_TRUE(host->stop());
}

TEST_F(HttpServiceTest, IsTheSameOnEveryIoThread) {
  start_routed(R"("io_threads":3,"reuse_port":false)");
  route(to_notes());
  ASSERT_EQ(last_status, BP_OK) << last_error;
  EXPECT_EQ(host->metric("ws_http_routes"), 1);
  for (int i = 0; i < 6; ++i) {
    RawClient client(port());
    get(client, "/api/notes/1");
    answer(question());
    EXPECT_EQ(status(client), "200");
  }
  unroute("/api/notes/{id}");
  for (int i = 0; i < 6; ++i) {
    RawClient client(port());
    get(client, "/api/notes/1");
    EXPECT_EQ(status(client), "404");
  }
  ASSERT_TRUE(host->stop());
}

TEST_F(HttpServiceTest, LeadsToItsOwnersServiceOrNowhere) {
  start_routed();
  route(to_notes(), "thief");
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  route(to_notes(), "test");  // a client of our own gateway
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  route(to_notes());
  ASSERT_EQ(last_status, BP_OK) << last_error;
  host->withdraw(BP_REGISTRY_SERVICE, "bp.notes", 1);
  host->pump();
  EXPECT_FALSE(list().routes[1]->served);
  RawClient client(port());
  get(client, "/api/notes/7");
  const std::string header = client.read_header();
  EXPECT_EQ(header.substr(9, 3), "503");
  client.hang_up();
  host->announce(
      {.what = BP_REGISTRY_SERVICE, .name = "bp.notes", .instance = "thief", .major = 1});
  host->pump();
  EXPECT_FALSE(list().routes[1]->served);
  host->withdraw(BP_REGISTRY_SERVICE, "bp.notes", 1);
  host->announce(
      {.what = BP_REGISTRY_SERVICE, .name = "bp.notes", .instance = "worker", .major = 1});
  host->pump();
  EXPECT_TRUE(list().routes[1]->served);
  RawClient again(port());
  get(again, "/api/notes/7");
  answer(question());
  EXPECT_EQ(status(again), "200");
  ASSERT_TRUE(host->stop());
}

// Calls may come between the names that are told.
TEST_F(HttpServiceTest, KnowsTheProviderBeforeItWasTold) {
  start_routed();
  host->announce_untold(
      {.what = BP_REGISTRY_SERVICE, .name = "bp.files", .instance = "other", .major = 1});
  auto request = to_notes("/api/files");
  request.call = "bp.files/1.Get";
  route(request);
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  EXPECT_NE(last_error.find("'bp.files/1' is provided by instance 'other'"), std::string::npos)
      << last_error;
  EXPECT_EQ(host->open_watches(), 1U);
  host->announce_untold(  // and is the worker's before anybody heard of it
      {.what = BP_REGISTRY_SERVICE, .name = "bp.files", .instance = "worker", .major = 1});
  route(request);
  EXPECT_EQ(last_status, BP_OK) << last_error;
  ASSERT_TRUE(host->stop());
}

TEST_F(HttpServiceTest, BelongsToWhoMadeIt) {
  start_routed();
  route(to_notes());
  EXPECT_TRUE(route(to_notes("/api/notes/{number}")));
  unroute("/api/notes/{id}", "other");
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  unroute("/api/fixed", "");
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  route(to_notes("/api/fixed"));
  EXPECT_EQ(last_status, BP_E_EXISTS);
  const auto all = list();
  ASSERT_EQ(all.routes.size(), 2U);
  EXPECT_TRUE(all.routes[0]->configured);
  EXPECT_EQ(all.routes[0]->call, "f/1.Get");
  EXPECT_EQ(all.routes[0]->owner, "");
  EXPECT_TRUE(all.routes[0]->served);
  EXPECT_EQ(all.routes[1]->method, "GET");
  EXPECT_EQ(all.routes[1]->path, "/api/notes/{number}");
  EXPECT_EQ(all.routes[1]->call, "bp.notes/1.Get");
  EXPECT_EQ(all.routes[1]->owner, "worker");
  EXPECT_EQ(all.routes[1]->timeout_ms, call_timeout_ms_default);
  unroute("/api/notes/{id}", "");  // the operator
  EXPECT_EQ(last_status, BP_OK) << last_error;
  unroute("/api/notes/{id}");
  EXPECT_EQ(last_status, BP_E_NOT_FOUND);
  ASSERT_TRUE(host->stop());
}

TEST_F(HttpServiceTest, RefusesWhatMakesNoSense) {
  start_routed(R"("limits":{"http_routes":1})");
  const auto refused = [&](auto change, std::string_view field) {
    auto request = to_notes();
    change(request);
    route(request);
    EXPECT_EQ(last_status, BP_E_INVALID) << last_error;
    EXPECT_NE(last_error.find(field), std::string::npos) << last_error;
  };
  refused([](auto& request) { request.method = "get"; }, "'method'");
  refused([](auto& request) { request.method = "OPTIONS"; }, "'method'");
  refused([](auto& request) { request.path = ""; }, "'path'");
  refused([](auto& request) { request.path = "/api/{a}/{a}"; }, "'path'");
  refused([](auto& request) { request.path = "/api/../x"; }, "'path'");
  refused([](auto& request) { request.call = "bp.notes"; }, "'call'");
  refused([](auto& request) { request.query = {"a b"}; }, "'query'");
  refused([](auto& request) { request.query.resize(query_parameters_max + 1); }, "'query'");
  refused([](auto& request) { request.timeout_ms = call_timeout_ms_max + 1; }, "'timeout_ms'");
  route(to_notes());
  ASSERT_EQ(last_status, BP_OK) << last_error;
  route(to_notes("/api/more"));
  EXPECT_EQ(last_status, BP_E_BUSY);
  unroute("no path");
  EXPECT_EQ(last_status, BP_E_INVALID);
  ASSERT_TRUE(host->stop());
}

TEST_F(HttpServiceTest, RoutesNothingUnlessItIsAllowed) {
  start();
  route(to_notes());
  EXPECT_EQ(last_status, BP_E_PERMISSION);
  EXPECT_NE(last_error.find("http_paths"), std::string::npos) << last_error;
  EXPECT_TRUE(list().routes.empty());
  EXPECT_EQ(host->open_watches(), 0U);
  ASSERT_TRUE(host->stop());
}

}  // namespace
}  // namespace transport_ws::edge
