// plugins/transport_ws/session/deflation.cpp - compressing once, and counting what it gave.
#include "session/deflation.hpp"

#include <algorithm>
#include <utility>

namespace transport_ws::session {

const Deflation::Done* Deflation::find(const frame::Frame& frame, int window_bits) const noexcept {
  const auto found = std::ranges::find_if(done_, [&](const Done& each) {
    return each.window_bits == window_bits && !each.plain.owner_before(frame) &&
           !frame.owner_before(each.plain);
  });
  return found == done_.end() ? nullptr : &*found;
}

frame::Frame Deflation::compress(const std::string& frame, int window_bits) {
  auto& deflater = deflaters_[static_cast<std::size_t>(window_bits - frame::window_bits_min)];
  if (!deflater) {
    deflater = std::make_unique<frame::Deflater>(level_, window_bits);
  }
  std::string packed = deflater->deflate(frame);
  counters_.deflate_in.add(frame.size());
  counters_.deflate_out.add(packed.empty() ? frame.size() : packed.size());
  return packed.empty() ? nullptr : std::make_shared<const std::string>(std::move(packed));
}

frame::Frame Deflation::pack(frame::Frame frame, std::size_t bytes_min, int window_bits) {
  if (frame::payload_of(*frame).size() < bytes_min) {
    return frame;
  }
  if (frame.use_count() == 1) {  // nobody else gets it
    auto packed = compress(*frame, window_bits);
    return packed ? packed : frame;
  }
  const Done* done = find(frame, window_bits);
  if (done == nullptr) {
    Done& made = done_[next_done_];
    next_done_ = (next_done_ + 1) % remembered;
    made = {frame, compress(*frame, window_bits), window_bits};
    done = &made;
  }
  return done->packed ? done->packed : frame;
}

std::optional<frame::Violation> Deflation::inflate(std::string_view payload,
                                                   std::uint64_t bytes_max,
                                                   std::string_view& inflated) {
  auto violation = inflater_.inflate(payload, bytes_max, inflated);
  if (!violation) {
    counters_.inflate_in.add(payload.size());
    counters_.inflate_out.add(inflated.size());
  }
  return violation;
}

}  // namespace transport_ws::session
