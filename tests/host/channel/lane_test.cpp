// tests/host/channel/lane_test.cpp - records, segments, who holds them and when they go.
#include "host/channel/lane.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

#include "host/message/pool.hpp"

namespace host::channel {
namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

void write(Lane& lane, std::string_view text) {
  if (lane.room(text.size()) == nullptr) {
    lane.extend(text.size());
  }
  std::byte* room = lane.room(text.size());
  ASSERT_NE(room, nullptr);
  std::memcpy(room, text.data(), text.size());
  lane.commit(0, static_cast<std::uint32_t>(text.size()));
}

std::string_view text_of(const Record& record) {
  return {reinterpret_cast<const char*>(record.payload()), record.size};
}

// The next record's text; moves past it.
std::string next_of(Lane& lane, Cursor& cursor) {
  const Record* record = lane.peek(cursor);
  if (record == nullptr) {
    return "nothing";
  }
  std::string text(text_of(*record));
  cursor.seq = record->seq + 1;
  cursor.at += record->extent();
  return text;
}

std::unique_ptr<Letter> letter_of(message::Pool& pool, std::size_t bytes, std::uint32_t readers) {
  auto letter = std::make_unique<Letter>();
  const std::string text(bytes, 'x');
  letter->envelope.message = message::copy_of(pool, std::as_bytes(std::span(text)));
  letter->bytes = bytes;
  letter->readers = readers;
  return letter;
}

TEST(Lane, PayloadsAreAlignedAndComeBackAsTheyWereWritten) {
  Lane lane(0);
  lane.set_limit(no_limit);
  Cursor cursor = lane.oldest();
  for (std::size_t size = 0; size < 700; size += 7) {
    for (std::size_t offset = 0; offset <= size; offset += payload_alignment_bytes) {
      if (lane.room(size) == nullptr) {
        lane.extend(size);
      }
      std::byte* room = lane.room(size);
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(room) % payload_alignment_bytes, 0U);
      std::memset(room, static_cast<int>(size % 251), size);
      const std::uint64_t seq = lane.seq();
      lane.commit(static_cast<std::uint16_t>(offset / payload_alignment_bytes),
                  static_cast<std::uint32_t>(size - offset));
      const Record* record = lane.peek(cursor);
      ASSERT_NE(record, nullptr);
      EXPECT_EQ(record->seq, seq);
      ASSERT_EQ(record->size, size - offset);
      EXPECT_EQ(record->payload(), room + offset);
      EXPECT_EQ(text_of(*record), std::string(size - offset, static_cast<char>(size % 251)));
      cursor.at += record->extent();
      EXPECT_EQ(lane.peek(cursor), nullptr);
    }
  }
  lane.leave(cursor);
}

TEST(Lane, IsSmallAtFirstAndGrowsToTheUsualSize) {
  Lane lane(0);
  lane.set_limit(no_limit);
  EXPECT_EQ(lane.segment_bytes(), segment_bytes_min);
  const Cursor keeper = lane.oldest();
  std::size_t before = lane.segment_bytes();
  std::size_t grown = 0;
  for (int i = 0; i < 10'000; ++i) {
    write(lane, "thirty-two bytes, or nearly so..");
    if (lane.segment_bytes() != before) {
      grown = lane.segment_bytes() - before;
      EXPECT_LE(grown, segment_bytes_usual);
      before = lane.segment_bytes();
    }
  }
  EXPECT_EQ(grown, segment_bytes_usual);
  lane.leave(keeper);
}

TEST(Lane, ASegmentHasRoomForManyLargeRecords) {
  Lane lane(0);
  lane.set_limit(no_limit);
  const std::string large(record_payload_bytes_max, 'l');
  write(lane, large);
  const std::size_t before = lane.segment_bytes();
  for (std::size_t i = 1; i < records_per_segment; ++i) {
    write(lane, large);
  }
  EXPECT_EQ(lane.segment_bytes(), before);
}

TEST(Lane, MemoryStaysFlatOverAMillionMessagesThatAreRead) {
  Lane lane(0);
  lane.set_limit(no_limit);
  Cursor cursor = lane.oldest();
  std::size_t most = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    write(lane, "0123456789");
    if (i % 64 == 63) {
      while (const Record* record = lane.peek(cursor)) {
        cursor.at += record->extent();
      }
      most = std::max(most, lane.segment_bytes());
    }
  }
  EXPECT_LE(most, 3 * segment_bytes_usual);
  lane.leave(cursor);
}

