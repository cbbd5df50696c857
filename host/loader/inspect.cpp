// host/loader/inspect.cpp - the rules, applied to the facts in the order in which they make sense.
#include "host/loader/inspect.hpp"

#include <algorithm>
#include <cctype>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backplane/abi/plugin.h"

namespace host::loader {

namespace {

using Findings = std::vector<Finding>;

// The law's header is C, and so are the casts in its macro.
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#endif
constexpr std::uint64_t host_layout = BP_LAYOUT;
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

std::string names_text(const SymbolSet& symbols) {
  const bool cut = symbols.count > symbols.names.size();
  return fmt::format("{}{}", fmt::join(symbols.names, ", "), cut ? ", ..." : "");
}

bool same_digest(std::string_view left, std::string_view right) noexcept {
  return std::ranges::equal(left, right,
                            [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
}

// Is this a library for this machine at all? Nothing else is worth saying if not.
void check_object(const ObjectFacts& object, const InspectOptions& options, Findings& findings) {
  if (object.machine != options.machine) {
    findings.push_back(
        {Rule::FileArchitecture, fmt::format("is built for {}, this host runs {}",
                                             object.machine_text, machine_name(options.machine))});
  } else if (!object.shared_object) {
    findings.push_back({Rule::FileShared, "is a program or an object file, not a shared library"});
  } else if (!options.glibc.empty() && version_less(options.glibc, object.glibc_needed)) {
    findings.push_back({Rule::FileGlibc, fmt::format("needs glibc {}, this machine has {}",
                                                     object.glibc_needed, options.glibc)});
  }
}

void check_symbols(const ObjectFacts& object, Findings& findings) {
  if (object.exported.count > 1) {
    findings.push_back(
        {Rule::LawOneSymbol,
         fmt::format("exports {} symbols ({}) where the law allows exactly one, {}",
                     object.exported.count, names_text(object.exported), BP_ENTRY_SYMBOL)});
  }
  if (object.unique.count > 0) {
    findings.push_back(
        {Rule::LawNoUnique,
         fmt::format("has {} UNIQUE symbol{} ({})", object.unique.count,
                     object.unique.count == 1 ? "" : "s", names_text(object.unique))});
  }
  if (object.executable_stack) {
    findings.push_back({Rule::LawNoExecstack, "asks for an executable stack"});
  }
  if (object.text_relocations) {
    findings.push_back({Rule::LawNoTextrel, "has relocations in its code (TEXTREL)"});
  }
}

// The entry, if it is one of this major version; nothing in it means anything if not.
const EntryFacts* usable_entry(const ObjectFacts& object, Findings& findings) {
  if (!object.has_entry_symbol) {
    findings.push_back(
        {Rule::LawEntry, fmt::format("does not export the symbol {}", BP_ENTRY_SYMBOL)});
    return nullptr;
  }
  if (!object.entry) {
    findings.push_back(
        {Rule::LawEntry, fmt::format("exports {}, but not as {} bytes of initialised data",
                                     BP_ENTRY_SYMBOL, sizeof(bp_entry))});
    return nullptr;
  }
  if (object.entry->magic != BP_ENTRY_MAGIC) {
    findings.push_back(
        {Rule::LawMagic, fmt::format("its entry starts with {:#010x} instead of {:#010x}",
                                     object.entry->magic, BP_ENTRY_MAGIC)});
    return nullptr;
  }
  if (object.entry->abi_major != BP_ABI_MAJOR) {
    findings.push_back(
        {Rule::LawMajor, fmt::format("speaks version {} of the law, this host speaks {}",
                                     object.entry->abi_major, BP_ABI_MAJOR)});
    return nullptr;
  }
  return &*object.entry;
}

void check_entry(const EntryFacts& entry, const InspectOptions& options, Findings& findings) {
  if (entry.struct_size < sizeof(bp_entry) || entry.struct_size > entry.room_bytes) {
    findings.push_back(
        {Rule::LawEntrySize,
         fmt::format("its entry claims {} bytes; version 1.0 has {}, the file has {}",
                     entry.struct_size, sizeof(bp_entry), entry.room_bytes)});
  }
  if (!entry.tail_is_zero || entry.reserved != 0) {
    findings.push_back({Rule::LawEntryTail, "its entry uses fields that this host does not know"});
  }
  if (entry.abi_minor_needed > options.abi_minor) {
    findings.push_back(
        {Rule::LawMinor, fmt::format("needs version 1.{} of the law, this host has 1.{}",
                                     entry.abi_minor_needed, options.abi_minor)});
  }
  if (entry.pointer_bytes != sizeof(void*)) {
    findings.push_back(
        {Rule::LawPointer, fmt::format("was built with pointers of {} bytes, the host has {}",
                                       entry.pointer_bytes, sizeof(void*))});
  }
  if (entry.layout != host_layout) {
    findings.push_back(
        {Rule::LawLayout, fmt::format("has layout fingerprint {:#x}, the host has {:#x}",
                                      entry.layout, host_layout)});
  }
  if (entry.n_plugins != 1) {
    findings.push_back(
        {Rule::LawPlugins, fmt::format("its entry lists {} plugins", entry.n_plugins)});
  }
}

// The text the entry points to, which the section holds, perhaps with zeros behind.
error::Result<std::string> manifest_text(const std::optional<std::string>& section,
                                         std::uint64_t bytes) {
  if (!section) {
    return error::fail(BP_E_SCHEMA, "has no section .bp_manifest");
  }
  if (bytes == 0 || bytes > section->size()) {
    return error::fail(
        BP_E_SCHEMA,
        fmt::format("its entry claims {} bytes of manifest, section .bp_manifest has {}", bytes,
                    section->size()));
  }
  if (section->find_first_not_of('\0', bytes) != std::string::npos) {
    return error::fail(
        BP_E_SCHEMA,
        fmt::format("section .bp_manifest has more text than the {} bytes that its entry "
                    "claims",
                    bytes));
  }
  return section->substr(0, bytes);
}

void check_manifest(Facts& facts, Findings& findings) {
  auto text = manifest_text(facts.object.manifest, facts.entry.manifest_len);
  if (!text) {
    findings.push_back({Rule::LawManifest, text.error().message()});
    return;
  }
  facts.manifest = std::move(*text);
  auto description = parse_description(facts.manifest);
  if (!description) {
    findings.push_back(
        {Rule::LawManifest, "its embedded manifest has " + description.error().message()});
    return;
  }
  facts.description = std::move(*description);
  if (facts.description.abi.major != facts.entry.abi_major) {
    findings.push_back(
        {Rule::LawIdentity,
         fmt::format("its manifest is for version {} of the law, its entry for version {}",
                     facts.description.abi.major, facts.entry.abi_major)});
  }
}

Findings warnings_of(const ObjectFacts& object) {
  Findings warnings;
  if (!object.rpath.empty()) {
    warnings.push_back({Rule::LawNoRpath, fmt::format("has the search path '{}'", object.rpath)});
  }
  if (object.static_tls) {
    warnings.push_back(
        {Rule::LawNoStaticTls, "uses static thread-local storage, of which a process has little"});
  }
  return warnings;
}

Findings judge(Facts& facts, const InspectOptions& options) {
  Findings findings;
  check_object(facts.object, options, findings);
  if (!findings.empty()) {
    return findings;
  }
  if (const EntryFacts* entry = usable_entry(facts.object, findings)) {
    facts.entry = *entry;
    check_entry(facts.entry, options, findings);
    check_manifest(facts, findings);
  }
  if (facts.object.has_entry_symbol) {  // or it is some other library, about which this says enough
    check_symbols(facts.object, findings);
  }
  facts.warnings = warnings_of(facts.object);
  return findings;
}

}  // namespace

error::Result<Facts> inspect(const std::filesystem::path& path, const InspectOptions& options) {
  std::error_code problem;
  Facts facts;
  facts.path = std::filesystem::absolute(path, problem);
  if (problem) {
    return std::unexpected(refusal(path, Rule::FilePresent, problem.message()));
  }
  auto file = read_plugin_file(facts.path);
  if (!file) {
    return std::unexpected(std::move(file).error());
  }
  auto digest = sha256_hex(file->bytes);
  if (!digest) {
    return std::unexpected(std::move(digest).error());
  }
  facts.identity = file->identity;
  facts.sha256 = std::move(*digest);
  // First of all: a file that is not the intended one is not even parsed.
  if (!options.sha256.empty() && !same_digest(options.sha256, facts.sha256)) {
    return std::unexpected(refusal(
        facts.path, Rule::FileSha256,
        fmt::format("has SHA-256 {}, plugins.json demands {}", facts.sha256, options.sha256)));
  }
  auto object = read_object(file->bytes);
  if (!object) {
    return std::unexpected(
        refusal(facts.path, object.error().rule, std::move(object.error().detail)));
  }
  facts.object = std::move(*object);
  if (const Findings findings = judge(facts, options); !findings.empty()) {
    return std::unexpected(refusal(facts.path, findings));
  }
  return facts;
}

}  // namespace host::loader
