// host/channel/lane.hpp - the log of one sending end: a chain of segments, one writer, any readers.
//
// A record is written in place and published by one release store of the segment's `committed`
// word: no locked instruction, no allocation, no system call. Writer and readers meet at a lock
// only where a segment ends, once in hundreds of messages. A reader holds the segment it stands in;
// what everyone has left is used again. A reader that is too slow keeps its own segment and nothing
// else: the lane goes on without it.
//
// Records hold sizes, no addresses (but for letters, which are the host's own), so that the same
// bytes may later lie in memory that two processes share; the chain itself is the host's.
//
// Owns: segments, letters. Thread: reserve/commit and what is marked so by the one writer; the rest
// any. Errors: none here; admission is the channel's.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>

#include "backplane/abi/bytes.h"

#include "host/channel/letter.hpp"

namespace host::channel {

// Two small records share a cache line, and none straddles one.
inline constexpr std::size_t record_grain_bytes = 32;
inline constexpr std::size_t payload_alignment_bytes = 16;
// Larger messages travel as letters: copying them would cost more than a reference.
inline constexpr std::size_t record_payload_bytes_max = std::size_t{8} << 10U;
// Published by one store at most: readers begin before a long batch is written.
inline constexpr std::uint32_t records_at_once_max = 64;
// A new lane is small: a host may have ten thousand that are hardly used.
inline constexpr std::size_t segment_bytes_min = std::size_t{1} << 10U;
// Two of these in turn stay in a core's first cache.
inline constexpr std::size_t segment_bytes_usual = std::size_t{16} << 10U;
inline constexpr std::size_t segment_bytes_max = std::size_t{256} << 10U;
// What a lane keeps of segments that were left, for the next ones: as much as a channel of the
// usual capacity fills with small messages.
inline constexpr std::size_t spare_bytes_max = std::size_t{128} << 10U;
inline constexpr std::size_t records_per_segment = 16;  // at least, of large ones
// A segment with this much in letters is closed, so that their memory is not held by a few records.
inline constexpr std::size_t letter_bytes_per_segment = std::size_t{1} << 20U;

struct Record {
  std::uint32_t size;    // bytes of payload
  std::uint16_t skip;    // the payload begins this many times 16 bytes behind the header
  std::uint16_t letter;  // 1: the payload is a Letter*
  std::uint64_t seq;

  // Right behind the header, and no letter.
  [[nodiscard]] bool plain() const noexcept { return (skip | letter) == 0; }

  [[nodiscard]] static constexpr std::size_t extent(std::size_t skip, std::size_t size) noexcept {
    return (sizeof(Record) + skip * payload_alignment_bytes + size + record_grain_bytes - 1) &
           ~(record_grain_bytes - 1);
  }

  [[nodiscard]] std::size_t extent() const noexcept { return extent(skip, size); }

  [[nodiscard]] std::byte* payload() const noexcept {
    return const_cast<std::byte*>(reinterpret_cast<const std::byte*>(this + 1)) +
           std::size_t{skip} * payload_alignment_bytes;
  }

  [[nodiscard]] Letter* the_letter() const noexcept {
    return *reinterpret_cast<Letter* const*>(payload());
  }
};

static_assert(sizeof(Record) == payload_alignment_bytes);

class Lane;

struct alignas(64) Segment {
  static constexpr std::uint64_t sealed = std::uint64_t{1} << 63U;

  // Bytes that readers may look at, and whether more will follow in this segment.
  std::atomic<std::uint64_t> committed{0};
  std::atomic<std::uint32_t> references{1};  // the chain's own, cursors, batches in hand
  std::uint32_t capacity = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t first_byte = 0;  // of all that were ever written to the lane
  std::size_t letter_bytes = 0;  // of all letters written here
  bool evicted = false;          // left the chain although somebody held it
  std::uint32_t cursors = 0;     // that stand here; under the lane's lock
  Segment* next = nullptr;       // under the lane's lock
  Lane* lane = nullptr;

