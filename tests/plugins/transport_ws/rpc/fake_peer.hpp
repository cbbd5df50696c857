// tests/plugins/transport_ws/rpc/fake_peer.hpp - a client that keeps the texts it was sent.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "session/peer.hpp"

namespace transport_ws::rpc {

class FakePeer final : public session::Peer {
 public:
  explicit FakePeer(std::uint64_t number) : number_(number) {}

  [[nodiscard]] std::uint64_t id() const noexcept override { return number_; }

  void send_answer(frame::Frame frame) override { answers.push_back(text_of(*frame)); }

  [[nodiscard]] frame::Outbox::Put send_event(frame::Frame frame) override {
    if (full && refusing) {
      return frame::Outbox::Put::Refused;
    }
    events.push_back(text_of(*frame));
    frames.push_back(std::move(frame));
    return frame::Outbox::Put::Queued;
  }

  [[nodiscard]] bool must_wait() const noexcept override { return full; }

  void expect_drain(std::string reason) override { cutoff = std::move(reason); }

  void cut_off(std::string_view reason) override { cutoff = reason; }

  /// The last answer; empty when there is none. Taken.
  std::string take() {
    if (answers.empty()) {
      return {};
    }
    std::string last = std::move(answers.back());
    answers.pop_back();
    return last;
  }

  std::vector<std::string> answers;
  std::vector<std::string> events;
  std::vector<frame::Frame> frames;
  std::string cutoff;
  bool full = false;
  bool refusing = false;  // a full one takes no event

 private:
  // Server frames are not masked: the text is what follows the header.
  static std::string text_of(const std::string& frame) {
    const auto length = static_cast<unsigned char>(frame[1]);
    return frame.substr(length < 126 ? 2 : length == 126 ? 4 : 10);
  }

  std::uint64_t number_;
};

}  // namespace transport_ws::rpc
