// host/channel/reader.hpp - the places of one group of consumers in all lanes.
//
// It visits the lanes in turn. One that had nothing for a while is parked: it is not looked at
// until its writer calls, which costs that writer something only then.
//
// Owns: its cursors. Thread: any; one at a time reads, under the reader's lock. add() and call()
// are under the channel's lock. Errors: none.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "host/channel/lane.hpp"

namespace host::channel {

// So few lanes are visited whether they have something or not.
inline constexpr std::size_t visited_always = 4;
// A call costs about as much as so many visits for nothing.
inline constexpr std::uint32_t visits_before_parking = 16;

// One message on its way to a handler. `special`: it came as a letter, or came back by nack.
struct Glimpse {
  std::byte* data;
  std::uint32_t size;
  std::uint64_t seq;
  const Envelope* special;
};

// Records that were published and not read, of one segment.
struct Unread {
  const std::byte* data;
  std::size_t at;
  std::size_t end;
  std::uint64_t seq;  // of the first one, if none was missed

  // Up to `most` records in a row that are plain and where nothing was missed: `each` gets the
  // payload, its size and its number. How many.
  template <typename Each>
  std::uint32_t pass_plain(std::uint32_t most, Each&& each) {
    const std::byte* place = data + at;
    const std::byte* const behind = data + end;
    std::uint64_t number = seq;
    std::uint32_t passed = 0;
    while (passed < most && place < behind) {
      const auto* record = reinterpret_cast<const Record*>(place);
      if (!record->plain() || record->seq != number) [[unlikely]] {
        break;
      }
      const std::uint32_t size = record->size;
      each(const_cast<std::byte*>(place) + sizeof(Record), size, number);
      place += Record::extent(0, size);
      ++number;
      ++passed;
    }
    at = static_cast<std::size_t>(place - data);
    seq = number;
    return passed;
  }
};

// Who reads many at a time: pass_plain() of this calls Unread::pass_plain().
template <typename Each>
concept ReadsPlain = requires(Each& each, Unread& unread) {
  { each.pass_plain(unread, std::uint32_t{}) } -> std::same_as<std::uint32_t>;
};

// What was taken in one turn and is not settled yet. The payloads stay where they are until then.
struct Batch {
  struct Run {
    Segment* segment;
    std::size_t from;
    std::size_t to;
  };

  struct Special {
    std::uint32_t index;
    Envelope envelope;
  };

  std::uint32_t count = 0;
  std::uint64_t missed = 0;
  std::uint32_t again = 0;  // how many of the first ones came back by nack: they lie in no run
  bool more = false;
  bool revoked = false;  // the receiver closed meanwhile: what is in hand is not its any more
  boost::container::small_vector<Run, 4> runs;
  std::vector<Special> specials;                       // by index, ascending
  std::vector<std::uint32_t> kept;                     // indexes of what stays beyond finish()
  std::vector<std::shared_ptr<Confirmation>> skipped;  // of messages among the missed

  void clear() noexcept {
    count = again = 0;
    missed = 0;
    more = revoked = false;
    runs.clear();
    specials.clear();
    kept.clear();
    skipped.clear();
  }
};

class Reader {
 public:
  // `queue`: gets every message. Otherwise one that fell more than `capacity` behind goes on with
  // the latest `capacity` messages.
  Reader(bool queue, std::uint64_t capacity)
      : queue_(queue), capacity_(capacity), credits_(queue) {}

  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  void add(const Cursor& cursor);

  // The lane of that number has something for readers who parked it.
  void call(std::uint32_t number) noexcept;

  // Takes up to `count_max` messages in all into `batch`. `lossy`: skip what is too far behind.
  template <typename Each>
  void read(std::size_t count_max, bool lossy, Batch& batch, Each&& each);

  [[nodiscard]] bool something_waits();

  // The next sequence number to read from `lane`; its seq() when nothing of it is left.
  [[nodiscard]] std::uint64_t position(Lane& lane);

  // Where in lane.written_bytes() it stands; behind all when nothing is left.
  [[nodiscard]] std::uint64_t position_bytes(const Lane& lane);

