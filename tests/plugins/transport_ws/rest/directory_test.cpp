// tests/plugins/transport_ws/rest/directory_test.cpp - routes of plugins: whose, where to, and what
// they cannot take.
#include "rest/directory.hpp"

#include <string>

#include <gtest/gtest.h>

namespace transport_ws::rest {
namespace {

Endpoint endpoint(const std::string& verb, const std::string& path,
                  const std::string& service = "notes/1") {
  return {verb, *Pattern::parse(path), {}, service, "Get", 1};
}

class DirectoryTest : public ::testing::Test {
 protected:
  DirectoryTest() { directory.set_provider("notes/1", "worker"); }

  /// BP_OK, or why not.
  bp_status add(const std::string& verb, const std::string& path,
                const std::string& owner = "worker", const std::string& service = "notes/1") {
    const auto added = directory.add(endpoint(verb, path, service), owner);
    last_error = added ? std::string() : added.error().text();
    return added ? BP_OK : added.error().code();
  }

  bp_status remove(const std::string& verb, const std::string& path, const std::string& caller) {
    const auto removed = directory.remove(verb, *Pattern::parse(path), caller);
    return removed ? BP_OK : removed.error().code();
  }

  SharedEndpoint found(const std::string& verb, const std::string& path) const {
    return directory.table().find(verb, path).endpoint;
  }

  bool served(const std::string& path) const { return found("GET", path)->served->load(); }

