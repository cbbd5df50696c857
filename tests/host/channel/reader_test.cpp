// tests/host/channel/reader_test.cpp - one reader's places in many lanes.
#include "host/channel/reader.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace host::channel {
namespace {

constexpr std::uint64_t capacity = 64;

void write(Lane& lane, std::string_view text) {
  if (lane.room(text.size()) == nullptr) {
    lane.extend(text.size());
  }
  std::byte* room = lane.room(text.size());
  ASSERT_NE(room, nullptr);
  std::memcpy(room, text.data(), text.size());
  lane.commit(0, static_cast<std::uint32_t>(text.size()));
}

// What a publisher does behind its message.
bool call_if_asked(Reader& reader, Lane& lane) {
  if (!lane.wants_call() || !lane.take_call()) {
    return false;
  }
  reader.call(lane.number());
  return true;
}

void let_go(Batch& batch) {
  for (const Batch::Run& run : batch.runs) {
    run.segment->lane->release(run.segment);
  }
  batch.clear();
}

std::unique_ptr<Lane> lane_of(std::uint64_t kept, std::uint32_t number = 0) {
  auto lane = std::make_unique<Lane>(kept, number);
  lane->set_limit(std::numeric_limits<std::uint64_t>::max());
  return lane;
}

std::vector<std::string> read(Reader& reader, std::size_t count_max, bool lossy = false) {
  Batch batch;
  std::vector<std::string> texts;
  reader.read(count_max, lossy, batch, [&](const Glimpse& glimpse) {
    texts.emplace_back(reinterpret_cast<const char*>(glimpse.data), glimpse.size);
  });
  let_go(batch);
  return texts;
}

TEST(Reader, TakesTurnsAmongTheLanesThatHaveSomething) {
  std::vector<std::unique_ptr<Lane>> lanes;
  Reader reader(true, capacity);
  for (char name = 'a'; name < 'a' + 20; ++name) {
    lanes.push_back(lane_of(0, static_cast<std::uint32_t>(lanes.size())));
    reader.add(lanes.back()->oldest());
    for (int i = 0; i < 8; ++i) {
      write(*lanes.back(), std::string_view(&name, 1));
      call_if_asked(reader, *lanes.back());
    }
  }
  std::map<std::string, int> seen;
  for (int turn = 0; turn < 20; ++turn) {
    for (const std::string& text : read(reader, 4)) {
      ++seen[text];
    }
  }
  EXPECT_EQ(seen.size(), 20U);  // nobody waits for a second turn of another
  for (const auto& [name, count] : seen) {
    EXPECT_EQ(count, 4) << name;
  }
}

TEST(Reader, ParksALaneThatHasNothingUntilItsWriterCalls) {
  constexpr std::uint32_t many = 130;  // more than two words of bits
  std::vector<std::unique_ptr<Lane>> lanes;
  Reader reader(true, capacity);
  for (std::uint32_t number = 0; number < many; ++number) {
    lanes.push_back(lane_of(0, number));
    reader.add(lanes.back()->oldest());
  }
  for (std::uint32_t number = 0; number < many; ++number) {
    EXPECT_EQ(lanes[number]->wants_call(), number >= visited_always) << number;
  }
  for (const std::uint32_t number : {1U, 70U, 129U}) {
    Lane& lane = *lanes[number];
    write(lane, "first");
    EXPECT_EQ(call_if_asked(reader, lane), number >= visited_always);
    EXPECT_TRUE(reader.something_waits());
    EXPECT_EQ(read(reader, 8), (std::vector<std::string>{"first"}));
    EXPECT_FALSE(reader.something_waits());
    write(lane, "second");  // it is visited now
    EXPECT_FALSE(lane.wants_call());
    EXPECT_EQ(read(reader, 8), (std::vector<std::string>{"second"}));
  }
  const auto visited = [&] {
    return std::ranges::count_if(lanes, [](const auto& lane) { return !lane->wants_call(); });
  };
  EXPECT_EQ(visited(), visited_always + 2);
  for (std::uint32_t visit = 0; visit < visits_before_parking; ++visit) {
    EXPECT_TRUE(read(reader, 8).empty());
  }
  EXPECT_EQ(visited(), visited_always);
}

TEST(Reader, LooksOnceMoreBeforeItParks) {
  std::vector<std::unique_ptr<Lane>> lanes;
  Reader reader(true, capacity);
  for (std::uint32_t number = 0; number <= visited_always; ++number) {
    lanes.push_back(lane_of(0, number));
    write(*lanes.back(), "early");
    reader.add(lanes.back()->oldest());
  }
  EXPECT_EQ(read(reader, 8).size(), visited_always + 1);
}

TEST(Reader, ACallForALaneThatIsGoneIsHarmless) {
  const auto lane = lane_of(0, 3);
  Reader reader(true, capacity);
  reader.call(7);
  reader.add(lane->oldest());
  reader.call(2);
  reader.call(3);
  reader.call(70'000);
  write(*lane, "a");
  EXPECT_EQ(read(reader, 8), (std::vector<std::string>{"a"}));
}

TEST(Reader, LeavesAClosedLaneWhenNothingIsLeftInIt) {
  const auto lane = lane_of(0);
  Reader reader(true, capacity);
  reader.add(lane->oldest());
  write(*lane, "a");
  write(*lane, "b");
  lane->close();
  EXPECT_EQ(read(reader, 1), (std::vector<std::string>{"a"}));
  reader.leave_drained();
  EXPECT_FALSE(lane->unheld());
  EXPECT_EQ(read(reader, 1), (std::vector<std::string>{"b"}));
  EXPECT_TRUE(lane->unheld());
  EXPECT_FALSE(reader.something_waits());
  EXPECT_EQ(reader.position(*lane), lane->seq());
}

TEST(Reader, OfAQueueGivesTheWriterCreditForWhatItRead) {
  const auto lane = lane_of(0);
  Reader reader(true, 2);
  reader.add(lane->oldest());
  write(*lane, "a");
  write(*lane, "b");
  EXPECT_FALSE(lane->credit());
  EXPECT_EQ(read(reader, 1), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(lane->credit());
}

TEST(Reader, SkipsWhatIsTooFarBehindAndCountsIt) {
  const auto lane = lane_of(4);
  Reader reader(false, 4);
  reader.add(lane->oldest());
  constexpr std::uint64_t sent = 3'000;
  for (std::uint64_t i = 0; i < sent; ++i) {
    write(*lane, "0123456789");
  }
  Batch batch;
  std::uint64_t seen = 0;
  reader.read(100, true, batch, [&](const Glimpse& /*glimpse*/) { ++seen; });
  EXPECT_EQ(seen, 4U);
  EXPECT_EQ(batch.missed, sent - 4);
  let_go(batch);
}

TEST(Reader, AHangingBatchHoldsNothingButItsOwnSegments) {
  const auto lane = lane_of(0);
  Reader reader(true, capacity);
  reader.add(lane->oldest());
  write(*lane, "held");
  Batch hanging;
  reader.read(1, false, hanging, [](const Glimpse& /*glimpse*/) {});
  ASSERT_EQ(hanging.count, 1U);
  std::size_t most = 0;
  for (int i = 0; i < 100'000; ++i) {
    write(*lane, "0123456789");
    ASSERT_EQ(read(reader, 1).size(), 1U);
    most = std::max(most, lane->segment_bytes());
  }
  EXPECT_LE(most, 4 * segment_bytes_usual);
  let_go(hanging);
}

TEST(Reader, DropsTheOldestOfOneLaneOnly) {
  const auto one = lane_of(0);
  const auto two = lane_of(0, 1);
  Reader reader(true, capacity);
  reader.add(one->oldest());
  reader.add(two->oldest());
  write(*one, "a");
  write(*one, "b");
  write(*two, "c");
  Envelope dropped;
  EXPECT_TRUE(reader.drop_oldest(*one, dropped));
  EXPECT_EQ(reader.depth(), 2U);
  EXPECT_EQ(read(reader, 8), (std::vector<std::string>{"b", "c"}));
  EXPECT_FALSE(reader.drop_oldest(*one, dropped));
}

TEST(Reader, StandsAtTheEndWhenAllThatWasLeftWasSkipped) {
  const auto lane = lane_of(16);
  Reader reader(false, capacity);
  reader.add(lane->oldest());
  write(*lane, "a");
  write(*lane, "b");
  EXPECT_EQ(reader.position(*lane), 1U);
  reader.skip(*lane, 3, [](const Record& /*record*/) {});
  EXPECT_EQ(reader.position(*lane), lane->seq());
  write(*lane, "c");
  Batch batch;
  reader.read(8, true, batch, [](const Glimpse& /*glimpse*/) {});
  EXPECT_EQ(batch.count, 1U);
  EXPECT_EQ(batch.missed, 2U);
  let_go(batch);
}

TEST(Reader, LeavingItLooksAtEveryRecordThatWasNotRead) {
  const auto lane = lane_of(100);
  Reader reader(false, capacity);
  reader.add(lane->oldest());
  for (int i = 0; i < 50; ++i) {
    write(*lane, "a");
  }
  EXPECT_EQ(read(reader, 10).size(), 10U);
  int left = 0;
  reader.leave([&](const Record& /*record*/) { ++left; });
  EXPECT_EQ(left, 40);
  EXPECT_TRUE(lane->unheld());
  EXPECT_TRUE(read(reader, 10).empty());
}

}  // namespace
}  // namespace host::channel
