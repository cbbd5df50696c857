// tests/bench/transport/ours.cpp - manifests for the daemon, and rounds on its routes.
#include "tests/bench/transport/ours.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/transport/peers.hpp"
#include "tests/bench/transport/stored.hpp"

namespace bench {

namespace {

constexpr unsigned pipelined = 16;

std::string plugin(const char* library, const std::string& config) {
  return fmt::format(R"({{"library":"{}","config":{{{}}}}})", library, config);
}

std::string transport(const std::string& more_routes = {}) {
  return plugin(BENCH_TRANSPORT,
                R"("listen":"127.0.0.1:0","metrics_listen":"",
                   "limits":{"connections":20000,"connections_per_ip":20000},
                   "routes":{)" +
                    more_routes + R"("gateway":{"path":"/","to":"gateway"},
                             "echo":{"path":"/echo","to":"echo"},
                             "topics":{"path":"/topics","to":"topics","subscribe":["t"],
                                       "publish":["t"]}})");
}

std::string manifest(const std::string& plugins, const std::string& wires) {
  return fmt::format(R"({{"schema":1,"host":{{"data_dir":"var","runtime_dir":"run"}},
"plugins":{{{}}},"wires":[{}]}})",
                     plugins, wires);
}

// The default deployment's wire: seal, then store.
std::string hub() {
  return manifest(
      R"("crypto":)" + plugin(BENCH_CRYPTO, R"("key":{"file":"master.key","create":true})") +
          R"(,"storage":)" + plugin(BENCH_STORAGE, R"("path":"events.db","durability":"os")") +
          R"(,"ws":)" + transport(),
      R"({"from":"events","steps":[
  {"call":"bp.crypto.aead/1.Encrypt","out":"sealed",
   "map":{"plaintext":"/data","associated_text":"/id"}},
  {"call":"bp.storage.records/1.Insert","map":{"id":"/id","name":"/name","category":"/category",
   "data":"$sealed/ciphertext","sealed":{"value":true}}}]})");
}

std::shared_ptr<Server> serve(Place& place, const std::string& text) {
  const std::filesystem::path folder = place.folder("daemon");
  std::ofstream(folder / "plugins.json") << text;
  return std::make_shared<Server>(
      std::vector<std::string>{BENCH_HOST, "serve", "-c", (folder / "plugins.json").string()});
}

std::shared_ptr<Server> serve_transport(Place& place) {
  return serve(place, manifest(R"("ws":)" + transport(), ""));
}

Contender echo(Place& place, const char* row, unsigned under_way) {
  return {row, "backplane", [&place, under_way]() -> Round {
            auto server = serve_transport(place);
            auto clients = std::make_shared<Clients>(server->port(), "/echo", crowd);
            clients->speak(text_frame(sample_text(), Sender::client),
                           text_frame(sample_text(), Sender::server), under_way);
            return echo_round(std::move(server), std::move(clients));
          }};
}

// Each message becomes a record on a channel, and the record that another plugin makes of it
// leaves.
Contender through_bus(Place& place) {
  return {"echo_bus", "backplane", [&place]() -> Round {
            auto server = serve(
                place, manifest(R"("ws":)" + transport(R"("bus":{"path":"/bus","to":"channel"},)") +
                                    R"(,"repeater":)" + plugin(BENCH_REPEATER, ""),
                                ""));
            auto clients = std::make_shared<Clients>(server->port(), "/bus", crowd);
            clients->speak(text_frame(sample_text(), Sender::client),
                           text_frame(sample_text(), Sender::server), pipelined);
            return echo_round(std::move(server), std::move(clients));
          }};
}

// JSON-RPC: each message is read as JSON and answered by the gateway.
Contender gateway(Place& place) {
  return {"gateway", "backplane", [&place]() -> Round {
            auto server = serve_transport(place);
            auto clients = std::make_shared<Clients>(server->port(), "/", crowd);
            clients->speak(
                text_frame(R"({"jsonrpc":"2.0","id":1,"method":"ping"})", Sender::client),
                text_frame(R"({"jsonrpc":"2.0","id":1,"result":"pong"})", Sender::server),
                pipelined);
            return echo_round(std::move(server), std::move(clients));
          }};
}

// Every client follows the topic, and the first publishes. The envelope of the topic comes on top
// of the 64 bytes that the peers send.
Contender topic(Place& place) {
  return {
      "broadcast", "backplane", [&place]() -> Round {
        auto server = serve_transport(place);
        const Clients::Hello follow{
            text_frame(R"({"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"topic":"t"}})",
                       Sender::client),
            text_frame(R"({"jsonrpc":"2.0","id":1,"result":true})", Sender::server)};
        auto clients = std::make_shared<Clients>(server->port(), "/topics", crowd, follow);
        const auto about = [](const char* method) {
          return fmt::format(
              R"({{"jsonrpc":"2.0","method":"{}","params":{{"topic":"t","message":"{}"}}}})",
              method, sample_text());
        };
        clients->speak(text_frame(about("publish"), Sender::client),
                       text_frame(about("topic"), Sender::server), pipelined);
        return broadcast_round(std::move(server), std::move(clients));
      }};
}

}  // namespace

std::string sample_text() {
  std::string text;
  while (text.size() < message_bytes) {
    text += static_cast<char>('a' + text.size() % 26);
  }
  return text;
}

Contenders transport_contenders(Place& place, unsigned idle) {
  return {
      echo(place, "echo_16", pipelined),
      through_bus(place),
      gateway(place),
      echo(place, "echo_1", 1),
      topic(place),
      {"idle_connection", "backplane",
       [&place, idle]() -> Round {
         return idle_round([&place] { return serve_transport(place); }, "/", idle);
       },
       1},
      {"stored", "backplane", [&place]() -> Round { return stored_round(serve(place, hub())); }}};
}

}  // namespace bench
