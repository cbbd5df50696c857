// plugins/transport_ws/topic/announcement.hpp - one message to a topic: encoded once, however many
// get it on however many io threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "frame/codec.hpp"
#include "frame/outbox.hpp"

namespace transport_ws::topic {

/// How a subscriber wants its messages.
enum class Form : std::uint8_t {
  Raw,  // as they were published
  Told  // text in a JSON-RPC notification that names the topic; bytes as they were published
};

/// Thread: any.
class Announcement {
 public:
  Announcement(std::string topic, frame::Opcode kind, std::string_view payload);
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;
  ~Announcement() = default;

  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }

  [[nodiscard]] const frame::Frame& frame(Form form);

 private:
  void encode_told();

  const std::string topic_;
  frame::Frame raw_;
  std::size_t header_bytes_ = 0;  // of raw_
  frame::Opcode kind_;
  std::once_flag once_;
  frame::Frame told_;  // made for the first who wants it
};

}  // namespace transport_ws::topic
