// tests/host/loader/object_file_test.cpp - formats are told apart; an entry is read from raw bytes.
#include "host/loader/object_file.hpp"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backplane/abi/plugin.h"

#include "tests/host/loader/folder.hpp"

namespace host::loader {
namespace {

using testing::HasSubstr;

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(ObjectFile, RefusesWhatIsNeitherElfNorPe) {
  const auto text = read_object(as_bytes("#!/bin/sh\n"));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().rule, Rule::FileFormat);
  EXPECT_THAT(text.error().detail, HasSubstr("23 21 2f 62"));
  const auto empty = read_object({});
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().rule, Rule::FileFormat);
  EXPECT_EQ(empty.error().detail, "is empty");
}

TEST(ObjectFile, NamesTheDamage) {
  const auto cut =
      read_object(as_bytes("\x7f"
                           "ELF\x02\x01\x01"));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().rule, Rule::FileIntact);
  EXPECT_THAT(cut.error().detail, HasSubstr("the ELF header"));
}

TEST(ObjectFile, KnowsItsOwnMachine) {
  const auto facts = read_object(bytes_of(built_plugin("good_minimal")));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->machine, host_machine());
  EXPECT_EQ(facts->machine_text, machine_name(host_machine()));
}

TEST(ObjectFile, ComparesVersionsAsNumbers) {
  EXPECT_TRUE(version_less("2.9", "2.36"));
  EXPECT_TRUE(version_less("", "2.2.5"));
  EXPECT_FALSE(version_less("2.36", "2.4"));
  EXPECT_FALSE(version_less("2.36", "2.36"));
}

TEST(ObjectFile, ReadsAnEntryAndItsTail) {
  bp_entry entry{};
  entry.magic = BP_ENTRY_MAGIC;
  entry.struct_size = sizeof(bp_entry) + 8;
  entry.abi_major = 1;
  entry.abi_minor_needed = 2;
  entry.abi_minor_built = 3;
  entry.n_plugins = 4;
  entry.layout = 5;
  entry.manifest_len = 6;
  std::vector<std::byte> bytes(sizeof(bp_entry) + 16);
  std::memcpy(bytes.data(), &entry, sizeof(entry));

  const EntryFacts facts = read_entry(bytes);
  EXPECT_EQ(facts.magic, BP_ENTRY_MAGIC);
  EXPECT_EQ(facts.abi_minor_needed, 2);
  EXPECT_EQ(facts.abi_minor_built, 3);
  EXPECT_EQ(facts.n_plugins, 4);
  EXPECT_EQ(facts.layout, 5U);
  EXPECT_EQ(facts.manifest_len, 6U);
  EXPECT_EQ(facts.room_bytes, bytes.size());
  EXPECT_TRUE(facts.tail_is_zero);

  bytes[sizeof(bp_entry) + 8] = std::byte{1};  // behind what struct_size claims: somebody else's
  EXPECT_TRUE(read_entry(bytes).tail_is_zero);
  bytes[sizeof(bp_entry) + 7] = std::byte{1};
  EXPECT_FALSE(read_entry(bytes).tail_is_zero);
}

TEST(ObjectFile, KeepsFewNamesButCountsAllSymbols) {
  SymbolSet symbols;
  for (int i = 0; i < 100; ++i) {
    symbols.add(std::to_string(i));
  }
  EXPECT_EQ(symbols.count, 100U);
  EXPECT_EQ(symbols.names.size(), symbol_names_kept_max);
}

}  // namespace
}  // namespace host::loader
