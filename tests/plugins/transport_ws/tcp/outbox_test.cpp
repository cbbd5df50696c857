// tests/plugins/transport_ws/tcp/outbox_test.cpp - shared frames leave as lines or with lengths;
// bounds and policies.
#include "tcp/outbox.hpp"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::tcp {
namespace {

using frame::Opcode;
using frame::Policy;
using Put = Outbox::Put;

Message message(std::string_view text, Opcode opcode = Opcode::Text) {
  return payload_of(std::make_shared<const std::string>(frame::encode_frame(opcode, text)));
}

// Writes everything, `step` bytes at a time, and says what came out.
std::string drain(Outbox& outbox, std::size_t step = 1'000'000) {
  std::string out;
  std::array<std::string_view, 5> pieces;
  while (!outbox.empty()) {
    std::string gathered;
    const std::size_t count = outbox.gather(pieces);
    for (std::size_t i = 0; i < count; ++i) {
      gathered += pieces[i];
    }
    gathered.resize(std::min(gathered.size(), step));
    outbox.written(gathered.size());
    out += gathered;
  }
  EXPECT_EQ(outbox.bytes(), 0U);
  return out;
}

TEST(TcpOutbox, StepsOverTheHeaderOfAFrame) {
  for (const std::size_t bytes : {0U, 1U, 125U, 126U, 65'535U, 65'536U, 70'000U}) {
    const std::string payload(bytes, 'p');
    EXPECT_EQ(message(payload).payload(), payload);
    EXPECT_EQ(message(payload, Opcode::Binary).payload(), payload);
  }
  EXPECT_TRUE(is_text(message("a").bytes));
  EXPECT_FALSE(is_text(message("a", Opcode::Binary).bytes));
  EXPECT_EQ((Message{std::make_shared<const std::string>("own")}.payload()), "own");
}

TEST(TcpOutbox, KeepsTheOrderWhateverTheWritesAre) {
  for (const auto framing : {Framing::Line, Framing::Length}) {
    for (const std::size_t step : {1U, 3U, 1000U}) {
      Outbox outbox(framing, 1000, Policy::Close);
      std::string expected;
      for (int i = 0; i < 40; ++i) {
        const std::string text(static_cast<std::size_t>(i), 't');
        const auto put =
            i % 2 == 0 ? outbox.put_answer(message(text)) : outbox.put_event(message(text));
        EXPECT_EQ(put, Put::Queued);
        const auto length = encode_length(static_cast<std::uint32_t>(text.size()));
        expected += framing == Framing::Line ? text + "\n"
                                             : std::string(length.data(), length.size()) + text;
      }
      EXPECT_EQ(outbox.bytes(), expected.size());
      EXPECT_EQ(drain(outbox, step), expected);
    }
  }
}

TEST(TcpOutbox, IsBoundedInBytesAsTheyLeave) {
  Outbox lines(Framing::Line, 10, Policy::Close);
  EXPECT_EQ(lines.put_answer(message("12345678")), Put::Queued);
  EXPECT_FALSE(lines.full());  // nine with the line end
  EXPECT_EQ(lines.put_answer(message("")), Put::Queued);
  EXPECT_TRUE(lines.full());
  EXPECT_EQ(lines.put_answer(message("more")), Put::Refused);
  EXPECT_EQ(lines.put_event(message("more")), Put::Refused);
  EXPECT_EQ(drain(lines), "12345678\n\n");
  Outbox lengths(Framing::Length, 10, Policy::Close);
  EXPECT_EQ(lengths.put_event(message("123456")), Put::Queued);
  EXPECT_TRUE(lengths.full());
}

TEST(TcpOutbox, DropsTheNewest) {
  Outbox outbox(Framing::Line, 10, Policy::DropNewest);
  EXPECT_EQ(outbox.put_event(message("123456789")), Put::Queued);
  EXPECT_EQ(outbox.put_event(message("new")), Put::Dropped);
  EXPECT_EQ(outbox.dropped(), 1U);
  EXPECT_EQ(drain(outbox), "123456789\n");
}

TEST(TcpOutbox, DropsTheOldestEventsOnly) {
  Outbox outbox(Framing::Line, 22, Policy::DropOldest);
  EXPECT_EQ(outbox.put_event(message("begun")), Put::Queued);
  outbox.written(2);
  EXPECT_EQ(outbox.put_answer(message("answer")), Put::Queued);
  EXPECT_EQ(outbox.put_event(message("old, too")), Put::Queued);
  EXPECT_EQ(outbox.put_event(message("older")), Put::Queued);
  EXPECT_EQ(outbox.put_event(message("new")), Put::Queued);
  EXPECT_EQ(outbox.dropped(), 1U);
  EXPECT_EQ(drain(outbox), "gun\nanswer\nolder\nnew\n");
}

TEST(TcpOutbox, EndsWithTheLastWords) {
  Outbox outbox(Framing::Line, 10, Policy::Close);
  EXPECT_EQ(outbox.put_event(message("begun")), Put::Queued);
  EXPECT_EQ(outbox.put_event(message("waiting")), Put::Queued);
  outbox.written(1);
  outbox.drop_waiting();
  outbox.put_anyway(Message{std::make_shared<const std::string>("a last one, however long")});
  EXPECT_EQ(drain(outbox), "egun\na last one, however long\n");
  outbox.drop_waiting();
  EXPECT_TRUE(outbox.empty());
}

}  // namespace
}  // namespace transport_ws::tcp
