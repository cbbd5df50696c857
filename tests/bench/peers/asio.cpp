// tests/bench/peers/asio.cpp - Boost.Asio: its concurrent channel, and a request between two
// coroutines.
#include <memory>
#include <thread>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/measure.hpp"

namespace bench {

namespace {

namespace asio = boost::asio;
using Small = Message<16>;
using Channel = asio::experimental::concurrent_channel<void(boost::system::error_code, Small)>;

Sample one_thread(std::uint64_t count) {
  asio::io_context context;
  Channel channel(context, capacity);
  return push_and_pop(
      count, sizeof(Small),
      [&](std::uint64_t seq) {
        Small message;
        message.fill(seq);
        channel.try_send(boost::system::error_code(), message);
      },
      [&](std::uint64_t& sum) {
        return channel.try_receive([&sum](boost::system::error_code, const Small& message) {
          sum += message.sum();
        })
                   ? 1U
                   : 0U;
      });
}

asio::awaitable<void> serve(Channel& requests, Channel& replies, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    Small message = co_await requests.async_receive(asio::use_awaitable);
    for (std::uint64_t& word : message.words) {
      ++word;
    }
    co_await replies.async_send(boost::system::error_code(), message, asio::use_awaitable);
  }
}

asio::awaitable<void> ask(Channel& requests, Channel& replies, std::uint64_t count,
                          std::uint64_t& sum) {
  for (std::uint64_t seq = 0; seq < count; ++seq) {
    Small message;
    message.fill(seq);
    co_await requests.async_send(boost::system::error_code(), message, asio::use_awaitable);
    const Small reply = co_await replies.async_receive(asio::use_awaitable);
    sum += reply.sum();
  }
}

Sample request(std::uint64_t count) {
  asio::io_context context(2);
  Channel requests(context, 1);
  Channel replies(context, 1);
  std::uint64_t sum = 0;
  asio::co_spawn(context, serve(requests, replies, count), asio::detached);
  asio::co_spawn(context, ask(requests, replies, count, sum), asio::detached);
  const std::uint64_t begin = bench_now_ns();
  std::thread other([&context] { context.run(); });
  context.run();
  const std::uint64_t end = bench_now_ns();
  other.join();
  expect_equal(sum, bench_expected(count, sizeof(Small)) + count * 2, "checksum of replies");
  return {per_operation(begin, end, count), 0};
}

}  // namespace

Contenders asio_contenders() {
  return {{"one_thread", "Asio concurrent_channel", []() -> Round { return one_thread; }},
          {"call_queued", "Asio coroutines", []() -> Round { return request; }}};
}

}  // namespace bench
