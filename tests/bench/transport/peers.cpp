// tests/bench/transport/peers.cpp - Beast and websocketpp in processes of their own.
#include "tests/bench/transport/peers.hpp"

#include <filesystem>
#include <utility>

#include "tests/bench/ours/place.hpp"
#include "tests/bench/race/measure.hpp"
#include "tests/bench/transport/ours.hpp"

namespace bench {

namespace {

constexpr unsigned pipelined = 16;

struct Peer {
  const char* name;
  const char* program;
};

std::vector<Peer> peers() {
  return {
      {"Beast", "bench-server-beast"},
#ifdef BENCH_HAS_WEBSOCKETPP
      {"websocketpp", "bench-server-websocketpp"},
#endif
  };
}

std::shared_ptr<Server> start(const Peer& peer, const char* mode) {
  return std::make_shared<Server>(
      std::vector<std::string>{(own_folder() / peer.program).string(), mode});
}

std::shared_ptr<Clients> crowd_of(const Server& server, unsigned under_way) {
  auto clients = std::make_shared<Clients>(server.port(), "/", crowd);
  clients->speak(text_frame(sample_text(), Sender::client),
                 text_frame(sample_text(), Sender::server), under_way);
  return clients;
}

template <typename Work>
Sample costed(const Server& server, Work work) {
  const std::uint64_t spent = server.processor_ns();
  const std::uint64_t begin = bench_now_ns();
  const std::uint64_t done = work();
  const std::uint64_t end = bench_now_ns();
  return {per_operation(spent, server.processor_ns(), done), per_operation(begin, end, done)};
}

}  // namespace

Round echo_round(std::shared_ptr<Server> server, std::shared_ptr<Clients> clients) {
  return [server = std::move(server), clients = std::move(clients)](std::uint64_t count) {
    return costed(*server, [&] { return clients->echo(count); });
  };
}

Round broadcast_round(std::shared_ptr<Server> server, std::shared_ptr<Clients> clients) {
  return [server = std::move(server), clients = std::move(clients)](std::uint64_t count) {
    return costed(*server, [&] { return clients->broadcast(count); });
  };
}

Round idle_round(std::function<std::shared_ptr<Server>()> start, const std::string& path,
                 unsigned connections) {
  return [start = std::move(start), path, connections](std::uint64_t /*count*/) {
    const auto server = start();
    // One connection first: what the server makes only once is not theirs.
    const Clients first(server->port(), path, 1);
    const std::uint64_t before = server->private_bytes();
    const Clients all(server->port(), path, connections);
    const std::uint64_t after = server->private_bytes();
    return Sample{static_cast<double>(after - std::min(before, after)) / connections};
  };
}

Contenders peer_contenders(unsigned idle) {
  Contenders contenders;
  for (const Peer& peer : peers()) {
    const auto echo = [peer](unsigned under_way) {
      return [peer, under_way]() -> Round {
        auto server = start(peer, "echo");
        auto clients = crowd_of(*server, under_way);
        return echo_round(std::move(server), std::move(clients));
      };
    };
    for (const char* row : {"echo_16", "echo_bus", "gateway"}) {
      contenders.push_back({row, peer.name, echo(pipelined)});
    }
    contenders.push_back({"echo_1", peer.name, echo(1)});
    contenders.push_back({"broadcast", peer.name, [peer]() -> Round {
                            auto server = start(peer, "broadcast");
                            auto clients = crowd_of(*server, pipelined);
                            return broadcast_round(std::move(server), std::move(clients));
                          }});
    contenders.push_back({"idle_connection", peer.name,
                          [peer, idle]() -> Round {
                            return idle_round([peer] { return start(peer, "echo"); }, "/", idle);
                          },
                          1});
  }
  return contenders;
}

std::vector<std::string> absent_peers() {
#ifdef BENCH_HAS_WEBSOCKETPP
  return {};
#else
  return {"websocketpp: needs libwebsocketpp-dev"};
#endif
}

}  // namespace bench