  [[nodiscard]] std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }

  void hold() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
};

// A reader's place in one lane. It holds the segment.
struct Cursor {
  Lane* lane = nullptr;
  Segment* segment = nullptr;
  std::size_t at = 0;
  std::uint64_t seq = 0;  // of the next record
  bool jumped = false;    // out of an evicted segment: what lies between was missed
};

class Lane {
 public:
  // `kept`: how many of the latest messages slow readers of a broadcast may still come back for;
  // 0 for a queue, which keeps all that was not taken. `number`: names it among its channel's.
  // `segment_bytes`: no segment is larger, but for a record that needs it.
  explicit Lane(std::uint64_t kept, std::uint32_t number = 0,
                std::size_t segment_bytes = segment_bytes_max);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();

  // ---- the writer's

  // Room for a payload, or null: the segment is full, or the credit used up.
  [[nodiscard]] std::byte* room(std::size_t size) const noexcept {
    const std::uint64_t seq = seq_.load(std::memory_order_relaxed);
    if (at_ + Record::extent(0, size) > end_ || seq >= limit_.load(std::memory_order_relaxed)) {
      return nullptr;
    }
    return at_ + sizeof(Record);
  }

  [[nodiscard]] bool credit() const noexcept {
    return seq_.load(std::memory_order_relaxed) < limit_.load(std::memory_order_relaxed);
  }

  // Publishes what was written to room(); `skip` as in Record.
  void commit(std::uint16_t skip, std::uint32_t size) noexcept {
    const std::uint64_t seq = seq_.load(std::memory_order_relaxed);
    *reinterpret_cast<Record*>(at_) = {size, skip, 0, seq};
    publish(Record::extent(skip, size), seq);
  }

  // Copies the messages that have room, one behind the other, and publishes them all at once; how
  // many. It stops before one with a lease, or above `bytes_max`.
  [[nodiscard]] std::uint32_t copy_in(const bp_buf* messages, std::uint32_t count,
                                      std::size_t bytes_max) noexcept;

  // Nobody listens: the messages only count.
  void pass_over(std::uint64_t messages) noexcept {
    seq_.store(seq_.load(std::memory_order_relaxed) + messages, std::memory_order_release);
  }

  void append(std::unique_ptr<Letter> letter);

  // A new segment with room for a payload of `size`; evicts what only laggards still need.
  void extend(std::size_t size);

  // Makes room in memory: the oldest segment leaves although readers may need it. False: there is
  // nothing that could leave.
  bool evict();

  // Puts the room that was given out aside: what is written to it is not part of the log any more.
  // The segment stays until release() is called for it.
  [[nodiscard]] Segment* set_aside();

  [[nodiscard]] std::byte* here() const noexcept { return at_ + sizeof(Record); }

  // How many bytes of records were ever written.
  [[nodiscard]] std::uint64_t written_bytes() const noexcept {
    return tail_->first_byte + static_cast<std::uint64_t>(at_ - tail_->data());
  }

  // Does a reader want to be called when something was written? Asked behind every message; a
  // writer whose store may still be on its way asks again behind a fence.
  [[nodiscard]] bool wants_call() const noexcept {
    return wants_call_.load(std::memory_order_relaxed);
  }

  // True: the caller has to call all readers.
  [[nodiscard]] bool take_call() noexcept {
    return wants_call_.exchange(false, std::memory_order_seq_cst);
  }

  // ---- any thread

