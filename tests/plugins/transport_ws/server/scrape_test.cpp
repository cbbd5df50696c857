// tests/plugins/transport_ws/server/scrape_test.cpp - what the exporter gives in pieces arrives
// whole, or visibly cut.
#include "server/scrape.hpp"

#include <chrono>
#include <future>
#include <string>

#include <gtest/gtest.h>

#include "../raw_client.hpp"
#include "json/base64.hpp"
#include "test_server.hpp"

namespace transport_ws::server {
namespace {

class ScrapeTest : public ::testing::Test {
 protected:
  static std::string get(const std::string& version = "1.1", const std::string& fields = {}) {
    return "GET /metrics HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n";
  }

  // What the bus is asked next.
  std::string asked() {
    std::string json;
    while (json.empty()) {
      server.on_loop([&] {
        const auto& open = server.buses.front()->inner.asked;
        json = open.empty() ? std::string() : open.front().json;
      });
    }
    return json;
  }

  void answer(bp::result<std::string> reply) {
    server.on_loop([&] { server.buses.front()->inner.answer(std::move(reply)); });
  }

  TestServer server{[](Settings& settings) { settings.http_in_flight_max = 1; }};
};

TEST_F(ScrapeTest, PiecesAreChunksAndTheNextIsAskedForWithTheCursor) {
  RawClient client(server.metrics_port());
  client.send(get("1.1", "Accept: text/plain\r\nAccept-Encoding: gzip\r\n"));
  EXPECT_EQ(asked(), R"({"accept":"text/plain","accept_encoding":"gzip","chunk_bytes":524288})");
  answer(std::string(R"({"text":"a 1\n","content_type":"text/plain; version=0.0.4","next":7})"));
  EXPECT_EQ(asked(), R"({"cursor":7})");
  RawClient second(server.metrics_port());
  second.send(get());
  EXPECT_EQ(second.read_all().substr(9, 3), "503") << "the first one is not done";
  answer(std::string(R"({"text":"","content_type":"t","next":8})"));
  EXPECT_EQ(asked(), R"({"cursor":8})");
  answer(std::string(R"({"text":"b 2\n","content_type":"t"})"));
  const std::string page = client.read_all();
  EXPECT_NE(page.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_NE(page.find("\r\nContent-Type: text/plain; version=0.0.4\r\n"), std::string::npos);
  EXPECT_TRUE(page.ends_with("\r\n\r\n4\r\na 1\n\r\n4\r\nb 2\n\r\n0\r\n\r\n")) << page;
}

TEST_F(ScrapeTest, AnOldClientGetsTheBytesAndTheEnd) {
  RawClient client(server.metrics_port());
  client.send(get("1.0"));
  (void)asked();
  answer(std::string(R"({"text":"a 1\n","content_type":"t","next":7})"));
  (void)asked();
  answer(std::string(R"({"text":"b 2\n","content_type":"t"})"));
  const std::string page = client.read_all();
  EXPECT_EQ(page.find("chunked"), std::string::npos);
  EXPECT_TRUE(page.ends_with("\r\n\r\na 1\nb 2\n"));
}

TEST_F(ScrapeTest, CompressedBytesAreHandedOnAsTheyAre) {
  RawClient client(server.metrics_port());
  client.send(get());
  (void)asked();
  const std::string bytes("\x1F\x8B\0\xFF", 4);
  answer(R"({"content_type":"t","content_encoding":"gzip","body":")" + json::to_base64(bytes) +
         R"("})");
  const std::string page = client.read_all();
  EXPECT_NE(page.find("\r\nContent-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_TRUE(page.ends_with("\r\n\r\n" + bytes));

  RawClient strange(server.metrics_port());
  strange.send(get());
  (void)asked();
  answer(std::string(R"({"content_encoding":"gzip","body":"no base64!"})"));
  EXPECT_EQ(strange.read_all().substr(9, 3), "502");
}

TEST_F(ScrapeTest, WhatFailsHalfWayIsCutWithoutALastChunk) {
  for (const bool damaged : {false, true}) {
    RawClient client(server.metrics_port());
    client.send(get());
    (void)asked();
    answer(std::string(R"({"text":"a 1\n","content_type":"t","next":7})"));
    (void)asked();
    if (damaged) {
      answer(std::string("{}"));
    } else {
      answer(bp::fail(BP_E_STALE, "too late"));
    }
    EXPECT_TRUE(client.read_all().ends_with("4\r\na 1\n\r\n"));
  }
}

TEST_F(ScrapeTest, AReaderThatDoesNotReadIsCutAtTheTimeoutAndGivesItsPlaceBack) {
  TestServer brief([](Settings& settings) {
    settings.http_in_flight_max = 1;
    settings.http_timeout_ms = 300;
  });
  auto& bus = brief.buses.front()->inner;
  RawClient client(brief.metrics_port(), 4096);
  client.send(get());
  // More than a socket takes: the second piece never leaves.
  const std::string piece = R"({"text":")" + std::string(8U << 20U, 'x') + R"(","next":7})";
  while (brief.on_loop([&] { return bus.asked.size(); }) == 0) {
  }
  brief.on_loop([&] { bus.answer(bp::result<std::string>(piece)); });
  // A place is free again when the exchange was cut: then the next one is asked for, not refused.
  bool free = false;
  while (!free) {
    RawClient next(brief.metrics_port());
    next.send(get());
    auto page = std::async(std::launch::async, [&] { return next.read_all(); });
    while (!free && page.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      free = brief.on_loop([&] { return !bus.asked.empty(); });
    }
    if (free) {
      brief.on_loop([&] { bus.answer(std::string(R"({"text":"a 1\n"})")); });
      EXPECT_TRUE(page.get().ends_with("a 1\n"));
    }
  }
}

}  // namespace
}  // namespace transport_ws::server
