// tests/plugins/transport_ws/tcp/decoder_test.cpp - lines and lengths, whatever they are cut into,
// and what is refused.
#include "tcp/decoder.hpp"

#include <algorithm>
#include <concepts>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "frame/utf8.hpp"

namespace transport_ws::tcp {
namespace {

constexpr std::uint64_t limit = 16;

struct Heard final : Decoder::Sink {
  bool on_message(std::string_view payload) override {
    log.emplace_back(payload);
    return log.size() < stop_at;
  }

  std::vector<std::string> log;
  std::size_t stop_at = 1'000'000;
};

struct Outcome {
  std::vector<std::string> log;
  std::uint16_t violation = 0;
  bool within = false;

  bool operator==(const Outcome&) const = default;
};

// `next_piece()`: how many bytes come at once.
template <std::invocable NextPiece>
Outcome decode(Framing framing, std::string_view bytes, NextPiece next_piece) {
  Heard heard;
  Decoder decoder(framing, limit);
  Outcome outcome;
  while (!bytes.empty() && outcome.violation == 0) {
    const std::string_view piece = bytes.substr(0, next_piece());
    bytes.remove_prefix(piece.size());
    if (const auto violation = decoder.feed(piece, heard)) {
      outcome.violation = violation->code;
    }
    EXPECT_LE(decoder.held_bytes(), limit + 1);
  }
  outcome.log = heard.log;
  outcome.within = outcome.violation == 0 && decoder.within_message();
  return outcome;
}

Outcome decode(Framing framing, std::string_view bytes, std::size_t step = 1'000'000) {
  return decode(framing, bytes, [step] { return step; });
}

std::string with_length(std::string_view payload) {
  const auto length = encode_length(static_cast<std::uint32_t>(payload.size()));
  return std::string(length.data(), length.size()).append(payload);
}

using Log = std::vector<std::string>;

TEST(TcpDecoder, ReadsLines) {
  for (const std::size_t step : {1U, 2U, 5U, 1000U}) {
    const auto outcome =
        decode(Framing::Line, "one\ntwo\r\n\n\r\nan\rd\r\r\ngr\xc3\xbc\nhal", step);
    EXPECT_EQ(outcome.log, (Log{"one", "two", "", "", "an\rd\r", "gr\xc3\xbc"})) << step;
    EXPECT_TRUE(outcome.within);
    EXPECT_EQ(outcome.violation, 0U);
  }
}

TEST(TcpDecoder, ReadsLengths) {
  const std::string binary("\0\xff\n", 3);
  for (const std::size_t step : {1U, 2U, 5U, 1000U}) {
    const auto outcome =
        decode(Framing::Length, with_length("one") + with_length("") + with_length(binary), step);
    EXPECT_EQ(outcome.log, (Log{"one", "", binary})) << step;
    EXPECT_FALSE(outcome.within);
  }
  EXPECT_TRUE(decode(Framing::Length, std::string(1, '\0')).within);
}

TEST(TcpDecoder, TakesMessagesUpToTheLimit) {
  const std::string largest(limit, 'x');
  for (const std::size_t step : {1U, 7U, 1000U}) {
    EXPECT_EQ(decode(Framing::Line, largest + "\n", step).log, Log{largest});
    EXPECT_EQ(decode(Framing::Line, largest + "\r\n", step).log, Log{largest});
    EXPECT_EQ(decode(Framing::Length, with_length(largest), step).log, Log{largest});
    EXPECT_EQ(decode(Framing::Line, largest + "x\n", step).violation, 1009U);
    EXPECT_EQ(decode(Framing::Line, largest + "\r\r\n", step).violation, 1009U);
    EXPECT_EQ(decode(Framing::Length, with_length(largest + "x"), step).violation, 1009U);
  }
}

TEST(TcpDecoder, RefusesBeforeItKeeps) {
  Heard heard;
  Decoder lines(Framing::Line, limit);
  EXPECT_FALSE(lines.feed(std::string(limit, 'x'), heard));
  EXPECT_EQ(lines.feed("x", heard)->code, 1009U);  // no LF was needed to know
  Decoder lengths(Framing::Length, limit);
  EXPECT_EQ(lengths.feed("\xff\xff\xff\xff", heard)->code, 1009U);
  EXPECT_EQ(lengths.held_bytes(), 0U);
  EXPECT_TRUE(heard.log.empty());
}

TEST(TcpDecoder, RefusesLinesThatAreNotUtf8) {
  for (const std::size_t step : {1U, 1000U}) {
    const auto outcome = decode(Framing::Line,
                                "good\nb\xff"
                                "d\nlate\n",
                                step);
    EXPECT_EQ(outcome.log, Log{"good"});
    EXPECT_EQ(outcome.violation, 1007U);
    EXPECT_EQ(decode(Framing::Line, "\xc3\n\xbc\n", step).violation, 1007U);
  }
}

TEST(TcpDecoder, StopsWhenItIsTold) {
  for (const auto framing : {Framing::Line, Framing::Length}) {
    const std::string two =
        framing == Framing::Line ? "a\nb\n" : with_length("a") + with_length("b");
    Heard heard;
    heard.stop_at = 1;
    Decoder decoder(framing, limit);
    EXPECT_FALSE(decoder.feed(two, heard));
    EXPECT_FALSE(decoder.feed(two, heard));
    EXPECT_EQ(heard.log, Log{"a"});
  }
}

TEST(TcpDecoder, GivesBackWhatItHeld) {
  for (const auto framing : {Framing::Line, Framing::Length}) {
    const std::string one = framing == Framing::Line ? "message\n" : with_length("message");
    Heard heard;
    Decoder decoder(framing, limit);
    EXPECT_FALSE(decoder.feed(std::string_view(one).substr(0, 6), heard));
    EXPECT_GT(decoder.held_bytes(), 0U);
    EXPECT_FALSE(decoder.feed(std::string_view(one).substr(6), heard));
    EXPECT_EQ(decoder.held_bytes(), 0U);
    EXPECT_FALSE(decoder.within_message());
  }
}

TEST(TcpDecoder, EncodesLengths) {
  const auto text = [](std::uint32_t bytes) {
    const auto encoded = encode_length(bytes);
    return std::string(encoded.data(), encoded.size());
  };
  EXPECT_EQ(text(0), std::string("\0\0\0\0", 4));
  EXPECT_EQ(text(0x01020304), "\1\2\3\4");
  EXPECT_EQ(text(0xFFFFFFFF), "\xff\xff\xff\xff");
}

RC_GTEST_PROP(TcpDecoder, DoesNotDependOnTheSegmentation, (bool lines)) {
  const auto texts = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::inRange<char>('a', 'z')));
  std::string bytes;
  Log expected;
  for (const auto& text : texts) {
    const std::string message = text.substr(0, limit);
    bytes +=
        !lines ? with_length(message) : message + (*rc::gen::arbitrary<bool>() ? "\r\n" : "\n");
    expected.push_back(message);
  }
  const auto outcome = decode(lines ? Framing::Line : Framing::Length, bytes,
                              [] { return *rc::gen::inRange<std::size_t>(1, 20); });
  RC_ASSERT(outcome.log == expected);
  RC_ASSERT(outcome.violation == 0U);
  RC_ASSERT(!outcome.within);
}

// Bytes that mean something to one of the framings come often.
RC_GTEST_PROP(TcpDecoder, TakesAnyBytesTheSameWayInAnySegmentation, (bool lines)) {
  const auto noise = *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::element('\n', '\r', '\0', '\1', 'x')));
  const Framing framing = lines ? Framing::Line : Framing::Length;
  const Outcome whole = decode(framing, noise);
  RC_ASSERT(whole == decode(framing, noise, 1));
  RC_ASSERT(whole == decode(framing, noise, [] { return *rc::gen::inRange<std::size_t>(1, 9); }));
  for (const auto& message : whole.log) {
    RC_ASSERT(message.size() <= limit);
    RC_ASSERT(!lines || frame::is_utf8(message));
  }
}

}  // namespace
}  // namespace transport_ws::tcp