  // A reader will not look here until it is called. It has to look once more behind this: either
  // it sees what was written meanwhile, or the writer sees that a call is wanted.
  void ask_for_call() noexcept {
    wants_call_.exchange(true, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }

  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

  [[nodiscard]] std::uint64_t seq() const noexcept { return seq_.load(std::memory_order_acquire); }

  // Messages may be written while seq() is below this. 0 makes the writer ask again.
  void set_limit(std::uint64_t limit) noexcept { limit_.store(limit, std::memory_order_relaxed); }

  // Where in written_bytes() the oldest message lies that is kept.
  [[nodiscard]] std::uint64_t first_kept_byte();

  // Of messages that lie beside the lane.
  [[nodiscard]] std::size_t letter_bytes() const noexcept {
    return letter_bytes_.load(std::memory_order_relaxed);
  }

  // What its segments take, full or not.
  [[nodiscard]] std::size_t segment_bytes() const noexcept {
    return segment_bytes_.load(std::memory_order_relaxed);
  }

  // The first message that evict() would keep.
  [[nodiscard]] std::uint64_t first_seq_after_evict();

  // At the oldest message that is kept, or behind the latest one.
  [[nodiscard]] Cursor oldest();
  [[nodiscard]] Cursor latest();

  // The record at the cursor, or null: nothing more now. Moves on to the next segment.
  [[nodiscard]] const Record* peek(Cursor& cursor) {
    for (;;) {
      const std::uint64_t committed = cursor.segment->committed.load(std::memory_order_acquire);
      if (cursor.at < (committed & ~Segment::sealed)) {
        return reinterpret_cast<const Record*>(cursor.segment->data() + cursor.at);
      }
      if ((committed & Segment::sealed) == 0 || !advance(cursor)) {
        return nullptr;
      }
    }
  }

  // A sealed segment has a successor: there is something, or will be in a moment.
  [[nodiscard]] static bool something_at(const Cursor& cursor) noexcept {
    const std::uint64_t committed = cursor.segment->committed.load(std::memory_order_acquire);
    return cursor.at < (committed & ~Segment::sealed) || (committed & Segment::sealed) != 0;
  }

  // From the end of a sealed segment to the next one.
  bool advance(Cursor& cursor);

  // One reader has done with a letter; the last one frees its message.
  void pass(Letter& letter) noexcept;
  // The only reader that had not passed it took the message out of it.
  void taken(Letter& letter) noexcept;

  void release(Segment* segment);

  // The reader goes.
  void leave(const Cursor& cursor);

  // The sending end is gone; `closed` and without readers the lane may be destroyed. Another end
  // may write on until then.
  void close() noexcept { closed_.store(true, std::memory_order_release); }

  void reopen() noexcept { closed_.store(false, std::memory_order_release); }

  [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

  // Does nobody hold a segment but the chain itself?
  [[nodiscard]] bool unheld();

 private:
  // The next `extent` bytes; `seq`: of the last record in them.
  void publish(std::size_t extent, std::uint64_t seq) noexcept {
    std::byte* const end = at_ + extent;
    Segment& tail = *tail_;
    at_ = end;
    tail.committed.store(static_cast<std::uint64_t>(end - tail.data()), std::memory_order_release);
    seq_.store(seq + 1, std::memory_order_release);
  }

  [[nodiscard]] Segment* obtain(std::size_t capacity);
  [[nodiscard]] Segment* take_spare() noexcept;
  // Under mutex_.
  void add_segment(std::size_t size);
  void let_go(Segment* segment);
  void trim();
  void drop_passed();
  void evict_head();

  // The writer's own line.
  alignas(64) std::byte* at_ = nullptr;
  std::byte* end_ = nullptr;
  Segment* tail_ = nullptr;
  std::atomic<std::uint64_t> seq_{1};  // of the next message; read by everyone, rarely
  std::atomic<std::uint64_t> limit_{0};
  std::atomic<bool> wants_call_{false};

  alignas(64) std::mutex mutex_;
  const std::uint64_t kept_;
  const std::uint32_t number_;
  const std::size_t segment_limit_;
  Segment* head_ = nullptr;
  Segment* spares_ = nullptr;  // the one that was left last first: it is still in a cache
  std::size_t spare_bytes_ = 0;
  std::size_t strays_ = 0;  // evicted segments that somebody still holds
  std::atomic<std::size_t> segment_bytes_{0};
  std::atomic<std::size_t> letter_bytes_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace host::channel
