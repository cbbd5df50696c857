// tests/plugins/transport_ws/rest/counting.hpp - plain requests over a socket, and the bus that
// answers them.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "../raw_client.hpp"
#include "../server/test_server.hpp"
#include "rest/counter.hpp"

namespace transport_ws::rest {

using server::Settings;
using server::TestServer;

inline void add_http(Settings& settings) {
  settings.body_bytes_max = 1024;
  settings.counter.in_flight_max = 1;
  settings.http = Table({{"GET", *Pattern::parse("/r/{id}"), {}, "s/1", "Get", 60'000},
                         {"POST", *Pattern::parse("/r"), {}, "s/1", "Put", 60'000}});
}

class CounterTest : public ::testing::Test {
 protected:
  static std::string get(const std::string& path, const std::string& more = {}) {
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + more + "\r\n";
  }

  static std::string post(const std::string& body) {
    return "POST /r HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  // Header and body of the next answer.
  static std::pair<std::string, std::string> read(RawClient& client) {
    const std::string header = client.read_header();
    const std::size_t at = header.find("Content-Length: ");
    const std::size_t bytes =
        at == std::string::npos
            ? 0
            : std::stoul(header.substr(at + std::string("Content-Length: ").size()));
    return {header, client.read_bytes(bytes)};
  }

  static std::string status(const std::string& header) { return header.substr(9, 3); }

  static void expect_error(RawClient& client, const std::string& status_wanted,
                           const std::string& code) {
    const auto [header, body] = read(client);
    EXPECT_EQ(status(header), status_wanted) << header;
    EXPECT_NE(header.find("Content-Type: application/json\r\n"), std::string::npos) << header;
    EXPECT_TRUE(body.starts_with(R"({"error":{"code":")" + code + R"(","message":)")) << body;
  }

  /// Answers the next call; says what was asked.
  std::string reply(const bp::result<std::string>& with) {
    const auto end = std::chrono::steady_clock::now() + RawClient::patience;
    while (std::chrono::steady_clock::now() < end) {
      const std::string asked = server.on_loop([&] {
        rpc::FakeBus& bus = server.buses[0]->inner;
        if (bus.asked.empty()) {
          return std::string();
        }
        const std::string what = bus.asked[0].whom + " " + bus.asked[0].json;
        bus.answer(with);
        return what;
      });
      if (!asked.empty()) {
        return asked;
      }
      std::this_thread::yield();
    }
    return "nothing";
  }

  explicit CounterTest(const std::function<void(Settings&)>& adjust = add_http) : server(adjust) {}

  TestServer server;
};

}  // namespace transport_ws::rest
