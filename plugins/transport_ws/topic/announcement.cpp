// plugins/transport_ws/topic/announcement.cpp - the two frames of a message.
#include "topic/announcement.hpp"

#include <array>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "json/json.hpp"

namespace transport_ws::topic {

Announcement::Announcement(std::string topic, frame::Opcode kind, std::string_view payload)
    : topic_(std::move(topic)), kind_(kind) {
  std::array<char, frame_header_bytes_max> header{};
  header_bytes_ = frame::encode_header(header, kind, payload.size());
  auto raw = std::make_shared<std::string>();
  raw->reserve(header_bytes_ + payload.size());
  raw->append(header.data(), header_bytes_).append(payload);
  raw_ = std::move(raw);
}

const frame::Frame& Announcement::frame(Form form) {
  if (form == Form::Raw || kind_ != frame::Opcode::Text) {
    return raw_;
  }
  std::call_once(once_, [this] { encode_told(); });
  return told_;
}

void Announcement::encode_told() {
  const std::string_view payload = std::string_view(*raw_).substr(header_bytes_);
  const std::string quoted = json::is_valid(payload) ? std::string() : json::quoted(payload);
  told_ = std::make_shared<const std::string>(frame::encode_frame(
      frame::Opcode::Text,
      fmt::format(R"({{"jsonrpc":"2.0","method":"topic","params":{{"topic":{},"message":{}}}}})",
                  json::quoted(topic_), quoted.empty() ? payload : std::string_view(quoted))));
}

}  // namespace transport_ws::topic