TEST(Lane, MemoryStaysFlatOverAMillionMessagesThatNobodyReads) {
  Lane lane(100);
  lane.set_limit(no_limit);
  const Cursor cursor = lane.oldest();
  std::size_t most = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    write(lane, "0123456789");
    most = std::max(most, lane.segment_bytes());
  }
  EXPECT_LE(most, 4 * segment_bytes_usual);
  lane.leave(cursor);
}

TEST(Lane, WhatIsSetAsideIsNeitherReadNorOverwritten) {
  Lane lane(0);
  lane.set_limit(no_limit);
  Cursor cursor = lane.oldest();
  write(lane, "first");
  std::byte* room = lane.room(100);
  std::memset(room, 'a', 100);
  Segment* aside = lane.set_aside();
  for (int i = 0; i < 1'000; ++i) {
    write(lane, "later");
  }
  EXPECT_EQ(next_of(lane, cursor), "first");
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(next_of(lane, cursor), "later");
  }
  EXPECT_EQ(next_of(lane, cursor), "nothing");
  EXPECT_EQ((std::string_view{reinterpret_cast<const char*>(room), 100}), std::string(100, 'a'));
  const std::size_t before = lane.segment_bytes();
  lane.release(aside);
  EXPECT_LT(lane.segment_bytes(), before);
  lane.leave(cursor);
}

TEST(Lane, AReaderOfAnEvictedSegmentReadsItToItsEndThenGoesOnWithWhatIsLeft) {
  Lane lane(4);
  lane.set_limit(no_limit);
  Cursor cursor = lane.oldest();
  constexpr std::uint64_t sent = 5'000;
  for (std::uint64_t i = 0; i < sent; ++i) {
    write(lane, "0123456789");
  }
  std::uint64_t seen = 0;
  std::uint64_t missed = 0;
  std::uint64_t gaps = 0;
  while (const Record* record = lane.peek(cursor)) {
    ASSERT_GE(record->seq, cursor.seq);
    missed += record->seq - cursor.seq;
    gaps += record->seq == cursor.seq ? 0 : 1;
    ++seen;
    cursor.seq = record->seq + 1;
    cursor.at += record->extent();
  }
  EXPECT_EQ(seen + missed, sent);
  EXPECT_EQ(gaps, 1U);
  EXPECT_EQ(cursor.seq, sent + 1);
  lane.leave(cursor);
}

TEST(Lane, WhoStandsInAnEvictedSegmentLosesNoMoreThanTheOldest) {
  constexpr std::uint64_t kept = 500;  // several segments
  Lane lane(kept);
  lane.set_limit(no_limit);
  Cursor cursor = lane.oldest();
  constexpr std::uint64_t sent = 5'000;
  for (std::uint64_t i = 0; i < sent; ++i) {
    write(lane, std::string(200, 'x'));
    if (i % 700 == 0) {
      lane.leave(lane.latest());  // others come and go
    }
  }
  std::uint64_t latest = 0;
  while (const Record* record = lane.peek(cursor)) {
    latest += record->seq > sent - kept ? 1 : 0;
    cursor.at += record->extent();
  }
  EXPECT_EQ(latest, kept);
  lane.leave(cursor);
}

