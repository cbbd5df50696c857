// tests/plugins/transport_ws/edge/hosted.hpp - the whole plugin in a fake host: the test's thread
// is the strand.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "backplane/testing/fake_host.hpp"

#include "../raw_client.hpp"

extern "C" const bp_entry bp_plugin_v1;

namespace transport_ws::edge {

class Hosted : public ::testing::Test {
 protected:
  static constexpr const char* free_ports =
      R"("listen":"127.0.0.1:0","metrics_listen":"127.0.0.1:0")";

  /// Starts with these further keys of the configuration.
  void start(const std::string& more = {}) {
    host = std::make_unique<bp::testing::fake_host>(
        bp_plugin_v1, "{" + std::string(free_ports) + (more.empty() ? "" : "," + more) + "}");
    host->offer("events");
    const auto started = host->start();
    ASSERT_TRUE(started) << started.error().text();
    host->pump();
  }

  /// Pumps the strand until it is so. False: it took too long.
  bool await(const std::function<bool()>& done) const {
    const auto end = std::chrono::steady_clock::now() + RawClient::patience;
    while (!done() && std::chrono::steady_clock::now() < end) {
      host->pump();
      std::this_thread::yield();
    }
    return done();
  }

  /// The next question of the plugin to the host.
  bp::testing::open_call question() const {
    EXPECT_TRUE(await([&] { return !host->open_calls().empty(); }));
    const auto calls = host->open_calls();
    return calls.empty() ? bp::testing::open_call{} : calls.front();
  }

  /// A port that the log named.
  [[nodiscard]] std::uint16_t port(const std::string& key = "address") const {
    for (const auto& line : host->log()) {
      if (line.text == "listening") {
        const std::string& address = line.pairs.at(key);
        return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
      }
    }
    ADD_FAILURE() << "the log names no port";
    return 0;
  }

  [[nodiscard]] std::unique_ptr<RawClient> connect() const {
    auto client = std::make_unique<RawClient>(port());
    EXPECT_EQ(client->shake_hands(), 101U);
    client->settle();
    return client;
  }

  std::unique_ptr<bp::testing::fake_host> host;
};

inline const std::string publish_one =
    R"({"jsonrpc":"2.0","id":1,"method":"publish","params":{"event":{"id":"a"}}})";
inline const std::string subscribe_events =
    R"({"jsonrpc":"2.0","id":2,"method":"subscribe","params":{"channel":"events"}})";

}  // namespace transport_ws::edge
