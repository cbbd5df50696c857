// plugins/transport_ws/frame/outbox.cpp - the queue, its policy, and where control frames go.
#include "frame/outbox.hpp"

#include <algorithm>
#include <utility>

#include "limits.hpp"

namespace transport_ws::frame {

namespace {

constexpr std::size_t entries_kept = 64;  // an idle connection keeps no larger array

}  // namespace

Outbox::Put Outbox::put_answer(Frame frame) {
  if (full()) {
    return Put::Refused;
  }
  push(std::move(frame), Kind::Answer);
  return Put::Queued;
}

Outbox::Put Outbox::put_event(Frame frame) {
  if (full()) {
    if (policy_ == Policy::Close) {
      return Put::Refused;
    }
    if (policy_ == Policy::DropOldest) {
      const std::size_t room = std::min(frame->size(), bytes_max_);
      drop_oldest_events(bytes_max_ - room);
    }
    if (full()) {
      ++dropped_;
      return Put::Dropped;
    }
  }
  push(std::move(frame), Kind::Event);
  return Put::Queued;
}

void Outbox::put_begun(std::string frames, std::size_t written) {
  bytes_ += frames.size();
  entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(head_),
                  Entry{std::make_shared<const std::string>(std::move(frames)), Kind::Answer});
  offset_ = written;
}

void Outbox::put_close(std::string frame, bool now) {
  close_ = std::move(frame);
  if (now) {
    for (std::size_t i = first_untouched(); i < entries_.size(); ++i) {
      bytes_ -= entries_[i].kind == Kind::Control ? 0 : entries_[i].frame->size();
    }
    entries_.resize(first_untouched());
  }
}

bool Outbox::empty() const noexcept {
  return head_ == entries_.size() && ping_.empty() && pong_.empty() && close_.empty();
}

void Outbox::push(Frame frame, Kind kind) {
  bytes_ += kind == Kind::Control ? 0 : frame->size();
  entries_.push_back({std::move(frame), kind});
}

void Outbox::drop_oldest_events(std::size_t until_bytes) {
  const auto drop = [&](const Entry& entry) {
    if (entry.kind != Kind::Event || bytes_ <= until_bytes) {
      return false;
    }
    bytes_ -= entry.frame->size();
    ++dropped_;
    return true;
  };
  const auto untouched = entries_.begin() + static_cast<std::ptrdiff_t>(first_untouched());
  entries_.erase(std::remove_if(untouched, entries_.end(), drop),
                 entries_.end());  // in order, once each
}

void Outbox::place_control() {
  auto at = static_cast<std::ptrdiff_t>(first_untouched());
  for (std::string* waiting : {&pong_, &ping_}) {
    if (!waiting->empty()) {
      entries_.insert(
          entries_.begin() + at++,
          Entry{std::make_shared<const std::string>(std::move(*waiting)), Kind::Control});
      waiting->clear();
    }
  }
  if (!close_.empty()) {
    push(std::make_shared<const std::string>(std::move(close_)), Kind::Control);
    close_.clear();
  }
}

std::size_t Outbox::gather(std::span<std::string_view> pieces) {
  place_control();
  std::size_t count = 0;
  std::size_t total = 0;
  std::size_t skip = offset_;
  for (std::size_t i = head_;
       i < entries_.size() && count < pieces.size() && total < write_gather_bytes_max; ++i) {
    pieces[count] = std::string_view(*entries_[i].frame).substr(skip);
    total += pieces[count++].size();
    skip = 0;
  }
  return count;
}

void Outbox::written(std::size_t bytes) noexcept {
  while (bytes > 0) {
    Entry& first = entries_[head_];
    const std::size_t left = first.frame->size() - offset_;
    if (bytes < left) {
      offset_ += bytes;
      return;
    }
    bytes -= left;
    offset_ = 0;
    bytes_ -= first.kind == Kind::Control ? 0 : first.frame->size();
    first.frame.reset();
    ++head_;
  }
  compact();
}

void Outbox::compact() {
  if (head_ == entries_.size()) {
    entries_.clear();
    head_ = 0;
    if (entries_.capacity() > entries_kept) {
      entries_ = {};
    }
  } else if (head_ * 2 > entries_.size()) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

}  // namespace transport_ws::frame
