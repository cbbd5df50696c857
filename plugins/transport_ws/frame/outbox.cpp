// plugins/transport_ws/frame/outbox.cpp - where control frames go, and what leaves next.
#include "frame/outbox.hpp"

#include <utility>

#include "limits.hpp"

namespace transport_ws::frame {

namespace {

Waiting control(std::string& frame) {
  return {std::make_shared<const std::string>(std::exchange(frame, {})), Kind::Control};
}

}  // namespace

void Outbox::put_begun(std::string frames, std::size_t written) {
  push_next({std::make_shared<const std::string>(std::move(frames))});
  begun(written);
}

void Outbox::put_close(std::string frame, bool now) {
  close_ = std::move(frame);
  if (now) {
    drop_waiting();
  }
}

bool Outbox::empty() const noexcept {
  return nothing_waits() && ping_.empty() && pong_.empty() && close_.empty();
}

void Outbox::place_control() {
  std::size_t placed = 0;
  for (std::string* waiting : {&pong_, &ping_}) {
    if (!waiting->empty()) {
      push_next(control(*waiting), placed++);
    }
  }
  if (!close_.empty()) {
    push(control(close_));
  }
}

std::size_t Outbox::gather(std::span<std::string_view> pieces) {
  place_control();
  std::size_t count = 0;
  std::size_t total = 0;
  each([&](const Waiting& waiting, std::size_t gone) {
    if (count == pieces.size() || total >= write_gather_bytes_max) {
      return false;
    }
    pieces[count] = std::string_view(*waiting.frame).substr(gone);
    total += pieces[count++].size();
    return true;
  });
  return count;
}

}  // namespace transport_ws::frame
