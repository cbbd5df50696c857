// tests/plugins/transport_ws/frame/codec_test.cpp - every rule of RFC 6455 section 5, and the
// independence of segmentation.
#include "frame/codec.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "heard.hpp"

namespace transport_ws::frame {
namespace {

constexpr std::uint64_t limit = 70'000;
constexpr std::uint32_t mask = 0x78563412U;  // in memory 12 34 56 78

std::string raw(std::initializer_list<unsigned> bytes) {
  std::string text;
  for (const unsigned byte : bytes) {
    text += static_cast<char>(byte);
  }
  return text;
}

// A masked frame with any first byte.
std::string client_frame(unsigned first, std::string payload, std::uint32_t key = mask) {
  std::string frame = encode_frame(Opcode::Binary, payload, key);
  frame[0] = static_cast<char>(first);
  return frame;
}

struct Outcome {
  std::vector<std::string> log;
  std::uint16_t violation = 0;
};

Outcome decode(std::string bytes, std::size_t step = 0, Role role = Role::Server) {
  Heard heard;
  Decoder decoder(role, limit);
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

using Log = std::vector<std::string>;

TEST(Decoder, ReadsTheExamplesOfTheSpecification) {
  EXPECT_EQ(decode(raw({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58})).log,
            Log{"text:Hello"});
  EXPECT_EQ(decode(raw({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), 0, Role::Client).log,
            Log{"text:Hello"});
  EXPECT_EQ(
      decode(raw({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f}), 0, Role::Client).log,
      Log{"text:Hello"});
  EXPECT_EQ(decode(raw({0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), 0, Role::Client).log,
            Log{"ping:Hello"});
}

TEST(Decoder, ReadsEveryLengthForm) {
  for (const std::size_t bytes : {0U, 1U, 125U, 126U, 127U, 65'535U, 65'536U, 70'000U}) {
    const std::string payload(bytes, 'x');
    const auto outcome = decode(client_frame(0x81, payload), 4096);
    ASSERT_EQ(outcome.violation, 0) << bytes;
    EXPECT_EQ(outcome.log, Log{"text:" + payload}) << bytes;
  }
}

TEST(Decoder, LetsControlFramesBetweenFragments) {
  const std::string bytes = client_frame(0x01, "Hel") + client_frame(0x89, "p") +
                            client_frame(0x00, "l") + client_frame(0x8A, "q") +
                            client_frame(0x80, "o") + client_frame(0x82, "next");
  EXPECT_EQ(decode(bytes).log, (Log{"ping:p", "pong:q", "text:Hello", "binary:next"}));
}

TEST(Decoder, RefusesBrokenHeaders) {
  EXPECT_EQ(decode(encode_frame(Opcode::Text, "unmasked")).violation, close_protocol_error);
  EXPECT_EQ(decode(client_frame(0x81, "masked"), 0, Role::Client).violation, close_protocol_error);
  for (const unsigned reserved : {0xC1U, 0xA1U, 0x91U}) {
    EXPECT_EQ(decode(client_frame(reserved, "a")).violation, close_protocol_error) << reserved;
  }
  for (const unsigned opcode :
       {0x83U, 0x84U, 0x85U, 0x86U, 0x87U, 0x8BU, 0x8CU, 0x8DU, 0x8EU, 0x8FU}) {
    EXPECT_EQ(decode(client_frame(opcode, "a")).violation, close_protocol_error) << opcode;
  }
}

TEST(Decoder, RefusesBrokenControlFrames) {
  EXPECT_EQ(decode(client_frame(0x09, "a")).violation, close_protocol_error);  // fragmented
  EXPECT_EQ(decode(client_frame(0x89, std::string(126, 'a'))).violation,
            close_protocol_error);  // too long
  EXPECT_EQ(decode(client_frame(0x89, std::string(125, 'a'))).violation, 0);
}

TEST(Decoder, RefusesBrokenFragmentation) {
  EXPECT_EQ(decode(client_frame(0x80, "a")).violation, close_protocol_error);  // continues nothing
  EXPECT_EQ(decode(client_frame(0x00, "a")).violation, close_protocol_error);
  EXPECT_EQ(decode(client_frame(0x01, "a") + client_frame(0x81, "b")).violation,
            close_protocol_error);
}

TEST(Decoder, RefusesLengthsThatAreNotMinimal) {
  EXPECT_EQ(decode(raw({0x81, 0xFE, 0x00, 0x7D, 1, 2, 3, 4})).violation, close_protocol_error);
  EXPECT_EQ(decode(raw({0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4})).violation,
            close_protocol_error);
}

TEST(Decoder, RefusesTooMuchBeforeTheFirstByteOfIt) {
  EXPECT_EQ(decode(raw({0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4})).violation,
            close_too_big);  // 2^63
  EXPECT_EQ(decode(raw({0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4}))
                .violation,
            close_too_big);
  EXPECT_EQ(decode(raw({0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0x11, 0x71, 1, 2, 3, 4})).violation,
            close_too_big);  // limit + 1
  const std::string half(limit / 2 + 1, 'x');
  EXPECT_EQ(decode(client_frame(0x02, half) + client_frame(0x80, half)).violation, close_too_big);
}

TEST(Decoder, BoundsTheNumberOfFragments) {
  std::string bytes = client_frame(0x01, "");
  for (std::uint32_t i = 0; i < fragments_max; ++i) {
    bytes += client_frame(0x00, "");
  }
  EXPECT_EQ(decode(bytes).violation, close_too_big);
}

TEST(Decoder, ChecksUtf8AcrossFragments) {
  EXPECT_EQ(decode(client_frame(0x01, "\xE2\x82") + client_frame(0x80, "\xAC")).log, Log{"text:€"});
  EXPECT_EQ(decode(client_frame(0x01, "\xE2\x82") + client_frame(0x80, "x")).violation,
            close_invalid_payload);
  EXPECT_EQ(decode(client_frame(0x01, "ok") + client_frame(0x80, "\xE2\x82")).violation,
            close_invalid_payload);
  EXPECT_EQ(decode(client_frame(0x81, "\xFF")).violation, close_invalid_payload);
  EXPECT_EQ(decode(client_frame(0x82, "\xFF")).log,
            Log{"binary:\xFF"});  // binary may hold anything
  EXPECT_EQ(decode(client_frame(0x01, "\xFF")).violation,
            close_invalid_payload);  // without waiting for the end
}

TEST(Decoder, ChecksCloseFrames) {
  EXPECT_EQ(decode(client_frame(0x88, "")).log, Log{"close:1005:"});
  EXPECT_EQ(decode(client_frame(0x88, close_payload(1000, "bye"))).log, Log{"close:1000:bye"});
  EXPECT_EQ(decode(client_frame(0x88, close_payload(4999, ""))).log, Log{"close:4999:"});
  EXPECT_EQ(decode(client_frame(0x88, "x")).violation, close_protocol_error);
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{
           0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65'535}) {
    EXPECT_EQ(decode(client_frame(0x88, close_payload(code, ""))).violation, close_protocol_error)
        << code;
  }
  EXPECT_EQ(decode(client_frame(0x88, close_payload(1000, "\xFF"))).violation,
            close_invalid_payload);
}

TEST(Decoder, HearsNothingAfterAClose) {
  const std::string bytes =
      client_frame(0x88, close_payload(1000, "")) + client_frame(0x81, "late");
  EXPECT_EQ(decode(bytes).log, Log{"close:1000:"});
  EXPECT_EQ(decode(bytes, 1).log, Log{"close:1000:"});
}

TEST(Decoder, HoldsOnlyUnfinishedMessages) {
  Heard heard;
  Decoder decoder(Role::Server, limit);
  std::string bytes = client_frame(0x82, std::string(60'000, 'x'));
  EXPECT_FALSE(decoder.feed(std::span(bytes), heard));
  EXPECT_EQ(decoder.held_bytes(), 0U);
  std::string first = client_frame(0x02, "abc");
  EXPECT_FALSE(decoder.feed(std::span(first), heard));
  EXPECT_EQ(decoder.held_bytes(), 3U);
}

TEST(Encoder, WritesTheShortestHeader) {
  EXPECT_EQ(encode_frame(Opcode::Text, "Hello"), raw({0x81, 0x05}) + "Hello");
  EXPECT_EQ(encode_frame(Opcode::Binary, std::string(126, 'x')).substr(0, 4),
            raw({0x82, 126, 0, 126}));
  EXPECT_EQ(encode_frame(Opcode::Binary, std::string(65'536, 'x')).substr(0, 10),
            raw({0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(encode_frame(Opcode::Text, "Hi", mask),
            raw({0x81, 0x82, 0x12, 0x34, 0x56, 0x78, 'H' ^ 0x12, 'i' ^ 0x34}));
}

TEST(Encoder, CutsCloseReasonsBetweenCharacters) {
  const std::string payload = close_payload(1000, std::string(122, 'a') + "€");
  EXPECT_EQ(payload.size(), 124U);
  EXPECT_TRUE(is_utf8(payload.substr(2)));
  EXPECT_EQ(close_payload(1000, std::string(123, 'a')).size(), 125U);
}

TEST(Mask, GoesOnWhereItStopped) {
  std::string whole = "The quick brown fox jumps over the lazy dog";
  std::string parts = whole;
  apply_mask(whole, mask, 0);
  apply_mask(std::span(parts).first(5), mask, 0);
  apply_mask(std::span(parts).subspan(5), mask, 5);
  EXPECT_EQ(whole, parts);
}

RC_GTEST_PROP(Decoder, DoesNotDependOnTheSegmentation, ()) {
  const auto messages = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::inRange<char>('a', 'z')));
  std::string bytes;
  Log expected;
  for (const auto& message : messages) {
    const auto key = *rc::gen::arbitrary<std::uint32_t>();
    const auto cut = *rc::gen::inRange<std::size_t>(0, message.size() + 1);
    bytes += client_frame(0x01, message.substr(0, cut), key);
    if (*rc::gen::arbitrary<bool>()) {
      bytes += client_frame(0x89, "p", key);
      expected.emplace_back("ping:p");
    }
    bytes += client_frame(0x80, message.substr(cut), key);
    expected.push_back("text:" + message);
  }
  Heard heard;
  Decoder decoder(Role::Server, limit);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t step =
        std::min<std::size_t>(*rc::gen::inRange<std::size_t>(1, 20), bytes.size() - at);
    RC_ASSERT(!decoder.feed(std::span(bytes).subspan(at, step), heard));
    at += step;
  }
  RC_ASSERT(heard.log == expected);
}

RC_GTEST_PROP(Decoder, TakesAnyBytesTheSameWayInAnySegmentation,
              (const std::vector<unsigned char>& noise)) {
  const std::string bytes(noise.begin(), noise.end());
  const Outcome whole = decode(bytes);
  const Outcome single = decode(bytes, 1);
  RC_ASSERT(whole.log == single.log);
  RC_ASSERT(whole.violation == single.violation);
}

}  // namespace
}  // namespace transport_ws::frame