  // It has to follow `lane` again, if it left it: somebody is about to write there.
  void follow(Lane& lane);

  // How many messages wait in all lanes.
  [[nodiscard]] std::uint64_t depth();

  // Moves forward in `lane` until it is at `seq`; `skipped` is asked to look at each record.
  template <typename Skipped>
  void skip(Lane& lane, std::uint64_t seq, Skipped&& skipped);

  // Of a queue: does it give writers credit for what it reads? Only one that is alone can know that
  // nobody is slower.
  void set_credits(bool credits);

  // A queue's oldest message of `lane` is given up. False: there is none.
  bool drop_oldest(Lane& lane, Envelope& dropped);

  // Leaves the closed lanes of which nothing is left to read.
  void leave_drained();

  // Leaves all lanes; `left` looks at each record that was not read.
  template <typename Left>
  void leave(Left&& left);

 private:
  template <typename Each>
  void read_lane(Cursor& cursor, std::size_t count_max, Batch& batch, Each&& each);
  template <typename Each>
  void read_letter(const Record& record, Lane& lane, Batch& batch, Each&& each);
  template <typename Skipped>
  static std::uint64_t skip_to(Cursor& cursor, std::uint64_t seq, Skipped&& skipped);

  // How many messages were missed between `seq` and the record. Where nothing was evicted, nobody
  // listened when they were passed over.
  [[nodiscard]] static std::uint64_t gap_before(const Record& record, std::uint64_t seq,
                                                Cursor& cursor) noexcept {
    return std::exchange(cursor.jumped, false) ? record.seq - seq : 0;
  }

  struct Place {
    Cursor cursor;
    std::uint32_t empty = 0;  // visits in a row that found nothing
    bool parked = false;
    bool left = false;
  };

  [[nodiscard]] static bool drained(const Cursor& cursor) noexcept;
  [[nodiscard]] Cursor* cursor_of(const Lane& lane) noexcept;
  [[nodiscard]] static bool park(Place& place) noexcept;
  void add_place(const Cursor& cursor);
  void admit_called();
  void make_room_for(std::uint32_t number);

