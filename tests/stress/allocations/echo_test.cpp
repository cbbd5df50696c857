// tests/stress/allocations/echo_test.cpp - what a message to an echo route takes from the heap,
// after a warm-up: nothing, neither one at a time nor in bursts.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "tests/plugins/transport_ws/raw_client.hpp"
#include "tests/plugins/transport_ws/server/test_server.hpp"
#include "tests/stress/allocations/counting.hpp"

namespace transport_ws {
namespace {

constexpr int warm_up_rounds = 500;
constexpr int rounds = 5'000;

// The client is counted with the rest of the process, so it sends what is ready and looks at
// nothing that comes.
class Caller final : public RawClient {
 public:
  using RawClient::RawClient;

  bool skip(std::size_t bytes) {
    while (bytes > 0) {
      const std::size_t most = std::min(bytes, room_.size());
      const ssize_t got = await_readable() ? get(std::span(room_).first(most)) : 0;
      if (got <= 0) {
        return false;
      }
      bytes -= static_cast<std::size_t>(got);
    }
    return true;
  }

 private:
  std::array<char, 65'536> room_{};
};

struct Burst {
  std::size_t payload_bytes;
  int messages;  // in one write
};

class EchoAllocations : public ::testing::TestWithParam<Burst> {};

TEST_P(EchoAllocations, AreNone) {
  server::TestServer server([](server::Settings& settings) {
    route::Route route;
    route.name = "echo";
    route.path = "/echo";
    route.to = route::To::Echo;
    route.session = settings.session;
    settings.routes.push_back(route);
  });
  Caller client(server.port());
  ASSERT_EQ(client.shake_hands({}, "/echo"), 101U);
  client.settle();
  const std::string payload(GetParam().payload_bytes, 'p');
  std::string asked;
  std::size_t answer_bytes = 0;
  for (int i = 0; i < GetParam().messages; ++i) {
    asked += frame::encode_frame(frame::Opcode::Text, payload, 0x01020304U);
    answer_bytes += frame::encode_frame(frame::Opcode::Text, payload).size();
  }
  const auto play = [&](int count) {
    bool well = true;
    for (int i = 0; i < count && well; ++i) {
      well = client.send(asked) && client.skip(answer_bytes);
    }
    return well;
  };
  ASSERT_TRUE(play(warm_up_rounds));
  stress::count_allocations();
  const bool well = play(rounds);
  const std::uint64_t taken = stress::counted_allocations();
  EXPECT_TRUE(well);
  EXPECT_EQ(taken, 0U) << "in " << rounds << " rounds of " << GetParam().messages;
}

INSTANTIATE_TEST_SUITE_P(OfMessages, EchoAllocations,
                         ::testing::Values(Burst{16, 1}, Burst{1'000, 1}, Burst{16, 64},
                                           Burst{1'000, 16}));

}  // namespace
}  // namespace transport_ws
