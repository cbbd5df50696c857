// host/loader/pe_file.cpp - reads a Windows library's headers, exports and imports, but runs
// nothing.
#include "host/loader/pe_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "backplane/abi/plugin.h"

namespace host::loader {

namespace {

constexpr std::uint64_t pe_offset_at = 0x3C;
constexpr std::uint32_t pe_signature = 0x00004550;  // "PE\0\0"
constexpr std::uint16_t optional_magic_64 = 0x20B;
constexpr std::uint16_t machine_x86_64 = 0x8664;
constexpr std::uint16_t machine_aarch64 = 0xAA64;
constexpr std::uint16_t characteristic_dll = 0x2000;
constexpr std::uint16_t sections_max = 96;  // as the system's own loader has it
constexpr std::uint64_t symbol_record_bytes = 18;
constexpr std::uint64_t entry_bytes_max = 4096;
constexpr std::uint64_t directory_export = 0;
constexpr std::uint64_t directory_import = 1;
constexpr std::string_view manifest_section = ".bp_manifest";
constexpr std::string_view manifest_section_cut = ".bp_mani";

struct FileHeader {
  std::uint16_t machine, sections;
  std::uint32_t time, symbols_at, symbols;
  std::uint16_t optional_bytes, characteristics;
};

struct SectionHeader {
  std::array<char, 8> name;
  std::uint32_t virtual_bytes, address, file_bytes, file_offset;
  std::array<std::uint32_t, 4> unused;
};

struct Directory {
  std::uint32_t address, bytes;
};

struct ExportTable {
  std::array<std::uint32_t, 5> unused;
  std::uint32_t functions, names, functions_at, names_at, ordinals_at;
};

struct ImportRow {
  std::array<std::uint32_t, 3> unused;
  std::uint32_t name_at, thunks_at;
};

static_assert(sizeof(FileHeader) == 20 && sizeof(SectionHeader) == 40 &&
              sizeof(ExportTable) == 40 && sizeof(ImportRow) == 20);

class PeReader {
 public:
  explicit PeReader(Image& image) : image_(image) {}

  ObjectFacts read() {
    if (read_headers()) {
      read_manifest();
      read_exports();
      read_imports();
    }
    return std::move(facts_);
  }

 private:
  bool read_headers();
  void read_manifest();
  void read_exports();
  void read_imports();
  void take_entry(std::uint32_t address);
  std::string_view section_name(const SectionHeader& section);

  // The file offset of an address, and how many bytes of its section follow.
  [[nodiscard]] std::optional<std::pair<std::uint64_t, std::uint64_t>> locate(
      std::uint64_t address) const {
    for (const SectionHeader& section : sections_) {
      if (address >= section.address && address - section.address < section.file_bytes) {
        const std::uint64_t inside = address - section.address;
        return std::pair(section.file_offset + inside, section.file_bytes - inside);
      }
    }
    return std::nullopt;
  }

  std::uint64_t offset_of(std::uint64_t address, std::uint64_t bytes, std::string_view what) {
    const auto place = locate(address);
    if (!place || place->second < bytes) {
      image_.report(what, "lies outside of the sections");
      return 0;
    }
    return place->first;
  }

  std::string_view text_at(std::uint64_t address, std::string_view what) {
    const auto place = locate(address);
    if (!place) {
      image_.report(what, "lies outside of the sections");
      return {};
    }
    return image_.text(place->first, place->first + place->second, what);
  }

  Image& image_;
  ObjectFacts facts_;
  FileHeader header_{};
  std::vector<SectionHeader> sections_;
  std::array<Directory, 2> directories_{};
};

bool PeReader::read_headers() {
  constexpr std::string_view what = "the PE header";
  std::uint64_t at = image_.record<std::uint32_t>(pe_offset_at, what);
  if (image_.record<std::uint32_t>(at, what) != pe_signature) {
    image_.report(what, "is missing");
    return false;
  }
  at += sizeof(pe_signature);
  header_ = image_.record<FileHeader>(at, what);
  at += sizeof(FileHeader);
  const auto magic = image_.record<std::uint16_t>(at, what);
  if (magic != optional_magic_64 ||
      (header_.machine != machine_x86_64 && header_.machine != machine_aarch64)) {
    facts_.machine_text = fmt::format("PE machine {:#x}", header_.machine);
    return false;
  }
  facts_.machine = header_.machine == machine_x86_64 ? Machine::PeAmd64 : Machine::PeArm64;
  facts_.machine_text = machine_name(facts_.machine);
  facts_.shared_object = (header_.characteristics & characteristic_dll) != 0;

  constexpr std::uint64_t directory_count_at = 108;
  constexpr std::uint64_t directories_at = 112;
  const auto count = image_.record<std::uint32_t>(at + directory_count_at, what);
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, directories_.size()); ++i) {
    directories_.at(i) = image_.element<Directory>(at + directories_at, i, what);
  }
  at += header_.optional_bytes;
  if (header_.sections > sections_max) {
    image_.report("the section table", fmt::format("has more than {} sections", sections_max));
  }
  for (std::uint64_t i = 0; i < header_.sections && image_.intact(); ++i) {
    const auto section = image_.element<SectionHeader>(at, i, "the section table");
    if (!image_.holds(section.file_offset, section.file_bytes)) {
      image_.report(fmt::format("section {}", i), "lies beyond the end of the file");
    }
    sections_.push_back(section);
  }
  return image_.intact();
}

