// host/channel/reader.cpp - which lanes a reader visits, and what it tells about its places.
#include "host/channel/reader.hpp"

#include <algorithm>
#include <bit>

namespace host::channel {

namespace {

constexpr std::size_t word_bits = 64;

}  // namespace

Reader::~Reader() {
  for (const std::unique_ptr<Place>& place : places_) {
    if (place) {
      place->cursor.lane->leave(place->cursor);
    }
  }
}

// ---- which lanes are visited

void Reader::make_room_for(std::uint32_t number) {
  if (number >= places_.size()) {
    places_.resize(number + 1);
  }
  if (number / word_bits < called_words_) {
    return;
  }
  const std::size_t words = std::bit_ceil(number / word_bits + 1);
  auto grown = std::make_unique<std::atomic<std::uint64_t>[]>(words);
  for (std::size_t i = 0; i < called_words_; ++i) {
    grown[i].store(called_[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  called_ = std::move(grown);
  called_words_ = words;
}

void Reader::add(const Cursor& cursor) {
  const std::lock_guard lock(mutex_);
  add_place(cursor);
}

void Reader::follow(Lane& lane) {
  const std::lock_guard lock(mutex_);
  if (cursor_of(lane) == nullptr) {
    add_place(lane.latest());
  }
}

void Reader::add_place(const Cursor& cursor) {
  if (credits_) {
    cursor.lane->set_limit(cursor.seq + capacity_);
  }
  const std::uint32_t number = cursor.lane->number();
  make_room_for(number);
  places_[number] = std::make_unique<Place>(Place{.cursor = cursor});
  if (visited_.size() < visited_always || !park(*places_[number])) {
    visited_.push_back(places_[number].get());
  }
}

// False: something was written meanwhile. That the writer calls then does no harm.
bool Reader::park(Place& place) noexcept {
  place.cursor.lane->ask_for_call();
  place.empty = 0;
  place.parked = !Lane::something_at(place.cursor);
  return place.parked;
}

// The bit is there before a sleeper is looked for, and a sleeper looks for bits behind having said
// that it sleeps (Receiver::fall_asleep).
void Reader::call(std::uint32_t number) noexcept {
  if (number / word_bits < called_words_) {
    called_[number / word_bits].fetch_or(std::uint64_t{1} << (number % word_bits),
                                         std::memory_order_seq_cst);
    called_any_.store(true, std::memory_order_seq_cst);
  }
}

void Reader::admit_called() {
  called_any_.exchange(false, std::memory_order_seq_cst);
  for (std::size_t word = 0; word < called_words_; ++word) {
    if (called_[word].load(std::memory_order_relaxed) == 0) {
      continue;
    }
    for (std::uint64_t bits = called_[word].exchange(0, std::memory_order_seq_cst); bits != 0;
         bits &= bits - 1) {
      const std::size_t number =
          word * word_bits + static_cast<std::size_t>(std::countr_zero(bits));
      // It may be another lane's by now, which has that number again.
      Place* place = number < places_.size() ? places_[number].get() : nullptr;
      if (place != nullptr && std::exchange(place->parked, false)) {
        visited_.push_back(place);
      }
    }
  }
}

bool Reader::drained(const Cursor& cursor) noexcept {
  return cursor.at >= (cursor.segment->committed.load(std::memory_order_acquire));
}

void Reader::leave_drained() {
  const std::lock_guard lock(mutex_);
  for (const std::unique_ptr<Place>& place : places_) {
    if (place) {
      Lane& lane = *place->cursor.lane;
      place->left = lane.closed() && lane.peek(place->cursor) == nullptr && drained(place->cursor);
    }
  }
  std::erase_if(visited_, [](const Place* place) { return place->left; });
  for (std::unique_ptr<Place>& place : places_) {
    if (place && place->left) {
      place->cursor.lane->leave(place->cursor);
      place.reset();
    }
  }
}

bool Reader::something_waits() {
  const std::lock_guard lock(mutex_);
  return called_any_.load(std::memory_order_acquire) ||
         std::ranges::any_of(visited_,
                             [](const Place* place) { return Lane::something_at(place->cursor); });
}

// ---- places

Cursor* Reader::cursor_of(const Lane& lane) noexcept {
  const std::uint32_t number = lane.number();
  return number < places_.size() && places_[number] ? &places_[number]->cursor : nullptr;
}

std::uint64_t Reader::position(Lane& lane) {
  const std::lock_guard lock(mutex_);
  Cursor* cursor = cursor_of(lane);
  // What is gone unread (evicted, skipped) counts as missed only when a later record shows it.
  return cursor == nullptr || lane.peek(*cursor) == nullptr ? lane.seq() : cursor->seq;
}

std::uint64_t Reader::position_bytes(const Lane& lane) {
  const std::lock_guard lock(mutex_);
  const Cursor* cursor = cursor_of(lane);
  return cursor == nullptr ? lane.written_bytes() : cursor->segment->first_byte + cursor->at;
}

void Reader::set_credits(bool credits) {
  const std::lock_guard lock(mutex_);
  credits_ = credits;
  for (const std::unique_ptr<Place>& place : places_) {
    if (credits && place) {
      place->cursor.lane->set_limit(place->cursor.seq + capacity_);
    }
  }
}

bool Reader::drop_oldest(Lane& lane, Envelope& dropped) {
  const std::lock_guard lock(mutex_);
  Cursor* cursor = cursor_of(lane);
  const Record* record = cursor == nullptr ? nullptr : lane.peek(*cursor);
  if (record == nullptr) {
    return false;
  }
  if (record->letter != 0) {
    dropped = record->the_letter()->envelope;
    lane.pass(*record->the_letter());
  }
  cursor->at += record->extent();
  cursor->seq = record->seq + 1;
  if (credits_) {
    lane.set_limit(cursor->seq + capacity_);
  }
  return true;
}

std::uint64_t Reader::depth() {
  const std::lock_guard lock(mutex_);
  std::uint64_t depth = 0;
  for (const std::unique_ptr<Place>& place : places_) {
    if (place) {
      const std::uint64_t written = place->cursor.lane->seq();
      const std::uint64_t behind = written > place->cursor.seq ? written - place->cursor.seq : 0;
      depth += queue_ ? behind : std::min(behind, capacity_);
    }
  }
  return depth;
}

}  // namespace host::channel
