// tests/host/loader/pe_file_test.cpp - the facts of a Windows library that is put together here,
// byte by byte.
#include "host/loader/pe_file.hpp"

#include <cstring>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/abi/plugin.h"

namespace host::loader {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view manifest = R"({"id":"org.example.minimal"})";

// Two sections: data (exports, imports, the entry) at address 0x1000, the manifest at 0x2000.
class PeBuilder {
 public:
  static constexpr std::size_t header_at = 64;
  static constexpr std::size_t optional_at = header_at + 4 + 20;
  static constexpr std::size_t optional_bytes = 112 + 16 * 8;
  static constexpr std::size_t sections_at = optional_at + optional_bytes;
  static constexpr std::size_t data_at = 0x400;
  static constexpr std::size_t manifest_at = 0x800;
  static constexpr std::uint32_t data_address = 0x1000;
  static constexpr std::uint32_t manifest_address = 0x2000;

  PeBuilder() : bytes_(0xA00) {
    put_text(0, "MZ");
    put(0x3C, std::uint32_t{header_at});
    put_text(header_at, "PE");
    put(header_at + 4, std::uint16_t{0x8664});
    put(header_at + 6, std::uint16_t{2});
    put(header_at + 20, std::uint16_t{optional_bytes});
    put(header_at + 22, std::uint16_t{0x2022});
    put(optional_at, std::uint16_t{0x20B});
    put(optional_at + 108, std::uint32_t{16});
    put(optional_at + 112, std::uint32_t{data_address});          // export directory
    put(optional_at + 120, std::uint32_t{data_address + 0x200});  // import directory
    put_section(0, ".rdata", data_address, data_at);
    put_section(1, ".bp_mani", manifest_address, manifest_at);
    put_text(manifest_at, manifest);
    put(sections_at + 40 + 8, static_cast<std::uint32_t>(manifest.size()));
    put_exports();
    put(data_at + 0x200 + 12,
        std::uint32_t{data_address + 0x180});  // one import, then a row of zeros
    put_text(data_at + 0x180, "KERNEL32.dll");
  }

  template <typename Field>
  void put(std::size_t at, Field value) {
    ASSERT_LE(at + sizeof(Field), bytes_.size());
    std::memcpy(bytes_.data() + at, &value, sizeof(Field));
  }

  void put_text(std::size_t at, std::string_view text) {
    ASSERT_LE(at + text.size(), bytes_.size());
    std::memcpy(bytes_.data() + at, text.data(), text.size());
  }

  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  void put_section(std::size_t index, std::string_view name, std::uint32_t address,
                   std::size_t file_at) {
    const std::size_t at = sections_at + index * 40;
    put_text(at, name);
    put(at + 8, std::uint32_t{0x400});
    put(at + 12, address);
    put(at + 16, static_cast<std::uint32_t>(index == 0 ? 0x400 : 0x200));
    put(at + 20, static_cast<std::uint32_t>(file_at));
  }

  // One function with one name: directory at 0, function at 0x40, name pointer at 0x44, ordinal at
  // 0x48.
  void put_exports() {
    put(data_at + 20, std::uint32_t{1});
    put(data_at + 24, std::uint32_t{1});
    put(data_at + 28, std::uint32_t{data_address + 0x40});
    put(data_at + 32, std::uint32_t{data_address + 0x44});
    put(data_at + 36, std::uint32_t{data_address + 0x48});
    put(data_at + 0x40, std::uint32_t{data_address + 0x100});
    put(data_at + 0x44, std::uint32_t{data_address + 0x60});
    put_text(data_at + 0x60, BP_ENTRY_SYMBOL);
    bp_entry entry{};
    entry.magic = BP_ENTRY_MAGIC;
    entry.struct_size = sizeof(bp_entry);
    entry.manifest_len = manifest.size();
    put(data_at + 0x100, entry);
  }

  std::vector<std::byte> bytes_;
};

ObjectFacts facts_of(PeBuilder& file) {
  const auto facts = read_object(file.bytes());
  EXPECT_TRUE(facts) << facts.error().detail;
  return facts.value_or(ObjectFacts{});
}

TEST(PeFile, ReadsALibrary) {
  PeBuilder file;
  const ObjectFacts facts = facts_of(file);
  EXPECT_EQ(facts.machine, Machine::PeAmd64);
  EXPECT_TRUE(facts.shared_object);
  EXPECT_EQ(facts.exported.count, 1U);
  EXPECT_THAT(facts.exported.names, ElementsAre(BP_ENTRY_SYMBOL));
  EXPECT_THAT(facts.needed, ElementsAre("KERNEL32.dll"));
  ASSERT_TRUE(facts.entry);
  EXPECT_EQ(facts.entry->magic, BP_ENTRY_MAGIC);
  ASSERT_TRUE(facts.manifest);
  EXPECT_EQ(*facts.manifest, manifest);
}

TEST(PeFile, FindsTheManifestByItsLongName) {
  PeBuilder file;
  file.put(PeBuilder::header_at + 12,
           static_cast<std::uint32_t>(file.bytes().size()));  // symbols: none; then strings
  file.put_text(PeBuilder::sections_at + 40, std::string_view("/4\0\0\0\0\0\0", 8));
  constexpr std::string_view strings("\x11\0\0\0.bp_manifest\0", 17);
  const auto tail = std::as_bytes(std::span(strings));
  file.bytes().insert(file.bytes().end(), tail.begin(), tail.end());
  EXPECT_EQ(facts_of(file).manifest.value_or(""), manifest);
}

TEST(PeFile, CountsExportsWithoutAName) {
  PeBuilder file;
  file.put(PeBuilder::data_at + 20, std::uint32_t{3});
  const ObjectFacts facts = facts_of(file);
  EXPECT_EQ(facts.exported.count, 3U);
}

TEST(PeFile, TellsAProgramFromALibrary) {
  PeBuilder file;
  file.put(PeBuilder::header_at + 22, std::uint16_t{0x0022});
  EXPECT_FALSE(facts_of(file).shared_object);
}

TEST(PeFile, NamesOtherMachines) {
  PeBuilder file;
  file.put(PeBuilder::header_at + 4, std::uint16_t{0x14C});
  EXPECT_EQ(facts_of(file).machine_text, "PE machine 0x14c");
}

TEST(PeFile, ReportsDamage) {
  PeBuilder file;
  file.bytes().resize(PeBuilder::manifest_at + 10);
  const auto cut = read_object(file.bytes());
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().rule, Rule::FileIntact);
  EXPECT_THAT(cut.error().detail, HasSubstr("section 1"));
}

RC_GTEST_PROP(PeFile, SurvivesDamage, ()) {
  PeBuilder file;
  const auto flips = *rc::gen::inRange<std::size_t>(1, 12);
  for (std::size_t i = 0; i < flips; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(2, file.bytes().size());
    file.bytes().at(at) = static_cast<std::byte>(*rc::gen::inRange(0, 256));
  }
  if (*rc::gen::element(true, false)) {
    file.bytes().resize(*rc::gen::inRange<std::size_t>(0, file.bytes().size()));
  }
  const auto facts = read_object(file.bytes());
  RC_ASSERT((facts || !facts.error().detail.empty()));
}

}  // namespace
}  // namespace host::loader
