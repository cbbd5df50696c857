// tests/fuzz/frame.cpp - any bytes, in any pieces, into the decoder of WebSocket frames.
//
// The first bytes of the input choose the side, the limit and where it is cut. What must hold for
// every input: pieces give what the whole gave; no message is above the limit; text is UTF-8; a
// violation has a code that may be sent; what was decoded can be encoded and decoded again.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/utf8.hpp"

#include "frame/codec.hpp"

namespace {

using namespace transport_ws;  // NOLINT(google-build-using-namespace): a program of one file

void expect(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
  }
}

struct Told {
  frame::Opcode kind;
  std::string payload;
  std::uint16_t code = 0;

  bool operator==(const Told&) const = default;
};

class Notes final : public frame::Decoder::Sink {
 public:
  std::vector<Told> all;

  bool on_message(frame::Opcode kind, std::string_view payload) override {
    all.push_back({kind, std::string(payload)});
    return true;
  }

  bool on_ping(std::string_view payload) override {
    all.push_back({frame::Opcode::Ping, std::string(payload)});
    return true;
  }

  bool on_pong(std::string_view payload) override {
    all.push_back({frame::Opcode::Pong, std::string(payload)});
    return true;
  }

  bool on_close(std::uint16_t code, std::string_view reason) override {
    all.push_back({frame::Opcode::Close, std::string(reason), code});
    return false;
  }
};

struct Outcome {
  std::vector<Told> told;
  std::uint16_t violation = 0;

  bool operator==(const Outcome&) const = default;
};

// Cut after 1 to 16 bytes, as `cuts` says; 0: not at all.
Outcome decode(std::string bytes, frame::Role role, std::uint64_t bytes_max, std::uint32_t cuts) {
  frame::Decoder decoder(role, bytes_max);
  Notes notes;
  Outcome outcome;
  std::uint32_t random = cuts;
  for (std::size_t at = 0; at < bytes.size();) {
    random = random * 1'664'525U + 1'013'904'223U;
    const std::size_t piece =
        cuts == 0 ? bytes.size() : std::min<std::size_t>(1 + (random >> 28U), bytes.size() - at);
    const auto violation = decoder.feed({bytes.data() + at, piece}, notes);
    expect(decoder.held_bytes() <= bytes_max, "no more is held than the limit");
    if (violation) {
      outcome.violation = violation->code;
      break;
    }
    at += piece;
  }
  outcome.told = std::move(notes.all);
  return outcome;
}

bool is_control(frame::Opcode kind) {
  return kind == frame::Opcode::Ping || kind == frame::Opcode::Pong || kind == frame::Opcode::Close;
}

void check(const Outcome& outcome, std::uint64_t bytes_max) {
  expect(outcome.violation == 0 || frame::is_close_code(outcome.violation),
         "the code of a violation may be sent");
  for (const Told& one : outcome.told) {
    expect(one.payload.size() <= (is_control(one.kind) ? control_payload_bytes_max : bytes_max),
           "no payload is above its limit");
    if (one.kind == frame::Opcode::Text || one.kind == frame::Opcode::Close) {
      expect(bp::utf8::valid(one.payload), "text is UTF-8");
    }
  }
}

// Our own frames, to the other side.
void check_round_trip(const Outcome& outcome, frame::Role role, std::uint64_t bytes_max) {
  std::string bytes;
  std::vector<Told> wanted;
  for (const Told& one : outcome.told) {
    if (one.kind == frame::Opcode::Close) {
      continue;
    }
    wanted.push_back(one);
    bytes += role == frame::Role::Server ? frame::encode_frame(one.kind, one.payload, 0x9C3B52E1U)
                                         : frame::encode_frame(one.kind, one.payload);
  }
  const Outcome again = decode(std::move(bytes), role, bytes_max, 0);
  expect(again.violation == 0 && again.told == wanted, "what is encoded is decoded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t choices = 3;
  if (size < choices) {
    return 0;
  }
  const auto role = (data[0] & 1U) != 0 ? frame::Role::Server : frame::Role::Client;
  const std::uint64_t bytes_max = (data[0] & 2U) != 0 ? 64 : 70'000;
  const std::uint32_t cuts = 1U + data[1] * 256U + data[2];
  const std::string bytes(reinterpret_cast<const char*>(data) + choices, size - choices);
  const Outcome whole = decode(bytes, role, bytes_max, 0);
  expect(decode(bytes, role, bytes_max, cuts) == whole, "pieces give what the whole gave");
  check(whole, bytes_max);
  check_round_trip(whole, role, bytes_max);
  return 0;
}
