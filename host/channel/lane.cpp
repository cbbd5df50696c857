// host/channel/lane.cpp - segments: where they come from, who holds them, when they go.
#include "host/channel/lane.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

namespace host::channel {

namespace {

void free_segment(Segment* segment) noexcept {
  segment->~Segment();
  ::operator delete(segment, std::align_val_t{alignof(Segment)});
}

// Every record of a segment that is complete.
template <typename Visit>
void for_each_record(Segment& segment, Visit&& visit) {
  const std::size_t end = segment.committed.load(std::memory_order_acquire) & ~Segment::sealed;
  for (std::size_t at = 0; at < end;) {
    const auto* record = reinterpret_cast<const Record*>(segment.data() + at);
    visit(*record);
    at += record->extent();
  }
}

// A call of memcpy costs more than moving a few words.
void copy_small(std::byte* to, const void* from, std::size_t size) noexcept {
  constexpr std::size_t two_words = 2 * sizeof(std::uint64_t);
  if (size == two_words) {
    std::memcpy(to, from, two_words);
  } else if (size > 0) {
    std::memcpy(to, from, size);
  }
}

}  // namespace

Lane::Lane(std::uint64_t kept, std::uint32_t number, std::size_t segment_bytes)
    : kept_(kept),
      number_(number),
      segment_limit_(std::clamp(segment_bytes, segment_bytes_min, segment_bytes_max)) {
  head_ = tail_ = obtain(segment_bytes_min);
  tail_->first_seq = 1;
  at_ = tail_->data();
  end_ = at_ + tail_->capacity;
}

Lane::~Lane() {
  const std::lock_guard lock(mutex_);
  while (head_ != nullptr) {
    Segment* next = head_->next;
    let_go(std::exchange(head_, next));
  }
  while (spares_ != nullptr) {
    free_segment(take_spare());
  }
}

Segment* Lane::take_spare() noexcept {
  Segment* spare = std::exchange(spares_, spares_->next);
  spare_bytes_ -= spare->capacity;
  return spare;
}

Segment* Lane::obtain(std::size_t capacity) {
  Segment* segment = nullptr;
  while (spares_ != nullptr && (spares_->capacity < capacity || spares_->capacity > 4 * capacity)) {
    free_segment(take_spare());  // it would keep the place of one that fits
  }
  if (spares_ != nullptr) {
    segment = take_spare();
    const std::uint32_t kept_capacity = segment->capacity;
    segment->~Segment();
    segment = new (segment) Segment;
    segment->capacity = kept_capacity;
  } else {
    void* memory = ::operator new(sizeof(Segment) + capacity, std::align_val_t{alignof(Segment)});
    segment = new (memory) Segment;
    segment->capacity = static_cast<std::uint32_t>(capacity);
  }
  segment->lane = this;
  segment_bytes_.fetch_add(segment->capacity, std::memory_order_relaxed);
  return segment;
}

// The last reference is gone.
void Lane::let_go(Segment* segment) {
  if (segment->letter_bytes > 0) {
    for_each_record(*segment, [&](const Record& record) {
      if (record.letter != 0) {
        Letter* letter = record.the_letter();
        if (letter->bytes > 0) {
          letter_bytes_.fetch_sub(letter->bytes, std::memory_order_relaxed);
        }
        delete letter;
      }
    });
  }
  if (segment->evicted) {
    --strays_;
  }
  segment_bytes_.fetch_sub(segment->capacity, std::memory_order_relaxed);
  const bool room = spares_ == nullptr || spare_bytes_ + segment->capacity <= spare_bytes_max;
  if (room && segment->capacity <= segment_bytes_max && !closed()) {
    spare_bytes_ += segment->capacity;
    segment->next = std::exchange(spares_, segment);
  } else {
    free_segment(segment);
  }
}

// What stands before every reader goes. Each of a queue's readers is always there, and holds its
// segment. Somebody who stands in an evicted segment stands before all others: he will come for the
// head.
void Lane::trim() {
  while (strays_ == 0 && head_ != tail_ && head_->references.load(std::memory_order_acquire) == 1) {
    let_go(std::exchange(head_, head_->next));
  }
}

// What all of a queue's readers left is kept by nobody but batches in hand, and these do not keep
// what comes behind them.
void Lane::drop_passed() {
  while (kept_ == 0 && head_ != tail_ && head_->cursors == 0) {
    evict_head();
  }
}

void Lane::evict_head() {
  Segment* oldest = std::exchange(head_, head_->next);
  oldest->evicted = true;
  ++strays_;
  if (oldest->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    let_go(oldest);
  }
}

bool Lane::evict() {
  const std::lock_guard lock(mutex_);
  if (head_ == tail_) {
    if (at_ == tail_->data()) {
      return false;
    }
    add_segment(0);
  }
  if (head_ != tail_) {
    evict_head();
  }
  return true;
}

std::uint64_t Lane::first_seq_after_evict() {
  const std::lock_guard lock(mutex_);
  return head_ == tail_ ? seq() : head_->next->first_seq;
}

std::uint64_t Lane::first_kept_byte() {
  const std::lock_guard lock(mutex_);
  return head_->first_byte;
}

void Lane::extend(std::size_t size) {
  const std::lock_guard lock(mutex_);
  add_segment(size);
}

void Lane::add_segment(std::size_t size) {
  const std::size_t extent = Record::extent(0, size);
  const std::size_t grown =
      std::min<std::size_t>(segment_bytes_usual, std::size_t{4} * tail_->capacity);
  const std::size_t wanted =
      std::clamp(std::bit_ceil(extent * records_per_segment), segment_bytes_min, segment_bytes_max);
  const std::size_t capacity =
      std::max(std::min(std::max(grown, wanted), segment_limit_), std::bit_ceil(extent));
  const std::uint64_t next_seq = seq_.load(std::memory_order_relaxed);
  trim();
  while (kept_ > 0 && head_ != tail_ && next_seq - head_->next->first_seq >= kept_) {
    evict_head();
  }
  Segment* segment = obtain(capacity);
  segment->first_seq = next_seq;
  segment->first_byte = written_bytes();
  tail_->next = segment;
  Segment* full = std::exchange(tail_, segment);
  full->committed.fetch_or(Segment::sealed, std::memory_order_release);
  at_ = tail_->data();
  end_ = at_ + tail_->capacity;
}

std::uint32_t Lane::copy_in(const bp_buf* messages, std::uint32_t count,
                            std::size_t bytes_max) noexcept {
  std::byte* at = at_;
  const std::uint64_t first = seq_.load(std::memory_order_relaxed);
  const std::uint64_t limit = limit_.load(std::memory_order_relaxed);
  const std::uint64_t credit = limit > first ? limit - first : 0;
  const auto most = static_cast<std::uint32_t>(
      std::min({credit, std::uint64_t{count}, std::uint64_t{records_at_once_max}}));
  std::uint32_t taken = 0;
  for (; taken < most; ++taken) {
    const bp_buf& message = messages[taken];
    const std::size_t size = message.size;
    if (size > bytes_max || message.lease != 0) {
      break;
    }
    const std::size_t extent = Record::extent(0, size);
    if (extent > static_cast<std::size_t>(end_ - at)) {
      break;
    }
    auto* record = reinterpret_cast<Record*>(at);
    *record = {static_cast<std::uint32_t>(size), 0, 0, first + taken};
    copy_small(at + sizeof(Record), message.data, size);
    at += extent;
  }
  if (taken > 0) {
    publish(static_cast<std::size_t>(at - at_), first + taken - 1);
  }
  return taken;
}

void Lane::append(std::unique_ptr<Letter> letter) {
  if (at_ + Record::extent(0, sizeof(Letter*)) > end_ ||
      tail_->letter_bytes >= letter_bytes_per_segment) {
    extend(sizeof(Letter*));
  }
  auto* record = reinterpret_cast<Record*>(at_);
  const std::uint64_t seq = seq_.load(std::memory_order_relaxed);
  letter->envelope.seq = seq;
  tail_->letter_bytes += letter->bytes + sizeof(Letter);
  letter_bytes_.fetch_add(letter->bytes, std::memory_order_relaxed);
  *record = {sizeof(Letter*), 0, 1, seq};
  *reinterpret_cast<Letter**>(record->payload()) = letter.release();
  publish(record->extent(), seq);
}

Segment* Lane::set_aside() {
  Segment* segment = tail_;
  segment->hold();
  extend(0);
  return segment;
}

Cursor Lane::oldest() {
  const std::lock_guard lock(mutex_);
  head_->hold();
  ++head_->cursors;
  return {this, head_, 0, head_->first_seq};
}

// The writer goes on meanwhile: the place and its number come from the records themselves. What was
// passed over before, because nobody listened, has no record; seq() knows of it.
Cursor Lane::latest() {
  const std::lock_guard lock(mutex_);
  const std::uint64_t at_least = seq();
  tail_->hold();
  ++tail_->cursors;
  Cursor cursor{this, tail_, 0, std::max(at_least, tail_->first_seq)};
  for_each_record(*tail_, [&](const Record& record) {
    cursor.at += record.extent();
    cursor.seq = std::max(cursor.seq, record.seq + 1);
  });
  return cursor;
}

bool Lane::advance(Cursor& cursor) {
  const std::lock_guard lock(mutex_);
  Segment* left = cursor.segment;
  Segment* next = left->evicted ? head_ : left->next;
  if (next == nullptr) {
    return false;
  }
  cursor.jumped = cursor.jumped || left->evicted;
  next->hold();
  ++next->cursors;
  --left->cursors;
  drop_passed();
  cursor.segment = next;
  cursor.at = 0;
  if (left->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    let_go(left);
  } else {
    trim();
  }
  return true;
}

void Lane::release(Segment* segment) {
  // Above two, somebody but the chain still holds it, and whoever is last sees to it.
  std::uint32_t seen = segment->references.load(std::memory_order_relaxed);
  while (seen > 2) {
    if (segment->references.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel)) {
      return;
    }
  }
  const std::lock_guard lock(mutex_);
  if (segment->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    let_go(segment);
  } else {
    trim();
  }
}

void Lane::leave(const Cursor& cursor) {
  {
    const std::lock_guard lock(mutex_);
    --cursor.segment->cursors;
    drop_passed();
  }
  release(cursor.segment);
}

void Lane::pass(Letter& letter) noexcept {
  if (letter.readers.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    taken(letter);
  }
}

void Lane::taken(Letter& letter) noexcept {
  letter.envelope = {};
  letter_bytes_.fetch_sub(std::exchange(letter.bytes, 0), std::memory_order_relaxed);
}

bool Lane::unheld() {
  const std::lock_guard lock(mutex_);
  if (strays_ > 0) {
    return false;
  }
  for (const Segment* segment = head_; segment != nullptr; segment = segment->next) {
    if (segment->references.load(std::memory_order_acquire) != 1) {
      return false;
    }
  }
  return true;
}

}  // namespace host::channel
