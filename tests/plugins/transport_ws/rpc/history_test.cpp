// tests/plugins/transport_ws/rpc/history_test.cpp - bounds, and what can still be gone on from.
#include "rpc/history.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace transport_ws::rpc {
namespace {

frame::Frame of(std::size_t bytes) {
  return std::make_shared<const std::string>(bytes, 'x');
}

TEST(History, CoversWhatItHolds) {
  const HistorySettings settings{.messages_max = 3, .bytes_max = 1000, .linger_ms = 1};
  History history(settings);
  EXPECT_FALSE(history.coverage(1).whole);
  EXPECT_FALSE(history.coverage(1).missed);  // nothing has come: nobody can tell
  for (std::uint64_t seq = 5; seq <= 9; ++seq) {
    history.add(seq, of(10));
  }
  EXPECT_EQ(history.last(), 9U);
  EXPECT_EQ(history.bytes(), 30U);
  EXPECT_TRUE(history.coverage(7).whole);
  EXPECT_TRUE(history.coverage(10).whole);  // the next one
  EXPECT_FALSE(history.coverage(5).whole);
  EXPECT_EQ(history.coverage(5).missed, 2U);
  EXPECT_FALSE(history.coverage(11).missed);  // from another time
  EXPECT_EQ(history.at(5)->seq, 7U);
  EXPECT_EQ(history.at(8)->seq, 8U);
  EXPECT_EQ(history.at(10), nullptr);
}

TEST(History, IsBoundedInBytes) {
  const HistorySettings settings{.messages_max = 100, .bytes_max = 25, .linger_ms = 1};
  History history(settings);
  history.add(1, of(10));
  history.add(2, of(10));
  history.add(3, of(10));
  EXPECT_EQ(history.bytes(), 20U);
  EXPECT_EQ(history.coverage(1).missed, 1U);
  history.add(4, of(26));
  EXPECT_EQ(history.bytes(), 0U);
  EXPECT_EQ(history.coverage(4).missed, 1U);
  EXPECT_TRUE(history.coverage(5).whole);
}

TEST(History, KeepsNothingWhenItIsOff) {
  const HistorySettings settings{.messages_max = 0, .bytes_max = 25, .linger_ms = 1};
  History history(settings);
  history.add(1, of(10));
  history.add(2, of(10));
  EXPECT_EQ(history.bytes(), 0U);
  EXPECT_EQ(history.last(), 2U);
  EXPECT_EQ(history.coverage(2).missed, 1U);
  EXPECT_TRUE(history.coverage(3).whole);
}

TEST(History, IsCutWhereTheBusLostMessages) {
  const HistorySettings settings;
  History history(settings);
  history.add(1, of(10));
  history.cut();
  EXPECT_FALSE(history.coverage(1).whole);
  history.add(5, of(10));
  EXPECT_FALSE(history.coverage(2).whole);
  EXPECT_EQ(history.coverage(2).missed, 3U);
  EXPECT_TRUE(history.coverage(5).whole);
}

}  // namespace
}  // namespace transport_ws::rpc