std::string_view PeReader::section_name(const SectionHeader& section) {
  const auto* end = std::ranges::find(section.name, '\0');
  const std::string_view name(section.name.data(),
                              static_cast<std::size_t>(end - section.name.begin()));
  if (!name.starts_with('/') || header_.symbols_at == 0) {
    return name;
  }
  std::uint32_t index = 0;
  const auto [stop, problem] = std::from_chars(name.data() + 1, name.data() + name.size(), index);
  if (problem != std::errc{} || stop != name.data() + name.size()) {
    return name;
  }
  const std::uint64_t strings_at = header_.symbols_at + (header_.symbols * symbol_record_bytes);
  const auto strings_bytes = image_.record<std::uint32_t>(strings_at, "the string table");
  return image_.text(strings_at + index, strings_at + strings_bytes, "a section name");
}

void PeReader::read_manifest() {
  for (const SectionHeader& section : sections_) {
    const std::string_view name = section_name(section);
    const std::uint64_t bytes = std::min(section.virtual_bytes, section.file_bytes);
    if ((name != manifest_section && name != manifest_section_cut) || bytes > manifest_bytes_max) {
      continue;
    }
    const auto text = image_.slice(section.file_offset, bytes, "the section .bp_manifest");
    facts_.manifest.emplace(reinterpret_cast<const char*>(text.data()), text.size());
    return;
  }
}

void PeReader::read_exports() {
  constexpr std::string_view what = "the export table";
  const Directory directory = directories_.at(directory_export);
  if (directory.address == 0) {
    return;
  }
  const auto table =
      image_.record<ExportTable>(offset_of(directory.address, sizeof(ExportTable), what), what);
  if (table.names > symbols_max || table.functions > symbols_max) {
    image_.report(what, fmt::format("has more than {} symbols", symbols_max));
    return;
  }
  const std::uint64_t names_at =
      offset_of(table.names_at, table.names * sizeof(std::uint32_t), what);
  const std::uint64_t ordinals_at =
      offset_of(table.ordinals_at, table.names * sizeof(std::uint16_t), what);
  const std::uint64_t functions_at =
      offset_of(table.functions_at, table.functions * sizeof(std::uint32_t), what);
  for (std::uint64_t i = 0; i < table.names && image_.intact(); ++i) {
    const auto name_at = image_.element<std::uint32_t>(names_at, i, what);
    const std::string_view name = text_at(name_at, "the name of an export");
    facts_.exported.add(name);
    const auto ordinal = image_.element<std::uint16_t>(ordinals_at, i, what);
    if (name == BP_ENTRY_SYMBOL && ordinal < table.functions && !facts_.has_entry_symbol) {
      take_entry(image_.element<std::uint32_t>(functions_at, ordinal, what));
    }
  }
  for (std::uint64_t i = table.names; i < table.functions; ++i) {
    facts_.exported.add("(an export without a name)");
  }
}

void PeReader::take_entry(std::uint32_t address) {
  facts_.has_entry_symbol = true;
  const auto place = locate(address);
  if (place && place->second >= sizeof(bp_entry)) {
    facts_.entry = read_entry(
        image_.slice(place->first, std::min(place->second, entry_bytes_max), "the entry"));
  }
}

void PeReader::read_imports() {
  constexpr std::string_view what = "the import table";
  const Directory directory = directories_.at(directory_import);
  if (directory.address == 0) {
    return;
  }
  for (std::uint64_t i = 0; image_.intact(); ++i) {
    const std::uint64_t at =
        offset_of(directory.address + (i * sizeof(ImportRow)), sizeof(ImportRow), what);
    const auto row = image_.record<ImportRow>(at, what);
    if (row.name_at == 0) {
      return;
    }
    if (i >= needed_max) {
      image_.report(what, fmt::format("needs more than {} libraries", needed_max));
      return;
    }
    facts_.needed.emplace_back(text_at(row.name_at, "the name of a needed library"));
  }
}

}  // namespace

ObjectFacts read_pe(Image& image) {
  return PeReader(image).read();
}

}  // namespace host::loader
