// tests/sdk/cpp/bind_test.cpp - structs from JSON and back, and errors that name the place.
#include "backplane/cpp/bind.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/cpp/config.hpp"

using namespace std::chrono_literals;

namespace {

enum class Mode : std::uint8_t { Fast, Safe };

constexpr auto json_names(Mode) {
  return std::array{std::pair{"fast", Mode::Fast}, std::pair{"safe", Mode::Safe}};
}

struct Limits {
  std::uint16_t depth = 8;
  bp::byte_size memory{1024};
  static constexpr auto fields = bp::fields(bp::field<&Limits::depth>("depth").or_default(),
                                            bp::field<&Limits::memory>("memory").or_default());
};

struct Listen {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  static constexpr auto fields = bp::fields(bp::field<&Listen::host>("host").or_default(),
                                            bp::field<&Listen::port>("port").alias("tcp_port"));
};

struct Config {
  std::vector<Listen> listen;
  std::chrono::milliseconds timeout = 2s;
  Mode mode = Mode::Fast;
  std::optional<std::string> name;
  std::map<std::string, int> weights;
  std::chrono::sys_time<std::chrono::milliseconds> since;
  Limits limits;
  bool verbose = false;
  static constexpr auto fields = bp::fields(
      bp::field<&Config::listen>("listen"), bp::field<&Config::timeout>("timeout").or_default(),
      bp::field<&Config::mode>("mode").or_default(), bp::field<&Config::name>("name"),
      bp::field<&Config::weights>("weights").or_default(),
      bp::field<&Config::since>("since").or_default(), bp::flatten<&Config::limits>(),
      bp::field<&Config::verbose>("verbose").or_default());
};

std::string problem(std::string_view text) {
  const auto read = bp::config_from_json<Config>(text);
  return read ? "none" : read.error().message();
}

TEST(Bind, ReadsEveryKindOfField) {
  const auto read = bp::config_from_json<Config>(R"({
    "listen": [{"host": "::1", "port": 80}, {"tcp_port": 81}], "timeout": "1500ms", "mode": "safe",
    "name": "é\n", "weights": {"a": -1, "b": 2}, "since": "2026-11-25T20:45:13.25Z",
    "depth": 3, "memory": "64KiB", "verbose": true})");
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_EQ(read->listen.size(), 2U);
  EXPECT_EQ(read->listen[0].host, "::1");
  EXPECT_EQ(read->listen[1].host, "127.0.0.1");
  EXPECT_EQ(read->listen[1].port, 81);
  EXPECT_EQ(read->timeout, 1500ms);
  EXPECT_EQ(read->mode, Mode::Safe);
  EXPECT_EQ(*read->name, "é\n");
  EXPECT_EQ(read->weights.at("a"), -1);
  EXPECT_EQ(read->since.time_since_epoch().count(), 1795639513250);
  EXPECT_EQ(read->limits.depth, 3);
  EXPECT_EQ(read->limits.memory, 65536U);
  EXPECT_TRUE(read->verbose);
}

TEST(Bind, KeepsTheDefaultsOfWhatIsAbsent) {
  const auto read = bp::config_from_json<Config>(R"({"listen":[],"name":null})");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->timeout, 2s);
  EXPECT_EQ(read->limits.memory, 1024U);
  EXPECT_FALSE(read->name);
}

