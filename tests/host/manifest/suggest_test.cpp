// tests/host/manifest/suggest_test.cpp - the closest known word, and when there is none.
#include "host/manifest/suggest.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace host::manifest;

const std::vector<std::string> words{"plugins", "channels", "host", "log"};

TEST(Suggest, ListsTheKnownWordsOtherwise) {
  EXPECT_EQ(did_you_mean("lgo", words), "; did you mean \"log\"?");
  EXPECT_EQ(did_you_mean("zzzz", words), R"(; known: "plugins", "channels", "host", "log")");
  EXPECT_EQ(did_you_mean("x", {}), "");
}

}  // namespace
