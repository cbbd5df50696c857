// tests/host/loader/inspect_test.cpp - each bad file is refused under the name of the rule it
// breaks.
#include "host/loader/inspect.hpp"

#include <cstring>
#include <elf.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>

#include "tests/host/loader/folder.hpp"

namespace host::loader {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct Sin {
  const char* plugin;
  bp_status code;
  const char* detail;
  const char* rule;
};

void PrintTo(const Sin& sin, std::ostream* out) {
  *out << sin.plugin;
}

class InspectSin : public testing::TestWithParam<Sin> {};

TEST_P(InspectSin, IsRefusedByName) {
  const auto facts = inspect(built_plugin(GetParam().plugin));
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code(), GetParam().code);
  EXPECT_THAT(
      facts.error().message(),
      AllOf(StartsWith("plugin file '" + built_plugin(GetParam().plugin).string() + "' refused: "),
            HasSubstr(GetParam().detail), HasSubstr(std::string("rule: ") + GetParam().rule + " ("),
            HasSubstr("; fix: ")));
}

INSTANTIATE_TEST_SUITE_P(
    BadPlugins, InspectSin,
    testing::Values(
        Sin{"bad_no_symbol", BP_E_ABI, "does not export the symbol bp_plugin_v1", "law.entry"},
        Sin{"bad_wrong_magic", BP_E_ABI, "starts with 0x31305043 instead of 0x31305042",
            "law.magic"},
        Sin{"bad_newer_major", BP_E_ABI, "speaks version 2 of the law, this host speaks 1",
            "law.major"},
        Sin{"bad_newer_minor", BP_E_ABI, "needs version 1.99 of the law", "law.minor"},
        Sin{"bad_pointer_size", BP_E_ABI, "pointers of 4 bytes, the host has 8",
            "law.pointer_bytes"},
        Sin{"bad_layout", BP_E_ABI, "has layout fingerprint 0x1", "law.layout"},
        Sin{"bad_small_entry", BP_E_ABI, "claims 48 bytes; version 1.0 has 56", "law.entry_size"},
        Sin{"bad_reserved_field", BP_E_TOO_NEW, "uses fields that this host does not know",
            "law.entry_tail"},
        Sin{"bad_no_plugins", BP_E_ABI, "lists 0 plugins", "law.plugins"},
        Sin{"bad_no_manifest", BP_E_SCHEMA, "has no section .bp_manifest", "law.manifest"},
        Sin{"bad_broken_manifest", BP_E_SCHEMA, "/versoin: is not a known key", "law.manifest"},
        Sin{"bad_broken_manifest", BP_E_SCHEMA, "/abi: must be a string", "law.manifest"},
        Sin{"bad_two_exports", BP_E_ABI, "exports 2 symbols (", "law.one_symbol"},
        Sin{"bad_two_exports", BP_E_ABI, "second_export", "law.one_symbol"},
        Sin{"bad_unique_symbols", BP_E_ABI, "has 1 UNIQUE symbol (", "law.no_unique"},
        Sin{"bad_execstack", BP_E_ABI, "asks for an executable stack", "law.no_execstack"}),
    [](const auto& sin) { return std::to_string(sin.index) + "_" + sin.param.plugin; });

std::string refusal_of(const std::filesystem::path& path, const InspectOptions& options = {}) {
  const auto facts = inspect(path, options);
  return facts ? "" : facts.error().message();
}

TEST(Inspect, AcceptsAGoodPlugin) {
  const auto facts = inspect(built_plugin("good_minimal"));
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_EQ(facts->path, built_plugin("good_minimal"));
  EXPECT_EQ(facts->description.id, "org.example.minimal");
  EXPECT_EQ(facts->entry.n_plugins, 1);
  EXPECT_EQ(facts->sha256.size(), 64U);
  EXPECT_EQ(facts->warnings.size(), 0U);
}

#if defined(__x86_64__)
TEST(Inspect, RefusesRelocationsInCode) {
  EXPECT_THAT(refusal_of(built_plugin("bad_textrel")),
              AllOf(HasSubstr("has relocations in its code"), HasSubstr("rule: law.no_textrel")));
}
#endif

TEST(Inspect, AcceptsWhatOnlyMisbehavesLater) {
  for (const char* plugin :
       {"bad_throws_in_create", "bad_throws_in_start", "bad_throws_in_event", "bad_null_table",
        "bad_never_completes", "bad_completes_twice", "bad_sends_after_stop", "bad_stale_handle"}) {
    EXPECT_EQ(refusal_of(built_plugin(plugin)), "");
  }
}