TEST(Bind, NamesThePlaceAndWhatItWanted) {
  EXPECT_EQ(problem("{}"), "the value: the required key 'listen' is missing");
  EXPECT_EQ(problem(R"({"listen":[{"port":1},{"port":70000}]})"),
            "/listen/1/port: expected an integer between 0 and 65535, got 70000");
  EXPECT_EQ(problem(R"({"listen":[{"port":-1}]})"),
            "/listen/0/port: expected an integer between 0 and 65535, got -1");
  EXPECT_EQ(problem(R"({"listen":[{"port":1.5}]})"),
            "/listen/0/port: expected an integer between 0 and 65535, got 1.5");
  EXPECT_EQ(problem(R"({"listen":[{"port":"1"}]})"),
            "/listen/0/port: expected an integer between 0 and 65535, got a string");
  EXPECT_EQ(problem(R"({"listen":[{"host":"a"}]})"),
            "/listen/0: the required key 'port' is missing");
  EXPECT_EQ(problem(R"({"listen":{}})"), "/listen: expected an array, got an object");
  EXPECT_EQ(problem(R"({"listen":[],"mode":"slow"})"),
            "/mode: expected one of fast, safe, got \"slow\"");
  EXPECT_EQ(problem(R"({"listen":[],"timeout":2})"),
            "/timeout: expected a duration such as \"250ms\", \"5s\" or \"1h30m\", got a number");
  EXPECT_EQ(problem(R"({"listen":[],"timeout":"2us"})"),
            "/timeout: \"2us\" is finer than this setting can be");
  EXPECT_EQ(problem(R"({"listen":[],"memory":"2 bytes"})"),
            "/memory: expected a size such as 65536 or \"64KiB\", got \"2 bytes\"");
  EXPECT_EQ(problem(R"({"listen":[],"weights":{"a/b":true}})"),
            "/weights/a~1b: expected an integer between -2147483648 and 2147483647, got a boolean");
  EXPECT_EQ(problem(R"({"listen":[],"verbos":true})"),
            "/verbos: unknown key 'verbos'; known are: listen, timeout, mode, name, weights, "
            "since, depth, "
            "memory, verbose");
  EXPECT_EQ(problem(R"({"listen":[],"listen":[]})"), "/listen: the key appears twice");
  EXPECT_EQ(problem(R"({"listen":[)"),
            "not valid JSON: the text ends where a value should be (byte 11)");
  EXPECT_EQ(problem(R"({"listen":[]} x)"),
            "not valid JSON: nothing may follow the value (byte 14)");
}

struct Event {
  std::string_view id;
  std::string_view name;
  bp::json::raw data;
  static constexpr auto fields =
      bp::fields(bp::field<&Event::id>("id"), bp::field<&Event::name>("name"),
                 bp::field<&Event::data>("data"))
          .ignore_unknown();
};

TEST(Bind, BorrowsFromTheMessage) {
  const std::string text = R"({"id":"7","name":"a\tb","extra":[1],"data":{"x": 1}})";
  auto read = bp::json::read<Event>(text);
  ASSERT_TRUE(read) << read.error().text();
  const auto moved = std::move(*read);
  EXPECT_EQ(moved->id.data(), text.data() + 7) << "no copy";
  EXPECT_EQ(moved->name, "a\tb") << "unescaped, and at home in the bound value even when it moves";
  EXPECT_EQ(moved->data.text, R"({"x": 1})");
  static_assert(bp::json::detail::borrows<Event>() && !bp::json::detail::borrows<Config>());
}

TEST(Bind, WritesWhatItReads) {
  Config config;
  config.listen = {{"h", 1}};
  config.timeout = 1500ms;
  config.weights["w"] = 2;
  config.since = std::chrono::sys_time<std::chrono::milliseconds>(1795639513250ms);
  const std::string text = bp::json::write(config).value();
  EXPECT_EQ(
      text,
      R"({"listen":[{"host":"h","port":1}],"timeout":"1500ms","mode":"fast","weights":{"w":2},)"
      R"("since":"2026-11-25T20:45:13.250Z","depth":8,"memory":1024,"verbose":false})");
  const auto again = bp::config_from_json<Config>(text);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(bp::json::write(*again).value(), text);
}

struct Numbers {
  std::int64_t whole = 0;
  double real = 0;
  std::string text;
  static constexpr auto fields =
      bp::fields(bp::field<&Numbers::whole>("whole"), bp::field<&Numbers::real>("real"),
                 bp::field<&Numbers::text>("text"));
};

TEST(Bind, WritesNothingInPlaceOfANumberThatJsonDoesNotHave) {
  Numbers numbers;
  for (const double real :
       {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN()}) {
    numbers.real = real;
    const auto text = bp::json::write(numbers);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code(), BP_E_INVALID);
    EXPECT_NE(text.error().text().find("in 'real'"), std::string::npos) << text.error().text();
  }
  Config config;
  config.mode = static_cast<Mode>(7);
  EXPECT_EQ(bp::json::write(config).error().text(),
            "JSON cannot say a value without a name in 'mode'");
}

RC_GTEST_PROP(BindProperty, WhatIsWrittenReadsBackTheSame,
              (std::int64_t whole, double real, std::string text)) {
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80U; });
  const Numbers before{whole, real, text};
  const std::string json = bp::json::write(before).value();
  const auto after = bp::json::read<Numbers>(json);
  RC_ASSERT(after.has_value());
  RC_ASSERT((*after)->whole == whole);
  RC_ASSERT((*after)->real == real);
  RC_ASSERT((*after)->text == text);
}

RC_GTEST_PROP(BindProperty, NoTextBreaksTheReader, (const std::string& text)) {
  (void)bp::json::read<Config>(text);
  (void)bp::json::read<Event>("{\"id\":" + text + "}");
}

}  // namespace
