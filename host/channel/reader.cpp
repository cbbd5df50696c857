// host/channel/reader.cpp - what a reader tells about its places.
#include "host/channel/reader.hpp"

#include <algorithm>

namespace host::channel {

Reader::~Reader() {
  for (const Cursor& cursor : cursors_) {
    cursor.lane->release(cursor.segment);
  }
}

void Reader::add(const Cursor& cursor) {
  const std::lock_guard lock(mutex_);
  if (sole_) {
    cursor.lane->set_limit(cursor.seq + capacity_);
  }
  cursors_.push_back(cursor);
}

bool Reader::drained(const Cursor& cursor) noexcept {
  return cursor.at >= (cursor.segment->committed.load(std::memory_order_acquire));
}

Cursor* Reader::cursor_of(const Lane& lane) noexcept {
  const auto found = std::ranges::find(cursors_, &lane, &Cursor::lane);
  return found == cursors_.end() ? nullptr : &*found;
}

void Reader::leave_drained() {
  const std::lock_guard lock(mutex_);
  std::erase_if(cursors_, [](Cursor& cursor) {
    Lane& lane = *cursor.lane;
    if (!lane.closed() || lane.peek(cursor) != nullptr || !drained(cursor)) {
      return false;
    }
    lane.release(cursor.segment);
    return true;
  });
}

bool Reader::something_waits() {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(cursors_, &Lane::something_at);
}

std::uint64_t Reader::position(Lane& lane) {
  const std::lock_guard lock(mutex_);
  Cursor* cursor = cursor_of(lane);
  // What is gone unread (evicted, skipped) counts as missed only when a later record shows it.
  return cursor == nullptr || lane.peek(*cursor) == nullptr ? lane.seq() : cursor->seq;
}

bool Reader::drop_oldest(Lane& lane, Envelope& dropped) {
  const std::lock_guard lock(mutex_);
  Cursor* cursor = cursor_of(lane);
  const Record* record = cursor == nullptr ? nullptr : lane.peek(*cursor);
  if (record == nullptr) {
    return false;
  }
  if (record->letter != 0) {
    dropped = std::move(record->the_letter()->envelope);
    lane.taken(*record->the_letter());
  }
  cursor->at += record->extent();
  cursor->seq = record->seq + 1;
  lane.set_limit(cursor->seq + capacity_);
  return true;
}

std::uint64_t Reader::depth() {
  const std::lock_guard lock(mutex_);
  std::uint64_t depth = 0;
  for (const Cursor& cursor : cursors_) {
    const std::uint64_t written = cursor.lane->seq();
    const std::uint64_t behind = written > cursor.seq ? written - cursor.seq : 0;
    depth += sole_ ? behind : std::min(behind, capacity_);
  }
  return depth;
}

}  // namespace host::channel
