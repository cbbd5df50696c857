// tests/host/manifest/channel_keys_test.cpp - overrides of channels.
#include <gtest/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace {

using namespace host::manifest;
using namespace std::chrono_literals;
using test::read_with;
using test::told;

TEST(ChannelKeys, AreRead) {
  const Reading reading = read_with(
      R"("channels":{"events":{"capacity":16,"on_full":"drop-oldest","block_timeout":"1s",
         "delivery":"queued","max_bytes":"1MiB","dead_letter":"dead","retry":3,
         "groups":["","audit"]},"Dead.1":{}})");
  ASSERT_TRUE(reading.manifest) << told(reading);
  const Channel& channel = reading.manifest->channels.at(0);
  EXPECT_EQ(channel.name, "events");
  EXPECT_EQ(channel.capacity, 16U);
  EXPECT_EQ(channel.on_full, OnFull::DropOldest);
  EXPECT_EQ(channel.block_timeout, 1s);
  EXPECT_EQ(channel.delivery, Delivery::Queued);
  EXPECT_EQ(channel.max_bytes, 1'048'576U);
  EXPECT_EQ(channel.dead_letter, "dead");
  EXPECT_EQ(channel.retry, 3U);
  EXPECT_EQ(channel.groups, (std::vector<std::string>{"", "audit"}));
  Channel untouched;
  untouched.name = "Dead.1";
  EXPECT_EQ(reading.manifest->channels.at(1), untouched);
}

TEST(ChannelKeys, RefuseVolatileWhichWouldDoNothing) {
  const Reading reading = read_with(R"("channels":{"a":{"delivery":"volatile"}})");
  EXPECT_FALSE(reading.manifest);
  EXPECT_NE(told(reading).find("/channels/a/delivery: not in this build: volatile channels"),
            std::string::npos);
}

TEST(ChannelKeys, RefuseWhatIsNotInThisBuildAndBadValues) {
  const Reading reading = read_with(
      R"("channels":{"a":{"delivery":"durable","on_full":"drop","groups":["x y"]},
         "b b":{"capacity":2000000}})");
  const std::string problems = told(reading);
  EXPECT_NE(problems.find("/channels/a/delivery: not in this build: durable channels"),
            std::string::npos);
  EXPECT_NE(problems.find("/channels/a/on_full: unknown value \"drop\""), std::string::npos);
  EXPECT_NE(problems.find("\"b b\" is not a channel name"), std::string::npos);
  EXPECT_NE(problems.find("from 1 to 1048576"), std::string::npos);
  EXPECT_NE(problems.find("/channels/a/groups/0"), std::string::npos);
  EXPECT_EQ(reading.problems.size(), 5U);
}

}  // namespace
