// tests/plugins/transport_ws/frame/outbox_test.cpp - bounds, policies, order and control frames.
#include "frame/outbox.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace transport_ws::frame {
namespace {

using Put = Outbox::Put;

Frame frame_of(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

// Writes everything, `step` bytes at a time, and says what came out.
std::string drain(Outbox& outbox, std::size_t step = 1000) {
  std::string out;
  std::array<std::string_view, 4> pieces;
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
  return out;
}

TEST(Outbox, KeepsTheOrderWhateverTheWritesAre) {
  for (const std::size_t step : {1U, 3U, 1000U}) {
    Outbox outbox(1000, Policy::Close);
    std::string expected;
    for (int i = 0; i < 40; ++i) {
      const std::string text = "<" + std::to_string(i) + ">";
      EXPECT_EQ(outbox.put_answer(frame_of(text)), Put::Queued);
      expected += text;
    }
    EXPECT_EQ(drain(outbox, step), expected);
    EXPECT_EQ(outbox.bytes(), 0U);
  }
}

TEST(Outbox, PutsWhatHasBegunToLeaveBeforeEverything) {
  Outbox outbox(100, Policy::Close);
  outbox.put_pong("<pong>");
  EXPECT_EQ(outbox.put_answer(frame_of("<late>")), Put::Queued);
  outbox.put_begun("<one><two>", 7);
  EXPECT_EQ(outbox.bytes(), 16U);
  EXPECT_EQ(drain(outbox, 2), "wo><pong><late>");
  EXPECT_EQ(outbox.bytes(), 0U);
}

TEST(Outbox, IsBoundedInBytes) {
  Outbox outbox(10, Policy::Close);
  EXPECT_EQ(outbox.put_event(frame_of("12345678")), Put::Queued);
  EXPECT_FALSE(outbox.full());
  EXPECT_EQ(outbox.put_event(frame_of("abc")),
            Put::Queued);  // the bound may be passed by one message
  EXPECT_TRUE(outbox.full());
  EXPECT_EQ(outbox.put_event(frame_of("x")), Put::Refused);
  EXPECT_EQ(outbox.put_answer(frame_of("x")), Put::Refused);
  EXPECT_EQ(drain(outbox), "12345678abc");
  EXPECT_EQ(outbox.put_event(frame_of("x")), Put::Queued);
}

TEST(Outbox, DropsTheNewestEvent) {
  Outbox outbox(4, Policy::DropNewest);
  EXPECT_EQ(outbox.put_event(frame_of("aaaa")), Put::Queued);
  EXPECT_EQ(outbox.put_event(frame_of("bbbb")), Put::Dropped);
  EXPECT_EQ(outbox.put_answer(frame_of("c")),
            Put::Refused);  // answers are never dropped in silence
  EXPECT_EQ(outbox.dropped(), 1U);
  EXPECT_EQ(drain(outbox), "aaaa");
}

TEST(Outbox, DropsTheOldestEventsButNeitherAnswersNorWhatIsLeaving) {
  Outbox outbox(8, Policy::DropOldest);
  std::array<std::string_view, 4> pieces;
  EXPECT_EQ(outbox.put_event(frame_of("aaaa")), Put::Queued);
  ASSERT_EQ(outbox.gather(pieces), 1U);
  outbox.written(1);  // a has begun to leave
  EXPECT_EQ(outbox.put_answer(frame_of("R")), Put::Queued);
  EXPECT_EQ(outbox.put_event(frame_of("bbbb")), Put::Queued);
  EXPECT_EQ(outbox.put_event(frame_of("cccc")), Put::Queued);
  EXPECT_EQ(outbox.dropped(), 1U);
  EXPECT_EQ(drain(outbox), "aaaRcccc");
}

TEST(Outbox, PutsControlFramesFirstButNeverInsideAFrame) {
  Outbox outbox(4, Policy::Close);
  std::array<std::string_view, 4> pieces;
  EXPECT_EQ(outbox.put_event(frame_of("aaaa")), Put::Queued);
  ASSERT_EQ(outbox.gather(pieces), 1U);
  outbox.written(2);
  outbox.put_ping("I");
  outbox.put_pong("O");
  EXPECT_EQ(drain(outbox), "aaOI");
}

TEST(Outbox, KeepsOnePongHoweverManyPingsCome) {
  Outbox outbox(4, Policy::Close);
  for (int i = 0; i < 1000; ++i) {
    outbox.put_pong("O" + std::to_string(i));
  }
  EXPECT_EQ(outbox.bytes(), 0U);
  EXPECT_EQ(drain(outbox), "O999");
}

TEST(Outbox, ClosesAfterOrInsteadOfWhatIsQueued) {
  Outbox after(100, Policy::Close);
  EXPECT_EQ(after.put_event(frame_of("data")), Put::Queued);
  after.put_close("X", /*now=*/false);
  EXPECT_EQ(drain(after), "dataX");

  Outbox instead(100, Policy::Close);
  std::array<std::string_view, 4> pieces;
  EXPECT_EQ(instead.put_event(frame_of("data")), Put::Queued);
  EXPECT_EQ(instead.put_event(frame_of("more")), Put::Queued);
  ASSERT_EQ(instead.gather(pieces), 2U);
  instead.written(1);
  instead.put_close("X", /*now=*/true);
  EXPECT_EQ(drain(instead), "ataX");  // the frame that has begun is finished
  EXPECT_EQ(instead.bytes(), 0U);
}

}  // namespace
}  // namespace transport_ws::frame
