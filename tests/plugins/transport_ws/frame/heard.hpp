// tests/plugins/transport_ws/frame/heard.hpp - what a decoder told, a line each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "frame/codec.hpp"

namespace transport_ws::frame {

class Heard final : public Decoder::Sink {
 public:
  bool on_message(Opcode kind, std::string_view payload) override {
    log.push_back((kind == Opcode::Text ? "text:" : "binary:") + std::string(payload));
    return true;
  }

  bool on_ping(std::string_view payload) override {
    log.push_back("ping:" + std::string(payload));
    return true;
  }

  bool on_pong(std::string_view payload) override {
    log.push_back("pong:" + std::string(payload));
    return true;
  }

  bool on_close(std::uint16_t code, std::string_view reason) override {
    log.push_back("close:" + std::to_string(code) + ":" + std::string(reason));
    return false;
  }

  std::vector<std::string> log;
};

}  // namespace transport_ws::frame
