// tests/host/slot/methods_test.cpp - methods of older and newer plugins, and each way to be wrong.
#include "host/slot/methods.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/host/slot/inbox.hpp"

namespace host::slot {
namespace {

bp_status BP_CALL never_called(void*, std::uint32_t, const bp_buf*, bp_buf*, bp_error*) {
  return BP_E_UNKNOWN;
}

error::Result<std::vector<service::Method>> read(const bp_method& method) {
  return methods_of(&method, sizeof method, 1);
}

TEST(Methods, LimitsAndTheirDefaults) {
  bp_method one = method(1, "M");
  EXPECT_EQ(read(one)->front().concurrency_max, 0U);
  one.concurrency_max = 4;
  EXPECT_EQ(read(one)->front().concurrency_max, 4U);
  EXPECT_EQ(read(one)->front().queue_max, BP_METHOD_QUEUE_MAX);
  one.queue_max = 7;
  EXPECT_EQ(read(one)->front().queue_max, 7U);
  one.queue_max = BP_METHOD_QUEUE_NONE;
  EXPECT_EQ(read(one)->front().queue_max, 0U);
}

TEST(Methods, AnOlderPluginHasNoQueueMax) {
  constexpr std::size_t older = offsetof(bp_method, queue_max);
  std::array<std::byte, 2 * older> memory{};
  for (std::uint32_t i = 0; i < 2; ++i) {
    bp_method one = method(i + 1, i == 0 ? "A" : "B");
    one.struct_size = older;
    one.concurrency_max = i;
    std::memcpy(memory.data() + i * older, &one, older);
  }
  const auto read = methods_of(reinterpret_cast<const bp_method*>(memory.data()), older, 2);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ((*read)[0].name, "A");
  EXPECT_EQ((*read)[1].concurrency_max, 1U);
  EXPECT_EQ((*read)[1].queue_max, BP_METHOD_QUEUE_MAX);
}

TEST(Methods, ANewerPluginsTailMustBeZero) {
  constexpr std::size_t newer = sizeof(bp_method) + 12;  // and at an odd stride
  std::array<std::byte, 2 * newer + 1> memory{};
  for (std::uint32_t i = 0; i < 2; ++i) {
    bp_method one = method(i + 1, i == 0 ? "A" : "B");
    one.struct_size = newer;
    std::memcpy(memory.data() + i * (newer + 1), &one, sizeof one);
  }
  const auto* first = reinterpret_cast<const bp_method*>(memory.data());
  EXPECT_EQ(methods_of(first, newer + 1, 2)->size(), 2U);
  memory[newer + 1 + sizeof(bp_method)] = std::byte{1};
  EXPECT_EQ(methods_of(first, newer + 1, 2).error().code(), BP_E_TOO_NEW);
}

TEST(Methods, EachMistakeHasItsName) {
  const std::string long_name(10'240, 'a');
  const auto with = [](auto change) {
    bp_method one = method(1, "M");
    change(one);
    return one;
  };
  const std::vector<std::pair<bp_method, std::string>> wrong{
      {method(1, ""), "a method's name is 1 to 255 bytes"},
      {method(1, {"a\0b", 3}), "not the 3 bytes 'a\\x00b'"},
      {method(1, long_name), "not the 10240 bytes"},
      {method(1, "\xff\xfe"), "'\\xff\\xfe'"},
      {method(0, "M"), "needs an id above 0"},
      {with([](bp_method& m) { m.request_type = str("a b"); }), "the type of a method"},
      {with([](bp_method& m) { m.flags = 2; }), "does not know"},
      {with([](bp_method& m) { m.reserved = 1; }), "does not know"},
      {with([](bp_method& m) { m.struct_size = 79; }), "struct_size or stride"},
      {with([](bp_method& m) { m.struct_size = 800; }), "struct_size or stride"},
      {with([](bp_method& m) { m.flags = BP_METHOD_INLINE; }), "has no inline_fn"},
      {with([](bp_method& m) {
         m.flags = BP_METHOD_INLINE;
         m.inline_fn = never_called;
         m.concurrency_max = 1;
       }),
       "is inline: it runs on its callers' threads"},
      {with([](bp_method& m) { m.queue_max = 1; }), "a queue_max and no concurrency_max"},
      {with([](bp_method& m) {
         m.concurrency_max = 1;
         m.queue_max = BP_METHOD_QUEUE_MAX + 1;
       }),
       "queue_max is at most 4096, not 4097"}};
  for (const auto& [one, why] : wrong) {
    const auto refused = read(one);
    ASSERT_FALSE(refused) << why;
    EXPECT_NE(refused.error().text().find(why), std::string::npos) << refused.error().text();
  }
  EXPECT_EQ(methods_of(nullptr, 88, 1).error().code(), BP_E_INVALID);
  const bp_method one = method(1, "M");
  EXPECT_EQ(methods_of(&one, 88, BP_METHODS_MAX + 1).error().code(), BP_E_INVALID);
  const std::array<bp_method, 2> twice{method(1, "M"), method(1, "N")};
  EXPECT_NE(methods_of(twice.data(), sizeof(bp_method), 2).error().text().find("share"),
            std::string::npos);
}

}  // namespace
}  // namespace host::slot
