// tests/plugins/transport_ws/rest/table_test.cpp - which endpoint, and what it is asked.
#include "rest/table.hpp"

#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::rest {
namespace {

Endpoint endpoint(const std::string& verb, const std::string& path) {
  return {verb, *Pattern::parse(path), {{"limit", true}, {"q", false}}, "s/1", verb + path, 1};
}

const Table& table() {
  static const Table made({endpoint("GET", "/r/{id}"), endpoint("DELETE", "/r/{id}"),
                           endpoint("GET", "/r/all"), endpoint("POST", "/r")});
  return made;
}

std::string arguments(const std::string& verb, const std::string& target,
                      const std::string& body = {},
                      const std::string& type = "application/json; charset=utf-8",
                      const std::string& credentials = {}) {
  http::Request request;
  request.method = verb;
  request.target = target;
  request.body = body;
  request.fields.push_back({"content-type", type});
  const std::string_view path = std::string_view(target).substr(0, target.find('?'));
  const auto hit = table().find(verb, path);
  if (hit.endpoint == nullptr) {
    return "none";
  }
  const auto made = arguments_of(*hit.endpoint, hit.values, request, credentials);
  return made ? *made : std::to_string(made.error().status) + " " + made.error().reason;
}

TEST(Table, FindsByPathAndVerb) {
  EXPECT_EQ(table().find("GET", "/r/7").endpoint->method, "GET/r/{id}");
  EXPECT_EQ(table().find("HEAD", "/r/7").endpoint->method, "GET/r/{id}");
  EXPECT_EQ(table().find("GET", "/r/all").endpoint->method, "GET/r/all");  // the nearer one
  const auto other = table().find("PUT", "/r/7");
  EXPECT_EQ(other.endpoint, nullptr);
  EXPECT_EQ(other.verbs, (std::vector<std::string_view>{"GET", "DELETE"}));
  EXPECT_TRUE(table().find("GET", "/x").verbs.empty());
}

TEST(Table, IsMadeOfEndpointsThatOutliveIt) {
  SharedEndpoint kept;
  {
    const Table made = Table::of({table().endpoints()[3], table().endpoints()[0]});
    EXPECT_EQ(made.endpoints().size(), 2U);
    kept = made.find("GET", "/r/7").endpoint;
  }
  EXPECT_EQ(kept, table().endpoints()[0]);
}

TEST(Table, MakesTheRequestOfPathQueryAndBody) {
  EXPECT_EQ(arguments("GET", "/r/a%20b?limit=5&q=x+y%2B"), R"({"id":"a b","limit":5,"q":"x y+"})");
  EXPECT_EQ(arguments("GET", "/r/1?"), R"({"id":"1"})");
  EXPECT_EQ(arguments("GET", "/r/1?q"), R"({"id":"1","q":""})");
  EXPECT_EQ(arguments("POST", "/r?limit=1", R"({"data":{"a":[1]}})"),
            R"({"limit":1,"data":{"a":[1]}})");
  EXPECT_EQ(arguments("POST", "/r"), "{}");
}

TEST(Table, PassesNoCredentialsOn) {
  const auto without = [](const std::string& target) {
    return arguments("GET", target, {}, "application/json", "to ken");
  };
  EXPECT_EQ(without("/r/1?to+ken=secret&q=a"), R"({"id":"1","q":"a"})");
  EXPECT_EQ(without("/r/1?q=a&to%20ken"), R"({"id":"1","q":"a"})");
  EXPECT_TRUE(without("/r/1?token=secret").starts_with("400"));
  EXPECT_TRUE(arguments("GET", "/r/1?=secret").starts_with("400"));
}

TEST(Table, SaysWhatIsWrongWithARequest) {
  for (const auto& [target, body, status] :
       {std::tuple{"/r?limit=x", "", "400"}, std::tuple{"/r?unknown=1", "", "400"},
        std::tuple{"/r?limit=1&limit=2", "", "400"}, std::tuple{"/r?q=%zz", "", "400"},
        std::tuple{"/r?q=%ff", "", "400"}, std::tuple{"/r", "[1]", "400"},
        std::tuple{"/r", "{", "400"}, std::tuple{"/r?limit=1", R"({"limit":2})", "400"}}) {
    EXPECT_TRUE(arguments("POST", target, body).starts_with(status)) << target << " " << body;
  }
  EXPECT_TRUE(
      arguments("POST", "/r", "a=b", "application/x-www-form-urlencoded").starts_with("415"));
}

TEST(Table, KnowsTheStatusOfEveryCode) {
  EXPECT_EQ(status_of(BP_E_NOT_FOUND), 404U);
  EXPECT_EQ(status_of(BP_E_TIMEOUT), 504U);
  EXPECT_EQ(status_of(BP_E_PERMISSION), 403U);
  EXPECT_EQ(status_of(BP_E_PLUGIN_FIRST - 5), 500U);
}

}  // namespace
}  // namespace transport_ws::rest
