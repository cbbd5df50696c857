// tests/host/manifest/codec_test.cpp - single values: what is read, what is refused and how.
#include "host/manifest/codec.hpp"

#include <gtest/gtest.h>

namespace {

using namespace host::manifest;
using namespace std::chrono_literals;

// The value, or the problem's message in `message`.
template <typename X>
std::optional<X> read(const Codec<X>& codec, std::string_view text, std::string& message) {
  const Node root = json_literal(text);
  const std::filesystem::path folder = "/srv";
  std::vector<Problem> problems;
  Binder binder(root, folder, problems);
  std::optional<X> value = codec.read(binder, root);
  message = problems.empty() ? "" : problems.front().message;
  EXPECT_EQ(value.has_value(), problems.empty());
  return value;
}

TEST(Codec, ReadsIntegersInTheirRange) {
  std::string message;
  EXPECT_EQ(read(integer(1, 10), "10", message), 10U);
  for (const char* text : {"0", "11", "-1", "1.5", "1e1", "99999999999"}) {
    EXPECT_FALSE(read(integer(1, 10), text, message)) << text;
    EXPECT_EQ(message, std::string(text) + " is not a whole number from 1 to 10");
  }
  EXPECT_FALSE(read(integer(1, 10), "\"3\"", message));
  EXPECT_EQ(message, "a number is expected here, not a string");
}

TEST(Codec, ReadsNumbersInTheirRange) {
  std::string message;
  EXPECT_EQ(read(number(1, 100), "1.5", message), 1.5);
  EXPECT_FALSE(read(number(1, 100), "0.5", message));
  EXPECT_EQ(message, "0.5 is not a number from 1 to 100");
}

TEST(Codec, ReadsDurationsOnlyWithAUnit) {
  std::string message;
  EXPECT_EQ(read(duration(1ms, 1h), "\"250ms\"", message), 250ms);
  EXPECT_FALSE(read(duration(1ms, 1h), "30", message));
  EXPECT_TRUE(message.starts_with("30 is not a duration; write a whole number and a unit"));
  EXPECT_FALSE(read(duration(1ms, 1h), "\"2h\"", message));
  EXPECT_EQ(message, "\"2h\" is out of range: from 1ms to 1h");
}

TEST(Codec, ReadsSizesAsTextOrNumber) {
  std::string message;
  EXPECT_EQ(read(size(1, 1'000'000), "\"64KiB\"", message), 65'536U);
  EXPECT_EQ(read(size(1, 1'000'000), "4096", message), 4'096U);
  EXPECT_FALSE(read(size(1, 1'000'000), "\"1GiB\"", message));
  EXPECT_EQ(message, "\"1GiB\" is out of range: from 1 to 1000000");
  EXPECT_FALSE(read(size(1, 9), "true", message));
  EXPECT_FALSE(read(size(1, 9), "1.5", message));
}

TEST(Codec, ReadsPathsAndFlags) {
  std::string message;
  EXPECT_EQ(read(path(), "\"var\"", message), "/srv/var");
  EXPECT_FALSE(read(path(), "\"\"", message));
  EXPECT_EQ(read(flag(), "true", message), true);
  EXPECT_FALSE(read(flag(), "\"true\"", message));
}

TEST(Codec, ReadsWordsWithAHint) {
  const Codec<int> codec = word<int>({{"block", 1}, {"reject", 2}, {"durable", 3, "durability"}});
  std::string message;
  EXPECT_EQ(read(codec, "\"reject\"", message), 2);
  EXPECT_FALSE(read(codec, "\"rejct\"", message));
  EXPECT_EQ(message, R"(unknown value "rejct"; did you mean "reject"?)");
  EXPECT_FALSE(read(codec, "\"durable\"", message));
  EXPECT_EQ(message, "not in this build: durability; choose another value or remove the key");
  EXPECT_EQ(compact(codec.schema), R"({"enum":["block","reject"]})");
  EXPECT_EQ(compact(codec.print(2)), "\"reject\"");
}

TEST(Codec, LimitsListsAndEntries) {
  std::string text = "[1";
  for (std::size_t i = 0; i < entries_max; ++i) {
    text += ",1";
  }
  std::string message;
  EXPECT_FALSE(read(list(integer(1, 1)), text + "]", message));
  EXPECT_EQ(message, "4097 entries; the limit is 4096");
}

}  // namespace