TEST(Inspect, WarnsAboutSearchPathsAndStaticTls) {
  const auto rpath = inspect(built_plugin("bad_rpath"));
  ASSERT_TRUE(rpath);
  ASSERT_EQ(rpath->warnings.size(), 1U);
  EXPECT_THAT(finding_text(rpath->warnings[0]),
              HasSubstr("has the search path '/nowhere/lib'; rule: law.no_rpath"));
  const auto tls = inspect(built_plugin("bad_static_tls"));
  ASSERT_TRUE(tls);
  ASSERT_EQ(tls->warnings.size(), 1U);
  EXPECT_EQ(tls->warnings[0].rule, Rule::LawNoStaticTls);
}

TEST(Inspect, TellsAllBrokenRulesAtOnce) {
  EXPECT_THAT(refusal_of(built_plugin("bad_unique_symbols")),
              AllOf(HasSubstr("rule: law.one_symbol"), HasSubstr("; also: "),
                    HasSubstr("rule: law.no_unique")));
}

TEST(Inspect, RefusesTextFilesDirectoriesFifosAndAbsentFiles) {
  const Folder folder;
  EXPECT_THAT(refusal_of(folder.write("text.so", "hello, world\n")),
              HasSubstr("rule: file.format"));
  EXPECT_THAT(refusal_of(folder.write("empty.so", "")), HasSubstr("is empty; rule: file.format"));
  EXPECT_THAT(refusal_of(folder.path()), HasSubstr("rule: file.regular"));
  EXPECT_THAT(refusal_of(folder.path() / "absent.so"), HasSubstr("rule: file.present"));
  ASSERT_EQ(::mkfifo((folder.path() / "pipe.so").c_str(), 0600), 0);
  EXPECT_THAT(refusal_of(folder.path() / "pipe.so"), HasSubstr("is a FIFO; rule: file.regular"));
}

TEST(Inspect, RefusesOtherArchitecturesProgramsAndTruncatedFiles) {
  const Folder folder;
  std::vector<std::byte> bytes = bytes_of(built_plugin("good_minimal"));
  const auto half = folder.write("half.so", std::span(bytes).first(bytes.size() / 2));
  EXPECT_THAT(refusal_of(half), HasSubstr("rule: file.intact"));
  const std::uint16_t machine = EM_RISCV;
  std::memcpy(bytes.data() + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof(machine));
  EXPECT_THAT(refusal_of(folder.write("other.so", bytes)),
              HasSubstr("is built for ELF machine 243, this host runs " +
                        std::string(machine_name(host_machine()))));
  EXPECT_THAT(refusal_of("/proc/self/exe"), HasSubstr("rule: file.shared"));
}

TEST(Inspect, ComparesTheDigestBeforeItParsesAnything) {
  const Folder folder;
  const auto path = folder.write("text.so", "hello");
  InspectOptions options;
  options.sha256 = std::string(64, '0');
  const auto wrong = inspect(path, options);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), BP_E_PERMISSION);
  EXPECT_THAT(wrong.error().message(), HasSubstr("rule: file.sha256"));
  options.sha256 = "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824";
  EXPECT_THAT(refusal_of(path, options), HasSubstr("rule: file.format"));
}

TEST(Inspect, RefusesAPluginForANewerCLibrary) {
  InspectOptions options;
  options.glibc = "2.1";
  EXPECT_THAT(refusal_of(built_plugin("good_minimal"), options),
              AllOf(HasSubstr("this machine has 2.1"), HasSubstr("rule: file.glibc")));
}

TEST(Inspect, AcceptsAMinorThatTheHostHas) {
  InspectOptions options;
  options.abi_minor = 99;
  EXPECT_EQ(refusal_of(built_plugin("bad_newer_minor"), options), "");
}

// Every single damaged byte in the headers ends in facts or in a refusal, never in a crash.
RC_GTEST_PROP(Inspect, SurvivesDamagedFiles, ()) {
  static const Folder folder;
  static const std::vector<std::byte> good = bytes_of(built_plugin("good_minimal"));
  std::vector<std::byte> bytes = good;
  const auto flips = *rc::gen::inRange<std::size_t>(0, 8);
  for (std::size_t i = 0; i < flips; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(4, std::min<std::size_t>(bytes.size(), 8192));
    bytes.at(at) ^= static_cast<std::byte>(1U << *rc::gen::inRange(0U, 8U));
  }
  bytes.resize(bytes.size() - *rc::gen::element<std::size_t>(0, 0, 1, 100, bytes.size() / 2));
  const auto facts = inspect(folder.write("damaged.so", bytes));
  RC_ASSERT((facts || facts.error().message().find("; rule: ") != std::string::npos));
}

}  // namespace
}  // namespace host::loader
