// tests/plugins/transport_ws/net/watched_stream_test.cpp - reading until there is no more, writing
// until there is no room; plain and secured alike.
#include "net/watched_stream.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../own_loop.hpp"
#include "../tls/paper.hpp"

namespace transport_ws::net {
namespace {

class WatchedStreamTest : public ::testing::TestWithParam<bool>,
                          protected OwnLoop,
                          private Readiness::Watcher {
 protected:
  void SetUp() override {
    Acceptor acceptor(context, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    Socket there(context);
    there.connect(acceptor.local_endpoint());
    Socket here(acceptor.accept());
    std::unique_ptr<Stream> near;
    if (GetParam()) {
      near = std::make_unique<Stream>(std::move(here), *tls::Context::make(office.server));
      far = std::make_unique<Stream>(std::move(there), *tls::Context::make(office.client),
                                     "localhost");
    } else {
      near = std::make_unique<Stream>(std::move(here));
      far = std::make_unique<Stream>(std::move(there));
    }
    ErrorCode failure;
    (void)near->non_blocking(true, failure);
    (void)far->non_blocking(true, failure);
    while (far->shaking_hands() || near->shaking_hands()) {
      far->handshake(failure);
      near->handshake(failure);
    }
    stream = std::make_unique<WatchedStream>(context, std::move(*near));
  }

  void watch() {
    ErrorCode failure;
    stream->watch(*this, failure);
    ASSERT_FALSE(failure) << failure.message();
  }

  void say(std::string_view text) {
    ErrorCode failure;
    ASSERT_EQ(far->write_some(asio::buffer(text), failure), text.size());
  }

  // One read a turn, as sessions do.
  void on_ready(std::uint32_t events) override {
    stream->note(events);
    if (!stream->readable()) {
      return;
    }
    std::vector<char> room(room_bytes);
    arrived.append(room.data(), stream->read_some(room, end));
    if (stream->readable()) {
      stream->again();
    }
  }

  tls::Office office;
  std::unique_ptr<Stream> far;
  std::unique_ptr<WatchedStream> stream;
  std::string arrived;
  ErrorCode end;
  std::size_t room_bytes = 65'536;
};

TEST_P(WatchedStreamTest, ReadsWhatCameBeforeAndAfter) {
  say("before, ");
  watch();
  ASSERT_TRUE(run_until([&] { return arrived == "before, "; }));
  say("after");
  EXPECT_TRUE(run_until([&] { return arrived == "before, after"; }));
}

TEST_P(WatchedStreamTest, ReadsEverythingThroughASmallBuffer) {
  room_bytes = 7;
  const std::string all(1'000, 'x');
  say(all);
  watch();
  EXPECT_TRUE(run_until([&] { return arrived.size() >= all.size(); }));
  EXPECT_EQ(arrived, all);
}

// The end arrives with the last bytes: one edge for both.
TEST_P(WatchedStreamTest, FindsTheEndBehindTheLastBytes) {
  say("bye");
  ErrorCode ignored;
  (void)far->shutdown(Socket::shutdown_both, ignored);
  watch();
  EXPECT_TRUE(run_until([&] { return end == asio::error::eof; }));
  EXPECT_EQ(arrived, "bye");
}

TEST_P(WatchedStreamTest, WritesAllPiecesInOrder) {
  watch();
  const std::array<asio::const_buffer, 3> pieces{asio::buffer("one ", 4), asio::buffer("", 0),
                                                 asio::buffer("two", 3)};
  ErrorCode failure;
  EXPECT_EQ(stream->write_some(pieces, failure), 7U);
  EXPECT_FALSE(failure);
  std::string got;
  std::array<char, 64> room{};
  ASSERT_TRUE(run_until([&] {
    got.append(room.data(), far->read_some(asio::buffer(room), failure));
    return got.size() >= 7;
  }));
  EXPECT_EQ(got, "one two");
}

TEST_P(WatchedStreamTest, IsWritableAgainWhenTheOtherSideHasRead) {
  watch();
  const std::string piece(1U << 20U, 'x');
  const asio::const_buffer all = asio::buffer(piece);
  ErrorCode failure;
  std::size_t sent = 0;
  while (stream->writable() && !failure) {
    sent += stream->write_some({&all, 1}, failure);
    if (stream->unsent()) {
      failure = asio::error::would_block;
      (void)stream->write_some({}, failure);
    }
  }
  EXPECT_EQ(failure, asio::error::would_block);
  EXPECT_FALSE(stream->writable());
  std::vector<char> room(1U << 20U);
  EXPECT_TRUE(run_until([&] {
    ErrorCode ignored;
    (void)far->read_some(asio::buffer(room), ignored);
    return stream->writable();
  }));
  EXPECT_GT(sent, 0U);
}

TEST_P(WatchedStreamTest, TellsNobodyAfterItsEnd) {
  watch();
  ASSERT_TRUE(run_until([&] {
    say("x");
    return !arrived.empty();
  }));
  arrived.clear();
  stream->again();
  stream->close();
  stream->close();  // once is enough, twice is nothing
  context.restart();
  context.run();  // returns: nothing is waited for
  EXPECT_TRUE(arrived.empty());
}

INSTANTIATE_TEST_SUITE_P(Both, WatchedStreamTest, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "Secured" : "Plain"; });

}  // namespace
}  // namespace transport_ws::net
