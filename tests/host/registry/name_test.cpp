// tests/host/registry/name_test.cpp - what is a name, and hashes that spread.
#include "host/registry/name.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/abi/channel.h"

namespace host::registry {
namespace {

TEST(Name, IsOfOneAlphabetAndALength) {
  EXPECT_TRUE(check_name("a name", "a"));
  EXPECT_TRUE(check_name("a name", "bp.storage-Records_2"));
  EXPECT_TRUE(check_name("a name", std::string(BP_NAME_BYTES_MAX, 'x')));
  for (const std::string& bad :
       {std::string(), std::string(BP_NAME_BYTES_MAX + 1, 'x'), std::string(10'240, 'x'),
        std::string("a\0b", 3), std::string("\xff\xfe"), std::string("caf\xc3\xa9"),
        std::string("a b"), std::string("a/1"), std::string("a\n")}) {
    const auto refused = check_name("a channel's name", bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code(), BP_E_INVALID);
    EXPECT_LT(refused.error().text().size(), BP_ERROR_TEXT_BYTES);
  }
}

TEST(Name, ARefusalShowsTheBytesSafely) {
  EXPECT_EQ(check_name("a channel's name", std::string_view("a\0\xff", 3)).error().text(),
            "a channel's name is 1 to 255 bytes of letters, digits, '.', '_' and '-', not the 3 "
            "bytes 'a\\x00\\xff'");
}

TEST(Name, IsShownWhole) {
  const std::string longest(BP_NAME_BYTES_MAX, 'x');
  EXPECT_EQ(printable(longest), longest);
  EXPECT_EQ(printable(longest + "x"), std::string(64, 'x') + "...");
}

RC_GTEST_PROP(Name, WhatIsShownIsPlainAscii, (const std::string& bytes)) {
  RC_ASSERT(std::ranges::all_of(printable(bytes), [](char c) { return c >= ' ' && c <= '~'; }));
}

RC_GTEST_PROP(Name, SameBytesAreTheSame, (const std::string& a, const std::string& b)) {
  RC_ASSERT(same_bytes(a.data(), std::string(a).data(), a.size()));
  if (a.size() == b.size()) {
    RC_ASSERT(same_bytes(a.data(), b.data(), a.size()) == (a == b));
  }
}

// Every byte of every length counts, for the comparison and for the hash.
TEST(Name, EveryByteCounts) {
  for (std::size_t size = 1; size <= 70; ++size) {
    const std::string name(size, 'a');
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = name;
      other[at] = 'b';
      EXPECT_FALSE(same_bytes(name.data(), other.data(), size)) << size << " " << at;
      EXPECT_NE(hash_of(name, 1), hash_of(other, 1)) << size << " " << at;
    }
  }
}

TEST(Name, HashesSpreadOverTheLowBits) {
  constexpr std::size_t places = 4'096;
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{0x9e37'79b9'7f4a'7c15}}) {
    std::vector<unsigned> hits(places);
    for (std::size_t i = 0; i < places; ++i) {
      ++hits[hash_of("plugin.metrics.channel." + std::to_string(i), seed) % places];
    }
    // Of so many balls in as many boxes, no box is expected to hold more than 7 or 8.
    EXPECT_LT(std::ranges::max(hits), 12U);
  }
}

TEST(Name, TheSeedChangesWhatMeets) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    hashes.insert(hash_of("events", seed));
  }
  EXPECT_EQ(hashes.size(), 1'000U);
}

}  // namespace
}  // namespace host::registry
