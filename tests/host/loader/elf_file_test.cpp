// tests/host/loader/elf_file_test.cpp - the facts of real libraries, and that hostile ones do no
// harm.
#include "host/loader/elf_file.hpp"

#include <cstring>
#include <elf.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/abi/plugin.h"

#include "tests/host/loader/folder.hpp"

namespace host::loader {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ObjectFacts facts_of(std::string_view plugin) {
  const std::vector<std::byte> bytes = bytes_of(built_plugin(plugin));
  Image image(bytes);
  ObjectFacts facts = read_elf(image);
  EXPECT_EQ(image.damage(), "") << plugin;
  return facts;
}

TEST(ElfFile, ReadsAGoodPlugin) {
  const ObjectFacts facts = facts_of("good_minimal");
  EXPECT_TRUE(facts.shared_object);
  EXPECT_FALSE(facts.executable_stack);
  EXPECT_FALSE(facts.text_relocations);
  EXPECT_FALSE(facts.static_tls);
  EXPECT_EQ(facts.exported.count, 1U);
  EXPECT_THAT(facts.exported.names, ElementsAre(BP_ENTRY_SYMBOL));
  EXPECT_EQ(facts.unique.count, 0U);
  EXPECT_EQ(facts.rpath, "");
  EXPECT_THAT(facts.needed, testing::Contains(HasSubstr("libc.so")));
  EXPECT_FALSE(version_less(facts.glibc_needed, "2.2")) << facts.glibc_needed;
  ASSERT_TRUE(facts.entry);
  EXPECT_EQ(facts.entry->magic, BP_ENTRY_MAGIC);
  EXPECT_EQ(facts.entry->struct_size, sizeof(bp_entry));
  EXPECT_EQ(facts.entry->n_plugins, 1);
  ASSERT_TRUE(facts.manifest);
  EXPECT_THAT(*facts.manifest, HasSubstr("org.example.minimal"));
  EXPECT_EQ(std::strlen(facts.manifest->c_str()), facts.entry->manifest_len);
}

TEST(ElfFile, SeesEachSin) {
  EXPECT_FALSE(facts_of("bad_no_symbol").has_entry_symbol);
  EXPECT_EQ(facts_of("bad_no_symbol").exported.count, 0U);
  EXPECT_EQ(facts_of("bad_two_exports").exported.count, 2U);
  EXPECT_THAT(facts_of("bad_unique_symbols").unique.names, ElementsAre(HasSubstr("counter")));
  EXPECT_TRUE(facts_of("bad_execstack").executable_stack);
  EXPECT_TRUE(facts_of("bad_static_tls").static_tls);
  EXPECT_EQ(facts_of("bad_rpath").rpath, "/nowhere/lib");
  EXPECT_FALSE(facts_of("bad_no_manifest").manifest);
#if defined(__x86_64__)
  EXPECT_TRUE(facts_of("bad_textrel").text_relocations);
#endif
}

TEST(ElfFile, DoesNotTakeAProgramForALibrary) {
  const std::vector<std::byte> bytes = bytes_of("/proc/self/exe");
  Image image(bytes);
  EXPECT_FALSE(read_elf(image).shared_object);
}

class PatchedElf : public testing::Test {
 protected:
  template <typename Field>
  void patch(std::size_t offset, Field value) {
    ASSERT_LE(offset + sizeof(Field), bytes_.size());
    std::memcpy(bytes_.data() + offset, &value, sizeof(Field));
  }

  ObjectFacts read() {
    Image image(bytes_);
    ObjectFacts facts = read_elf(image);
    damage_ = image.damage();
    return facts;
  }

  std::vector<std::byte> bytes_ = bytes_of(built_plugin("good_minimal"));
  std::string damage_;
};

TEST_F(PatchedElf, NamesOtherMachines) {
  patch(offsetof(Elf64_Ehdr, e_machine), std::uint16_t{EM_RISCV});
  EXPECT_EQ(read().machine_text, "ELF machine 243");
  patch(EI_CLASS, std::uint8_t{ELFCLASS32});
  EXPECT_EQ(read().machine_text, "ELF 32-bit little-endian");
  patch(EI_DATA, std::uint8_t{ELFDATA2MSB});
  EXPECT_EQ(read().machine_text, "ELF 32-bit big-endian");
  EXPECT_EQ(read().machine, Machine::Other);
}

TEST_F(PatchedElf, ReportsASegmentBeyondTheEnd) {
  bytes_.resize(bytes_.size() / 3);
  read();
  EXPECT_THAT(damage_, HasSubstr("segment"));
}

TEST_F(PatchedElf, ReportsSectionHeadersBeyondTheEnd) {
  bytes_.resize(bytes_.size() - 10);
  read();
  EXPECT_THAT(damage_, HasSubstr("the section header table"));
}

TEST_F(PatchedElf, ReportsTooManySegments) {
  patch(offsetof(Elf64_Ehdr, e_phnum), std::uint16_t{65'535});
  read();
  EXPECT_THAT(damage_, HasSubstr("the program header table"));
}

TEST_F(PatchedElf, FindsNoManifestWithoutSectionHeaders) {
  patch(offsetof(Elf64_Ehdr, e_shoff), std::uint64_t{0});
  EXPECT_FALSE(read().manifest);
  EXPECT_EQ(damage_, "");
}

TEST_F(PatchedElf, TakesAMissingStackHeaderForAnExecutableStack) {
  Elf64_Ehdr header{};
  std::memcpy(&header, bytes_.data(), sizeof(header));
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const std::size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
    Elf64_Phdr segment{};
    std::memcpy(&segment, bytes_.data() + at, sizeof(segment));
    if (segment.p_type == PT_GNU_STACK) {
      patch(at, std::uint32_t{PT_NULL});
    }
  }
  EXPECT_TRUE(read().executable_stack);
}

// A damaged file may be read wrongly, but never past its end, never for long, and never by
// throwing.
RC_GTEST_PROP(ElfFile, SurvivesDamage, ()) {
  static const std::vector<std::byte> good = bytes_of(built_plugin("good_minimal"));
  std::vector<std::byte> bytes = good;
  Elf64_Ehdr header{};
  std::memcpy(&header, good.data(), sizeof(header));
  const std::size_t headers_at = *rc::gen::element<std::size_t>(0, header.e_shoff);
  const std::size_t room = std::min<std::size_t>(8192, good.size() - headers_at);
  const auto flips = *rc::gen::inRange<std::size_t>(0, 20);
  for (std::size_t i = 0; i < flips; ++i) {
    const auto at = headers_at + *rc::gen::inRange<std::size_t>(0, room);
    bytes.at(at) =
        *rc::gen::element(std::byte{0}, std::byte{0xFF}, std::byte{0x7F}, std::byte{0x80},
                          static_cast<std::byte>(*rc::gen::inRange(0, 256)));
  }
  if (*rc::gen::element(true, false)) {
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size()));
  }
  const auto facts = read_object(bytes);
  if (facts && facts->manifest) {
    RC_ASSERT(facts->manifest->size() <= bytes.size());
  }
}

}  // namespace
}  // namespace host::loader
