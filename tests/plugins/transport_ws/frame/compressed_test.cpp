// tests/plugins/transport_ws/frame/compressed_test.cpp - the decoder where compression was agreed
// on: RSV1, fragments, text, limits.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "bomb.hpp"
#include "frame/codec.hpp"
#include "frame/inflater.hpp"
#include "heard.hpp"

namespace transport_ws::frame {
namespace {

constexpr std::uint64_t wire_max = 70'000;
constexpr std::uint64_t inflated_max = 100'000;

class Undoing final : public Decoder::Inflation {
 public:
  [[nodiscard]] std::optional<Violation> inflate(std::string_view payload, std::uint64_t bytes_max,
                                                 std::string_view& inflated) override {
    return inflater.inflate(payload, bytes_max, inflated);
  }

  void release() override { inflater.shrink(); }

  Inflater inflater;
};

using Log = std::vector<std::string>;

struct Outcome {
  Log log;
  std::uint16_t violation = 0;

  bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string bytes, std::size_t step = 0, bool agreed = true) {
  Undoing undoing;
  Heard heard;
  Decoder decoder(Role::Server, wire_max);
  if (agreed) {
    decoder.allow_compressed(undoing, inflated_max);
  }
  Outcome outcome;
  step = step == 0 ? bytes.size() : step;
  for (std::size_t at = 0; at < bytes.size() && outcome.violation == 0; at += step) {
    const auto violation =
        decoder.feed(std::span(bytes).subspan(at, std::min(step, bytes.size() - at)), heard);
    outcome.violation = violation ? violation->code : 0;
  }
  outcome.log = heard.log;
  return outcome;
}

const std::string hello("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);  // RFC 7692 section 7.2.3.1

TEST(Compressed, IsReadWholeAndInFragments) {
  EXPECT_EQ(decode(client_frame(0xC1, hello)).log, Log{"text:Hello"});
  EXPECT_EQ(decode(client_frame(0xC2, hello)).log, Log{"binary:Hello"});
  const std::string fragments = client_frame(0x41, hello.substr(0, 3)) + client_frame(0x89, "p") +
                                client_frame(0x80, hello.substr(3));
  EXPECT_EQ(decode(fragments).log, (Log{"ping:p", "text:Hello"}));
  EXPECT_EQ(decode(fragments, 1).log, (Log{"ping:p", "text:Hello"}));
}

TEST(Compressed, StandsBesideMessagesThatAreNot) {
  EXPECT_EQ(decode(client_frame(0x81, "plain") + client_frame(0xC1, hello) +
                   client_frame(0x01, "pl") + client_frame(0x80, "ain") + client_frame(0xC1, hello))
                .log,
            (Log{"text:plain", "text:Hello", "text:plain", "text:Hello"}));
}

TEST(Compressed, IsRefusedWhereItHasNoPlace) {
  EXPECT_EQ(decode(client_frame(0xC1, hello), 0, /*agreed=*/false).violation, close_protocol_error);
  EXPECT_EQ(decode(client_frame(0xC9, "")).violation, close_protocol_error);  // a ping
  EXPECT_EQ(decode(client_frame(0xC8, "")).violation, close_protocol_error);  // a close frame
  EXPECT_EQ(decode(client_frame(0x41, hello.substr(0, 3)) + client_frame(0xC0, hello.substr(3)))
                .violation,
            close_protocol_error);  // only the first frame says it
  EXPECT_EQ(decode(client_frame(0x01, "Hel") + client_frame(0xC0, "lo")).violation,
            close_protocol_error);
  for (const unsigned bits : {0xE1U, 0xD1U, 0xF1U, 0xA1U, 0x91U}) {
    EXPECT_EQ(decode(client_frame(bits, hello)).violation, close_protocol_error) << bits;
  }
}

TEST(Compressed, IsCheckedOnceItIsInflated) {
  const std::string euros = packed_by_client(Opcode::Text, std::string(30, 'x') + "\xE2\x82\xAC");
  EXPECT_EQ(decode(euros).log, Log{"text:" + std::string(30, 'x') + "\xE2\x82\xAC"});
  EXPECT_EQ(decode(packed_by_client(Opcode::Text, std::string(40, '\xFF'))).violation,
            close_invalid_payload);
  EXPECT_EQ(decode(packed_by_client(Opcode::Text, std::string(40, 'x') + "\xE2\x82")).violation,
            close_invalid_payload);
  EXPECT_EQ(decode(packed_by_client(Opcode::Binary, std::string(40, '\xFF'))).log,
            Log{"binary:" + std::string(40, '\xFF')});
  EXPECT_EQ(decode(client_frame(0xC1, "\xFF\xFF\xFF")).violation, close_invalid_payload);
}

TEST(Compressed, IsBoundedOnTheWireAndInflated) {
  EXPECT_EQ(decode(packed_by_client(Opcode::Text, std::string(inflated_max, 'x'))).violation, 0);
  EXPECT_EQ(decode(packed_by_client(Opcode::Text, std::string(inflated_max + 1, 'x'))).violation,
            close_too_big);
  EXPECT_EQ(decode(client_frame(0xC1, bomb(60))).violation, close_too_big);
  EXPECT_EQ(decode(client_frame(0xC1, std::string(wire_max + 1, 'x'))).violation, close_too_big);
}

RC_GTEST_PROP(Compressed, DoesNotDependOnTheSegmentation, ()) {
  const auto messages = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::inRange<char>('a', 'd')));
  std::string bytes;
  Log expected;
  Deflater deflater(1, window_bits_max);
  for (const auto& message : messages) {
    const std::string packed = deflater.deflate(encode_frame(Opcode::Text, message));
    const std::string payload(packed.empty() ? message : payload_of(packed));
    const auto cut = *rc::gen::inRange<std::size_t>(0, payload.size() + 1);
    const auto key = *rc::gen::arbitrary<std::uint32_t>();
    bytes += client_frame(packed.empty() ? 0x01 : 0x41, payload.substr(0, cut), key);
    if (*rc::gen::arbitrary<bool>()) {
      bytes += client_frame(0x89, "p", key);
      expected.emplace_back("ping:p");
    }
    bytes += client_frame(0x80, payload.substr(cut), key);
    expected.push_back("text:" + message);
  }
  const auto step = *rc::gen::inRange<std::size_t>(1, 20);
  RC_ASSERT(decode(bytes, step) == (Outcome{expected, 0}));
  RC_ASSERT(decode(bytes) == (Outcome{expected, 0}));
}

RC_GTEST_PROP(Compressed, TakesAnyBytesTheSameWayInAnySegmentation,
              (const std::vector<unsigned char>& noise)) {
  const std::string frame = client_frame(0xC1, std::string(noise.begin(), noise.end()));
  RC_ASSERT(decode(frame) == decode(frame, 1));
}

}  // namespace
}  // namespace transport_ws::frame