  const bool queue_;
  const std::uint64_t capacity_;
  std::mutex mutex_;
  bool credits_;
  std::vector<std::unique_ptr<Place>> places_;  // by the lane's number
  std::vector<Place*> visited_;                 // in turn
  std::size_t turn_ = 0;
  std::uint64_t skipped_ = 0;  // by skip(), and not told yet
  // A bit for each lane whose writer called. The array changes under the channel's lock and mutex_.
  std::unique_ptr<std::atomic<std::uint64_t>[]> called_;
  std::size_t called_words_ = 0;
  std::atomic<bool> called_any_{false};
};

template <typename Each>
void Reader::read_letter(const Record& record, Lane& lane, Batch& batch, Each&& each) {
  Letter& letter = *record.the_letter();
  if (letter.readers.load(std::memory_order_acquire) == 1) {
    batch.specials.push_back({batch.count, std::move(letter.envelope)});
    lane.taken(letter);
  } else {
    batch.specials.push_back({batch.count, letter.envelope});
    lane.pass(letter);
  }
  const Envelope& envelope = batch.specials.back().envelope;
  each(Glimpse{envelope.message.data(), static_cast<std::uint32_t>(envelope.message.size),
               record.seq, &envelope});
}

template <typename Each>
void Reader::read_lane(Cursor& cursor, std::size_t count_max, Batch& batch, Each&& each) {
  while (batch.count < count_max) {
    Segment& segment = *cursor.segment;
    const std::uint64_t committed = segment.committed.load(std::memory_order_acquire);
    const std::size_t end = committed & ~Segment::sealed;
    if (cursor.at < end) {
      const std::size_t from = cursor.at;
      Unread unread{segment.data(), from, end, cursor.seq};
      while (unread.at < end && batch.count < count_max) {
        if constexpr (ReadsPlain<std::remove_reference_t<Each>>) {
          const auto most = static_cast<std::uint32_t>(count_max - batch.count);
          batch.count += each.pass_plain(unread, most);
          if (unread.at == end || batch.count == count_max) {
            break;
          }
        }
        const auto* record = reinterpret_cast<const Record*>(unread.data + unread.at);
        if (record->seq != unread.seq) [[unlikely]] {
          batch.missed += gap_before(*record, unread.seq, cursor);
        }
        unread.seq = record->seq + 1;
        if (record->letter != 0) {
          read_letter(*record, *cursor.lane, batch, each);
        } else {
          each(Glimpse{record->payload(), record->size, record->seq, nullptr});
        }
        ++batch.count;
        unread.at += record->extent();
      }
      cursor.at = unread.at;
      cursor.seq = unread.seq;
      segment.hold();
      batch.runs.push_back({&segment, from, unread.at});
    }
    if (cursor.at < end) {
      return;
    }
    if ((committed & Segment::sealed) == 0 || !cursor.lane->advance(cursor)) {
      return;
    }
  }
}

template <typename Each>
void Reader::read(std::size_t count_max, bool lossy, Batch& batch, Each&& each) {
  const std::lock_guard lock(mutex_);
  if (called_any_.load(std::memory_order_relaxed)) [[unlikely]] {
    admit_called();
  }
  batch.missed += std::exchange(skipped_, 0);
  for (std::size_t left = visited_.size(); left > 0 && batch.count < count_max; --left) {
    if (turn_ >= visited_.size()) {
      turn_ = 0;
    }
    Place& place = *visited_[turn_];
    Cursor& cursor = place.cursor;
    if (lossy) {
      const std::uint64_t written = cursor.lane->seq();
      if (written > cursor.seq + capacity_) {
        batch.missed += skip_to(cursor, written - capacity_, [&](const Record& record) {
          if (record.letter != 0 && record.the_letter()->envelope.confirmation) {
            batch.skipped.push_back(record.the_letter()->envelope.confirmation);
          }
        });
      }
    }
    const std::uint32_t before = batch.count;
    read_lane(cursor, count_max, batch, each);
    if (batch.count == before) {
      ++place.empty;
    } else {
      place.empty = 0;
      if (credits_) {
        cursor.lane->set_limit(cursor.seq + capacity_);
      }
    }
    // In order: one that had its turn must not come to stand before one that waits for it.
    if (cursor.lane->closed() && drained(cursor)) {
      Lane& lane = *cursor.lane;
      lane.leave(cursor);
      visited_.erase(visited_.begin() + static_cast<std::ptrdiff_t>(turn_));
      places_[lane.number()].reset();
    } else if (place.empty >= visits_before_parking && visited_.size() > visited_always &&
               park(place)) {
      visited_.erase(visited_.begin() + static_cast<std::ptrdiff_t>(turn_));
    } else {
      ++turn_;
    }
  }
}

template <typename Skipped>
std::uint64_t Reader::skip_to(Cursor& cursor, std::uint64_t seq, Skipped&& skipped) {
  std::uint64_t missed = 0;
  for (const Record* record = cursor.lane->peek(cursor); record != nullptr && record->seq < seq;
       record = cursor.lane->peek(cursor)) {
    skipped(*record);
    if (record->letter != 0) {
      cursor.lane->pass(*record->the_letter());
    }
    missed += 1 + gap_before(*record, cursor.seq, cursor);
    cursor.at += record->extent();
    cursor.seq = record->seq + 1;
  }
  return missed;
}

template <typename Skipped>
void Reader::skip(Lane& lane, std::uint64_t seq, Skipped&& skipped) {
  const std::lock_guard lock(mutex_);
  if (Cursor* cursor = cursor_of(lane)) {
    skipped_ += skip_to(*cursor, seq, skipped);
  }
}

template <typename Left>
void Reader::leave(Left&& left) {
  const std::lock_guard lock(mutex_);
  visited_.clear();
  for (std::unique_ptr<Place>& place : places_) {
    if (place) {
      skip_to(place->cursor, std::numeric_limits<std::uint64_t>::max(), left);
      place->cursor.lane->leave(place->cursor);
      place.reset();
    }
  }
}

}  // namespace host::channel
