// tests/plugins/transport_ws/rest/path_list_test.cpp - what plugins may route, and what they may
// not.
#include "rest/path_list.hpp"

#include <string>

#include <gtest/gtest.h>

namespace transport_ws::rest {
namespace {

TEST(PathList, AllowsPathsAndTrees) {
  const auto list = PathList::parse({"/api/*", "/status"});
  ASSERT_TRUE(list) << list.error().text();
  EXPECT_TRUE(list->allows("/api/a"));
  EXPECT_TRUE(list->allows("/api/{id}/{part:number}"));
  EXPECT_TRUE(list->allows("/status"));
  for (const auto* path :
       {"/", "/api", "/api/", "/apis", "/{any}", "/{any}/a", "/status/", "/statu", "/status/a",
        "/API/a", "/api/../admin", "/api/.", "/api/a/.."}) {
    EXPECT_FALSE(list->allows(path)) << path;
  }
  EXPECT_TRUE(PathList::parse({"/*"})->allows("/{any}"));
  EXPECT_FALSE(PathList().allows("/a"));
}

TEST(PathList, TakesOnlyWhatCanBeReadOffIt) {
  for (const auto* entry : {"", "*", "api/*", "/a*", "/*/a", "/a/*/b", "/a/**", "/{id}", "/a?b",
                            "/a#b", "/%61", "/a b", "/a/../*", "/./a", "/\x80"}) {
    const auto refused = PathList::parse({"/ok", entry});
    ASSERT_FALSE(refused) << entry;
    EXPECT_EQ(refused.error().code(), BP_E_CONFIG);
    EXPECT_NE(refused.error().text().find("'" + std::string(entry) + "'"), std::string::npos);
  }
  EXPECT_FALSE(PathList::parse({"/" + std::string(2'000, 'a')}));
}

}  // namespace
}  // namespace transport_ws::rest
