// tests/host/manifest/suggest_test.cpp - the closest known word, and when there is none.
#include "host/manifest/suggest.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace host::manifest;

const std::vector<std::string> words{"plugins", "channels", "host", "log"};

TEST(Suggest, CountsEdits) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("hsot", "host"), 1U);
  EXPECT_EQ(edit_distance("same", "same"), 0U);
}

TEST(Suggest, FindsWhatWasMeant) {
  EXPECT_EQ(closest("plugin", words), "plugins");
  EXPECT_EQ(closest("hsot", words), "host");
  EXPECT_EQ(closest("chanels", words), "channels");
}

TEST(Suggest, GuessesNothingFarFetched) {
  EXPECT_EQ(closest("wires", words), "");
  EXPECT_EQ(closest(std::string(100'000, 'h'), words), "");
}

TEST(Suggest, ListsTheKnownWordsOtherwise) {
  EXPECT_EQ(did_you_mean("lgo", words), "; did you mean \"log\"?");
  EXPECT_EQ(did_you_mean("zzzz", words), R"(; known: "plugins", "channels", "host", "log")");
  EXPECT_EQ(did_you_mean("x", {}), "");
}

}  // namespace