  const Table configured{
      {endpoint("GET", "/api/fixed", "fixed/1"), endpoint("GET", "/api/fixed/{id}", "fixed/1")}};
  Directory directory{configured, "/healthz", "ws", {*PathList::parse({"/api/*", "/healthz"}), 3}};
  std::string last_error;
};

TEST_F(DirectoryTest, RoutesToServicesOfTheOwner) {
  EXPECT_EQ(add("GET", "/api/notes/{id}"), BP_OK) << last_error;
  EXPECT_EQ(found("GET", "/api/notes/7")->service, "notes/1");
  EXPECT_TRUE(served("/api/notes/7"));
  EXPECT_EQ(add("GET", "/api/stolen", "thief"), BP_E_PERMISSION);
  EXPECT_NE(last_error.find("provided by instance 'worker'"), std::string::npos) << last_error;
  EXPECT_EQ(add("GET", "/api/own", "ws"), BP_E_PERMISSION);  // a client of our gateway
  EXPECT_EQ(add("GET", "/elsewhere"), BP_E_PERMISSION);
  EXPECT_NE(last_error.find("http_paths"), std::string::npos) << last_error;
  EXPECT_EQ(add("GET", "/api/any", ""), BP_OK);  // the operator
  EXPECT_TRUE(served("/api/any"));
  EXPECT_EQ(directory.made(), 2U);
}

TEST_F(DirectoryTest, ServesOnlyWhileTheOwnerProvides) {
  EXPECT_EQ(add("GET", "/api/later", "late", "late/1"), BP_OK);  // it may come
  EXPECT_FALSE(served("/api/later"));
  directory.set_provider("late/1", "late");
  EXPECT_TRUE(served("/api/later"));
  EXPECT_EQ(add("GET", "/api/any", "", "late/1"), BP_OK);
  directory.set_provider("late/1", "");
  EXPECT_FALSE(served("/api/later"));
  EXPECT_FALSE(served("/api/any"));
  directory.set_provider("late/1", "somebody");  // whose it never was
  EXPECT_FALSE(served("/api/later"));
  EXPECT_TRUE(served("/api/any"));
  directory.set_provider("late/1", "late");
  EXPECT_TRUE(served("/api/later"));
}

TEST_F(DirectoryTest, TakesNothingFromOthers) {
  EXPECT_EQ(add("GET", "/api/fixed"), BP_E_EXISTS);
  EXPECT_NE(last_error.find("the configuration"), std::string::npos) << last_error;
  EXPECT_EQ(add("GET", "/api/fixed/{other}"), BP_E_EXISTS);
  EXPECT_EQ(add("GET", "/api/fixed/7"), BP_E_EXISTS);  // it would come before {id}
  EXPECT_EQ(add("GET", "/healthz"), BP_E_EXISTS);
  EXPECT_EQ(add("POST", "/healthz"), BP_E_EXISTS);
  EXPECT_EQ(add("POST", "/api/fixed"), BP_OK) << last_error;  // other requests
  EXPECT_EQ(add("GET", "/api/{a}/{b}"), BP_OK) << last_error;
  EXPECT_EQ(found("GET", "/api/fixed/7")->service, "fixed/1");
  EXPECT_EQ(found("GET", "/api/x/7")->service, "notes/1");
  EXPECT_EQ(add("GET", "/api/{c}/{d}", "other", "x/1"), BP_E_EXISTS);
  EXPECT_EQ(add("GET", "/api/x/7", "other", "x/1"), BP_E_EXISTS);
  EXPECT_NE(last_error.find("instance 'worker'"), std::string::npos) << last_error;
  EXPECT_EQ(add("GET", "/api/x/7", "", "x/1"), BP_E_EXISTS);
  EXPECT_EQ(add("GET", "/api/x/7"), BP_OK);  // from oneself
}

TEST_F(DirectoryTest, ReplacesWhatIsTheOwnersOwn) {
  ASSERT_EQ(add("GET", "/api/a/{id}"), BP_OK);
  const auto again = directory.add(endpoint("GET", "/api/a/{number}"), "worker");
  ASSERT_TRUE(again);
  EXPECT_TRUE(*again);
  EXPECT_EQ(directory.made(), 1U);
  EXPECT_EQ(found("GET", "/api/a/1")->pattern.text(), "/api/a/{number}");
  EXPECT_EQ(add("GET", "/api/b"), BP_OK);
  EXPECT_EQ(add("GET", "/api/c"), BP_OK);
  EXPECT_EQ(add("GET", "/api/d"), BP_E_BUSY);
  EXPECT_NE(last_error.find("limits.http_routes"), std::string::npos) << last_error;
  EXPECT_EQ(add("GET", "/api/c"), BP_OK);
}

TEST_F(DirectoryTest, GivesUpOnlyWhatIsTheCallers) {
  ASSERT_EQ(add("GET", "/api/a/{id}"), BP_OK);
  ASSERT_EQ(add("GET", "/api/b"), BP_OK);
  EXPECT_EQ(remove("GET", "/api/a/{id}", "other"), BP_E_PERMISSION);
  EXPECT_EQ(remove("POST", "/api/a/{id}", "worker"), BP_E_NOT_FOUND);
  EXPECT_EQ(remove("GET", "/api/fixed", "worker"), BP_E_PERMISSION);
  EXPECT_EQ(remove("GET", "/api/fixed", ""), BP_E_PERMISSION);
  EXPECT_EQ(remove("GET", "/api/a/{any}", "worker"), BP_OK);
  EXPECT_EQ(found("GET", "/api/a/1"), nullptr);
  EXPECT_EQ(remove("GET", "/api/b", ""), BP_OK);  // the operator
  EXPECT_EQ(remove("GET", "/api/b", "worker"), BP_E_NOT_FOUND);
}

TEST_F(DirectoryTest, ListsAllInTheirOrder) {
  ASSERT_EQ(add("POST", "/api/b"), BP_OK);
  ASSERT_EQ(add("GET", "/api/a", ""), BP_OK);
  const auto all = directory.list();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_TRUE(all[0].configured);
  EXPECT_TRUE(all[1].configured);
  EXPECT_EQ(all[1].endpoint->pattern.text(), "/api/fixed/{id}");
  EXPECT_EQ(all[1].owner, "");
  EXPECT_EQ(all[2].endpoint->verb, "POST");
  EXPECT_EQ(all[2].owner, "worker");
  EXPECT_FALSE(all[2].configured);
  EXPECT_EQ(all[3].owner, "");
  EXPECT_FALSE(all[3].configured);
}

}  // namespace
}  // namespace transport_ws::rest
