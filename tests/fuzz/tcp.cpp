// tests/fuzz/tcp.cpp - any bytes, in any pieces, into the decoder of lines and lengths.
//
// The first bytes of the input choose the framing, the limit and where it is cut. What must hold
// for every input: pieces give what the whole gave; no more is held than a message may have; lines
// are UTF-8 without LF; what was decoded, sent by an outbox, is decoded again.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/utf8.hpp"

#include "tcp/decoder.hpp"
#include "tcp/outbox.hpp"

namespace {

using namespace transport_ws;  // NOLINT(google-build-using-namespace): a program of one file

void expect(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
  }
}

class Notes final : public tcp::Decoder::Sink {
 public:
  std::vector<std::string> all;

  bool on_message(std::string_view payload) override {
    all.emplace_back(payload);
    return true;
  }
};

struct Outcome {
  std::vector<std::string> told;
  std::uint16_t violation = 0;

  bool operator==(const Outcome&) const = default;
};

// Cut after 1 to 16 bytes, as `cuts` says; 0: not at all.
Outcome decode(std::string_view bytes, tcp::Framing framing, std::uint64_t bytes_max,
               std::uint32_t cuts) {
  tcp::Decoder decoder(framing, bytes_max);
  Notes notes;
  Outcome outcome;
  std::uint32_t random = cuts;
  while (!bytes.empty() && outcome.violation == 0) {
    random = random * 1'664'525U + 1'013'904'223U;
    const std::size_t wanted = cuts == 0 ? bytes.size() : 1 + (random >> 28U);
    const std::string_view piece = bytes.substr(0, wanted);
    bytes.remove_prefix(piece.size());
    if (const auto violation = decoder.feed(piece, notes)) {
      outcome.violation = violation->code;
    }
    expect(decoder.held_bytes() <= bytes_max + 1, "no more is held than the limit and a CR");
  }
  outcome.told = std::move(notes.all);
  return outcome;
}

void check(const Outcome& outcome, tcp::Framing framing, std::uint64_t bytes_max) {
  for (const std::string& one : outcome.told) {
    expect(one.size() <= bytes_max, "no message is above the limit");
    if (framing == tcp::Framing::Line) {
      expect(bp::utf8::valid(one), "a line is UTF-8");
      expect(one.find('\n') == std::string::npos, "a line holds no line end");
    }
  }
}

std::string sent(const std::vector<std::string>& messages, tcp::Framing framing) {
  constexpr std::size_t much = 1U << 30U;
  tcp::Outbox outbox(framing, much, frame::Policy::Close);
  for (const std::string& one : messages) {
    expect(
        outbox.put_answer({std::make_shared<const std::string>(one)}) == frame::Outbox::Put::Queued,
        "there is room");
  }
  std::string bytes;
  std::array<std::string_view, 7> pieces;
  while (!outbox.empty()) {
    const std::size_t count = outbox.gather(pieces);
    std::string gathered;
    std::for_each_n(pieces.begin(), count, [&](std::string_view piece) { gathered += piece; });
    outbox.written(gathered.size());
    bytes += gathered;
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t choices = 3;
  if (size < choices) {
    return 0;
  }
  const auto framing = (data[0] & 1U) != 0 ? tcp::Framing::Line : tcp::Framing::Length;
  const std::uint64_t bytes_max = (data[0] & 2U) != 0 ? 64 : 70'000;
  const std::uint32_t cuts = 1U + data[1] * 256U + data[2];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + choices, size - choices);
  const Outcome whole = decode(bytes, framing, bytes_max, 0);
  expect(decode(bytes, framing, bytes_max, cuts) == whole, "pieces give what the whole gave");
  check(whole, framing, bytes_max);
  // A CR at the end of a line is given to the line end; every other message comes back.
  std::vector<std::string> messages = whole.told;
  std::erase_if(messages, [&](const std::string& one) {
    return framing == tcp::Framing::Line && one.ends_with('\r');
  });
  const Outcome again = decode(sent(messages, framing), framing, bytes_max, cuts);
  expect(again.violation == 0 && again.told == messages, "what is sent is decoded");
  return 0;
}
