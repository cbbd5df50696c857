// tests/plugins/storage_sqlite/kv/outbox_test.cpp - messages wait in their order until they are
// forgotten.
#include "kv/outbox.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kv/tables.hpp"

namespace storage_sqlite::kv {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;

class KvOutboxTest : public TablesTest {
 protected:
  KvOutboxTest() : TablesTest({.wall_ms = 77}) {}

  bp::result<std::int64_t> send(const std::string& channel, const std::string& json) {
    return publish(connection_, "mine", channel, json, turn_);
  }

  std::vector<std::string> waiting(const std::string& channel, std::uint32_t messages_max = 100,
                                   std::size_t bytes_max = 1'000) {
    std::vector<std::string> all;
    for (const Message& message :
         must(waiting_messages(connection_, channel, messages_max, bytes_max))) {
      all.push_back(message.json);
    }
    return all;
  }
};

using Texts = std::vector<std::string>;

TEST_F(KvOutboxTest, KeepsTheOrderOfEachChannel) {
  const std::int64_t first = must(send("a", "1"));
  must(send("b", "2"));
  const std::int64_t third = must(send("a", "3"));
  EXPECT_GT(third, first);
  EXPECT_EQ(waiting("a"), (Texts{"1", "3"}));
  EXPECT_EQ(waiting("a", 1), (Texts{"1"}));
  EXPECT_EQ(waiting("a", 100, 1), (Texts{"1"})) << "one at least, however long";
  EXPECT_EQ(must(waiting_channels(connection_)), (Texts{"a", "b"}));
  const Message message = must(waiting_messages(connection_, "a", 1, 1)).at(0);
  EXPECT_EQ(message.id, first);
  EXPECT_EQ(message.space, "mine");
  EXPECT_EQ(message.time_ms, 77);
}

TEST_F(KvOutboxTest, ForgetsWhatWasTakenAndNeverReusesAnId) {
  const std::int64_t first = must(send("a", "1"));
  const std::int64_t second = must(send("a", "2"));
  must(forget_messages(connection_, "a", {first, second, second, 99}));
  EXPECT_EQ(waiting("a"), Texts{});
  EXPECT_EQ(must(waiting_channels(connection_)), Texts{});
  EXPECT_GT(must(send("a", "3")), second);
  EXPECT_EQ(must(waiting_channels(connection_)), Texts{"a"});
}

TEST_F(KvOutboxTest, IsBoundedByChannel) {
  turn_.outbox_messages_max = 2;
  const std::int64_t first = must(send("a", "1"));
  must(send("a", "2"));
  EXPECT_TRUE(fails_with(send("a", "3"), BP_E_FULL, "OUTBOX_FULL: 2 messages wait"));
  EXPECT_TRUE(send("b", "3")) << "another channel has room";
  must(forget_messages(connection_, "a", {first}));
  EXPECT_TRUE(send("a", "3"));
}

TEST_F(KvOutboxTest, KnowsALimitedNumberOfChannels) {
  for (std::int64_t number = 0; number < outbox_channels_max; ++number) {
    must(send("channel-" + std::to_string(number), "1"));
  }
  EXPECT_TRUE(fails_with(send("one-more", "1"), BP_E_RANGE, "LIMIT: the outbox has sent to 256"));
  EXPECT_TRUE(send("channel-7", "1"));
}

TEST_F(KvOutboxTest, RefusesBadNamesAndBadJson) {
  for (const std::string& channel : {std::string(), std::string("a/b"), std::string("\xC3\xA4"),
                                     std::string(channel_bytes_max + 1, 'c')}) {
    EXPECT_TRUE(fails_with(send(channel, "1"), BP_E_INVALID, "`channel`")) << channel;
  }
  EXPECT_TRUE(fails_with(send("a", "{"), BP_E_INVALID, "no JSON"));
  EXPECT_TRUE(fails_with(send("a", ""), BP_E_INVALID, "no JSON"));
  EXPECT_TRUE(fails_with(send("a", '"' + std::string(message_bytes_max, 'x') + '"'), BP_E_TOO_LARGE,
                         "`message`"));
  EXPECT_TRUE(send(std::string(channel_bytes_max, 'c'), R"({"any":["json"]})"));
}

}  // namespace
}  // namespace storage_sqlite::kv