TEST(Lane, EvictsItsOldestSegmentEvenWhenItIsTheOnlyOne) {
  Lane lane(1'000);
  lane.set_limit(no_limit);
  Cursor cursor = lane.oldest();
  write(lane, "a");
  lane.evict();
  write(lane, "b");
  EXPECT_EQ(next_of(lane, cursor), "a");  // it stands there
  EXPECT_EQ(next_of(lane, cursor), "b");
  Cursor late = lane.oldest();
  EXPECT_EQ(next_of(lane, late), "b");
  lane.leave(cursor);
  lane.leave(late);
}

TEST(Lane, IsHeldByWhoeverHoldsAnEvictedSegment) {
  Lane lane(4);
  lane.set_limit(no_limit);
  const Cursor cursor = lane.oldest();
  for (int i = 0; i < 1'000; ++i) {
    write(lane, "0123456789");
  }
  lane.close();
  EXPECT_FALSE(lane.unheld());
  lane.leave(cursor);
  EXPECT_TRUE(lane.unheld());
}

TEST(Lane, ALetterIsEmptiedByItsLastReader) {
  message::Pool pool;
  Lane lane(16);
  lane.set_limit(no_limit);
  Cursor one = lane.oldest();
  Cursor two = lane.oldest();
  lane.append(letter_of(pool, 5'000, 2));
  EXPECT_EQ(lane.letter_bytes(), 5'000U);
  lane.pass(*lane.peek(one)->the_letter());
  EXPECT_GT(pool.bytes_in_use(), 0U);
  lane.pass(*lane.peek(two)->the_letter());
  EXPECT_EQ(pool.bytes_in_use(), 0U);
  EXPECT_EQ(lane.letter_bytes(), 0U);
  lane.leave(one);
  lane.leave(two);
}

TEST(Lane, LettersGoWithTheirSegment) {
  message::Pool pool;
  Lane lane(2);
  lane.set_limit(no_limit);
  Cursor cursor = lane.oldest();
  for (int i = 0; i < 100; ++i) {
    lane.append(letter_of(pool, letter_bytes_per_segment, 1));
  }
  // The reader's own segment, and the latest two or three.
  EXPECT_LE(lane.letter_bytes(), 4 * letter_bytes_per_segment);
  EXPECT_LE(pool.bytes_in_use(), 8 * letter_bytes_per_segment);
  lane.leave(cursor);
}

TEST(Lane, CountsWhatIsPassedOverWithoutARecord) {
  Lane lane(16);
  lane.set_limit(no_limit);
  lane.pass_over(1);
  lane.pass_over(1);
  Cursor cursor = lane.latest();
  EXPECT_EQ(cursor.seq, 3U);
  write(lane, "c");
  EXPECT_EQ(lane.peek(cursor)->seq, 3U);
  lane.leave(cursor);
}

bp_buf span_of(std::string& text) {
  return {text.data(), text.size(), text.size(), 0};
}

TEST(Lane, CopiesManyAtOnceUntilOneHasNoRoomOrNoCredit) {
  Lane lane(0);
  lane.set_limit(5);
  Cursor cursor = lane.oldest();
  std::array<std::string, 5> texts{"1", "", "sixteen letters.", "4", "no credit"};
  std::array<bp_buf, 5> messages{};
  std::ranges::transform(texts, messages.begin(), span_of);
  EXPECT_EQ(lane.copy_in(messages.data(), 5, 100), 4U);
  EXPECT_EQ(lane.seq(), 5U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(next_of(lane, cursor), texts[i]);
  }
  EXPECT_EQ(next_of(lane, cursor), "nothing");
  lane.set_limit(no_limit);
  std::string large(segment_bytes_min, 'x');
  const bp_buf too_large_here = span_of(large);
  EXPECT_EQ(lane.copy_in(&too_large_here, 1, no_limit), 0U);
  lane.extend(large.size());
  EXPECT_EQ(lane.copy_in(&too_large_here, 1, no_limit), 1U);
  EXPECT_EQ(next_of(lane, cursor), large);
  lane.release(cursor.segment);
}

TEST(Lane, CopiesNeitherWhatIsLeasedNorWhatIsTooLarge) {
  Lane lane(0);
  lane.set_limit(no_limit);
  std::array<std::string, 3> texts{"1", "leased", "3"};
  std::array<bp_buf, 3> messages{};
  std::ranges::transform(texts, messages.begin(), span_of);
  messages[1].lease = 7;
  EXPECT_EQ(lane.copy_in(messages.data(), 3, 100), 1U);
  EXPECT_EQ(lane.copy_in(messages.data() + 1, 2, 100), 0U);
  messages[2].size = ~std::uint64_t{0};
  EXPECT_EQ(lane.copy_in(messages.data() + 2, 1, 100), 0U);
  EXPECT_EQ(lane.seq(), 2U);
}

TEST(Lane, NoRoomWithoutCredit) {
  Lane lane(0);
  EXPECT_EQ(lane.room(1), nullptr);
  lane.set_limit(3);
  write(lane, "1");
  write(lane, "2");
  EXPECT_FALSE(lane.credit());
  EXPECT_EQ(lane.room(1), nullptr);
  lane.set_limit(4);
  EXPECT_NE(lane.room(1), nullptr);
}

TEST(Lane, WhoComesWhileTheWriterWritesStandsAtARecordsEdge) {
  Lane lane(200);
  lane.set_limit(no_limit);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    std::uint64_t i = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      write(lane, std::string_view("0123456789abcdefghijklmnopqrstuvwxyz").substr(0, i++ % 36));
    }
  });
  for (int i = 0; i < 300; ++i) {
    Cursor cursor = lane.latest();
    const Record* record = lane.peek(cursor);
    while (record == nullptr) {
      std::this_thread::yield();
      record = lane.peek(cursor);
    }
    // It may have been evicted meanwhile: then the record is a later one.
    ASSERT_GE(record->seq, cursor.seq);
    ASSERT_EQ(text_of(*record),
              std::string_view("0123456789abcdefghijklmnopqrstuvwxyz").substr(0, record->size));
    ASSERT_EQ(record->size, (record->seq - 1) % 36);
    lane.leave(cursor);
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace host::channel
