// host/loader/elf_file.cpp - reads an ELF library the way the system's loader will, but runs
// nothing.
#include "host/loader/elf_file.hpp"

#include <algorithm>
#include <elf.h>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "backplane/abi/plugin.h"

#include "host/loader/build_id.hpp"

namespace host::loader {

namespace {

constexpr std::uint64_t segments_max = 1024;
constexpr std::uint64_t notes_bytes_max = std::uint64_t{64} * 1024;
constexpr std::uint64_t version_records_max = 65'536;
constexpr std::uint64_t dynamic_entries_max = 4096;
constexpr std::string_view manifest_section = ".bp_manifest";
constexpr std::string_view versions_table = "the table of needed versions";
constexpr std::string_view glibc_prefix = "GLIBC_";

// Elf64_Dyn without its union of two names for one number.
struct DynamicEntry {
  std::int64_t tag;
  std::uint64_t value;
};

static_assert(sizeof(DynamicEntry) == sizeof(Elf64_Dyn));

// Where the dynamic section says things are; addresses are those of the unloaded file.
struct Dynamic {
  std::uint64_t strings{0};
  std::uint64_t strings_bytes{0};
  std::uint64_t symbols{0};
  std::uint64_t hash{0};
  std::uint64_t gnu_hash{0};
  std::uint64_t versions_needed{0};
  std::uint64_t versions_needed_count{0};
  std::vector<std::uint64_t> needed;  // offsets in strings
  std::vector<std::uint64_t> paths;
};

class ElfReader {
 public:
  explicit ElfReader(Image& image) : image_(image) {}

  ObjectFacts read() {
    if (!read_header()) {
      return std::move(facts_);
    }
    read_segments();
    read_sections();
    if (image_.intact() && dynamic_segment_) {
      read_dynamic(*dynamic_segment_);
      read_names();
      read_symbols();
      read_versions();
    }
    return std::move(facts_);
  }

 private:
  bool read_header();
  void read_segments();
  void take_segment(const Elf64_Phdr& segment);
  void read_sections();
  void read_notes(const Elf64_Phdr& segment);
  void read_dynamic(const Elf64_Phdr& segment);
  void take_dynamic(const DynamicEntry& entry);
  void read_names();
  void read_symbols();
  void take_symbol(const Elf64_Sym& symbol);
  void take_entry(const Elf64_Sym& symbol);
  void read_versions();
  void read_versions_of_one(std::uint64_t at, std::uint64_t count, std::uint64_t& budget);
  void take_version(std::string_view name);
  std::uint64_t count_symbols();
  std::uint64_t count_gnu_hashed();

  // The file offset of an address, if `bytes` from there lie in the file.
  [[nodiscard]] std::optional<std::uint64_t> locate(std::uint64_t address,
                                                    std::uint64_t bytes) const {
    for (const Elf64_Phdr& segment : loaded_) {
      if (address >= segment.p_vaddr && address - segment.p_vaddr <= segment.p_filesz &&
          bytes <= segment.p_filesz - (address - segment.p_vaddr)) {
        return segment.p_offset + (address - segment.p_vaddr);
      }
    }
    return std::nullopt;
  }

  std::uint64_t offset_of(std::uint64_t address, std::uint64_t bytes, std::string_view what) {
    const std::optional<std::uint64_t> offset = locate(address, bytes);
    if (!offset) {
      image_.report(what, "lies outside of the loaded segments");
    }
    return offset.value_or(0);
  }

  std::string_view string_at(std::uint64_t index, std::string_view what) {
    if (index >= dynamic_.strings_bytes) {
      image_.report(what, "lies outside of the string table");
      return {};
    }
    return image_.text(strings_offset_ + index, strings_offset_ + dynamic_.strings_bytes, what);
  }

  Image& image_;
  ObjectFacts facts_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> loaded_;
  std::optional<Elf64_Phdr> dynamic_segment_;
  Dynamic dynamic_;
  std::uint64_t strings_offset_{0};
};

// False where nothing more can be understood: another machine, or not a library.
bool ElfReader::read_header() {
  const auto ident = image_.slice(0, EI_NIDENT, "the ELF header");
  if (ident.empty()) {
    return false;
  }
  const bool wide = std::to_integer<int>(ident[EI_CLASS]) == ELFCLASS64;
  const bool little = std::to_integer<int>(ident[EI_DATA]) == ELFDATA2LSB;
  if (!wide || !little) {
    facts_.machine_text =
        fmt::format("ELF {}-bit {}-endian", wide ? 64 : 32, little ? "little" : "big");
    return false;
  }
  header_ = image_.record<Elf64_Ehdr>(0, "the ELF header");
  if (header_.e_machine != EM_X86_64 && header_.e_machine != EM_AARCH64) {
    facts_.machine_text = fmt::format("ELF machine {}", header_.e_machine);
    return false;
  }
  facts_.machine = header_.e_machine == EM_X86_64 ? Machine::ElfAmd64 : Machine::ElfArm64;
  facts_.machine_text = machine_name(facts_.machine);
  return header_.e_type == ET_DYN;
}

void ElfReader::read_segments() {
  if (header_.e_phentsize != sizeof(Elf64_Phdr)) {
    image_.report("the program header table", "has entries of another size");
    return;
  }
  if (header_.e_phnum > segments_max || !image_.holds(header_.e_phoff, 0)) {
    image_.report("the program header table", "does not fit in the file");
    return;
  }
  facts_.executable_stack = true;  // what the system assumes where no segment tells otherwise
  for (std::uint64_t i = 0; i < header_.e_phnum && image_.intact(); ++i) {
    take_segment(image_.element<Elf64_Phdr>(header_.e_phoff, i, "the program header table"));
  }
}

void ElfReader::take_segment(const Elf64_Phdr& segment) {
  switch (segment.p_type) {
    case PT_LOAD:
      if (!image_.holds(segment.p_offset, segment.p_filesz)) {
        image_.report("a segment", fmt::format("has {} bytes at {}, the file ends at {}",
                                               segment.p_filesz, segment.p_offset, image_.size()));
      }
      loaded_.push_back(segment);
      break;
    case PT_DYNAMIC:
      dynamic_segment_ = segment;
      break;
    case PT_GNU_STACK:
      facts_.executable_stack = (segment.p_flags & PF_X) != 0;
      break;
    case PT_NOTE:
      read_notes(segment);
      break;
    default:
      break;
  }
}

void ElfReader::read_notes(const Elf64_Phdr& segment) {
  const auto notes =
      image_.slice(segment.p_offset, std::min(segment.p_filesz, notes_bytes_max), "a note segment");
  if (facts_.build_id.empty()) {
    facts_.build_id = build_id_in(notes, segment.p_align);
  }
}

void ElfReader::read_sections() {
  if (header_.e_shoff == 0 || header_.e_shnum == 0 || !image_.intact()) {
    return;  // stripped of section headers: legal, but then there is no manifest to be found
  }
  if (header_.e_shentsize != sizeof(Elf64_Shdr) || header_.e_shstrndx >= header_.e_shnum) {
    image_.report("the section header table", "is malformed");
    return;
  }
  const std::uint64_t table_bytes = header_.e_shnum * sizeof(Elf64_Shdr);
  if (image_.slice(header_.e_shoff, table_bytes, "the section header table").empty()) {
    return;
  }
  const auto section = [this](std::uint64_t i) {
    return image_.element<Elf64_Shdr>(header_.e_shoff, i, "the section header table");
  };
  const Elf64_Shdr names = section(header_.e_shstrndx);
  if (!image_.holds(names.sh_offset, names.sh_size)) {
    image_.report("the section name table", "lies beyond the end of the file");
    return;
  }
  for (std::uint64_t i = 1; i < header_.e_shnum && image_.intact(); ++i) {
    const Elf64_Shdr header = section(i);
    const std::string_view name = image_.text(names.sh_offset + header.sh_name,
                                              names.sh_offset + names.sh_size, "a section name");
    if (name == manifest_section && header.sh_type == SHT_PROGBITS &&
        header.sh_size <= manifest_bytes_max && !facts_.manifest) {
      const auto text = image_.slice(header.sh_offset, header.sh_size, "the section .bp_manifest");
      facts_.manifest.emplace(reinterpret_cast<const char*>(text.data()), text.size());
    }
  }
}

void ElfReader::read_dynamic(const Elf64_Phdr& segment) {
  constexpr std::string_view what = "the dynamic section";
  facts_.shared_object = true;
  if (!image_.holds(segment.p_offset, segment.p_filesz)) {
    image_.report(what, "lies beyond the end of the file");
    return;
  }
  const std::uint64_t entries =
      std::min(segment.p_filesz / sizeof(DynamicEntry), dynamic_entries_max);
  for (std::uint64_t i = 0; i < entries && image_.intact(); ++i) {
    const auto entry = image_.element<DynamicEntry>(segment.p_offset, i, what);
    if (entry.tag == DT_NULL) {
      break;
    }
    take_dynamic(entry);
  }
  strings_offset_ = offset_of(dynamic_.strings, dynamic_.strings_bytes, "the dynamic string table");
}

void ElfReader::take_dynamic(const DynamicEntry& entry) {
  const std::uint64_t value = entry.value;
  switch (entry.tag) {
    case DT_STRTAB:
      dynamic_.strings = value;
      break;
    case DT_STRSZ:
      dynamic_.strings_bytes = value;
      break;
    case DT_SYMTAB:
      dynamic_.symbols = value;
      break;
    case DT_HASH:
      dynamic_.hash = value;
      break;
    case DT_GNU_HASH:
      dynamic_.gnu_hash = value;
      break;
    case DT_VERNEED:
      dynamic_.versions_needed = value;
      break;
    case DT_VERNEEDNUM:
      dynamic_.versions_needed_count = value;
      break;
    case DT_NEEDED:
      dynamic_.needed.push_back(value);
      break;
    case DT_RPATH:
    case DT_RUNPATH:
      dynamic_.paths.push_back(value);
      break;
    case DT_TEXTREL:
      facts_.text_relocations = true;
      break;
    case DT_FLAGS:
      facts_.text_relocations = facts_.text_relocations || (value & DF_TEXTREL) != 0;
      facts_.static_tls = facts_.static_tls || (value & DF_STATIC_TLS) != 0;
      break;
    case DT_FLAGS_1:
      // A position-independent program is of the same ELF type as a library, but it is not one.
      facts_.shared_object = facts_.shared_object && (value & DF_1_PIE) == 0;
      break;
    default:
      break;
  }
}

void ElfReader::read_names() {
  if (dynamic_.needed.size() > needed_max) {
    image_.report("the dynamic section", fmt::format("needs more than {} libraries", needed_max));
    return;
  }
  for (const std::uint64_t index : dynamic_.needed) {
    facts_.needed.emplace_back(string_at(index, "the name of a needed library"));
  }
  for (const std::uint64_t index : dynamic_.paths) {
    facts_.rpath += (facts_.rpath.empty() ? "" : ":");
    facts_.rpath += string_at(index, "the library search path");
  }
}

// The dynamic section does not say how many symbols there are; the hash tables do.
std::uint64_t ElfReader::count_symbols() {
  std::uint64_t count = 0;
  if (dynamic_.hash != 0) {
    const std::uint64_t at =
        offset_of(dynamic_.hash, 2 * sizeof(std::uint32_t), "the symbol hash table");
    count = image_.element<std::uint32_t>(at, 1, "the symbol hash table");
  }
  if (dynamic_.gnu_hash != 0) {
    count = std::max(count, count_gnu_hashed());
  }
  return image_.intact() ? count : 0;
}

std::uint64_t ElfReader::count_gnu_hashed() {
  constexpr std::string_view what = "the symbol hash table";

  struct Header {
    std::uint32_t buckets, first_symbol, bloom_words, bloom_shift;
  };

  const std::uint64_t at = offset_of(dynamic_.gnu_hash, sizeof(Header), what);
  const auto header = image_.record<Header>(at, what);
  const std::uint64_t buckets_at =
      at + sizeof(Header) + (header.bloom_words * sizeof(std::uint64_t));
  if (image_.slice(buckets_at, header.buckets * sizeof(std::uint32_t), what).empty()) {
    return header.first_symbol;
  }
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < header.buckets; ++i) {
    const auto bucket = image_.element<std::uint32_t>(buckets_at, i, what);
    last = std::max<std::uint64_t>(last, bucket);
  }
  if (last < header.first_symbol) {
    return header.first_symbol;
  }
  // The chain of the highest bucket ends, marked by its lowest bit, at the last symbol of all.
  const std::uint64_t chains_at = buckets_at + (header.buckets * sizeof(std::uint32_t));
  while (image_.intact()) {
    if ((image_.element<std::uint32_t>(chains_at, last - header.first_symbol, what) & 1U) != 0) {
      break;
    }
    ++last;
  }
  return last + 1;
}

void ElfReader::read_symbols() {
  const std::uint64_t count = count_symbols();
  if (count > symbols_max) {
    image_.report("the symbol table", fmt::format("has more than {} symbols", symbols_max));
    return;
  }
  const std::uint64_t at =
      offset_of(dynamic_.symbols, count * sizeof(Elf64_Sym), "the symbol table");
  for (std::uint64_t i = 1; i < count && image_.intact(); ++i) {
    take_symbol(image_.element<Elf64_Sym>(at, i, "the symbol table"));
  }
}

void ElfReader::take_symbol(const Elf64_Sym& symbol) {
  const unsigned binding = ELF64_ST_BIND(symbol.st_info);
  const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  const bool defined = symbol.st_shndx != SHN_UNDEF;
  const bool shared = binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE;
  const bool visible = visibility == STV_DEFAULT || visibility == STV_PROTECTED;
  if (!defined || !shared || !visible) {
    return;
  }
  const std::string_view name = string_at(symbol.st_name, "the name of a symbol");
  facts_.exported.add(name);
  if (binding == STB_GNU_UNIQUE) {
    facts_.unique.add(name);
  }
  if (name == BP_ENTRY_SYMBOL) {
    take_entry(symbol);
  }
}

void ElfReader::take_entry(const Elf64_Sym& symbol) {
  if (facts_.has_entry_symbol) {
    return;
  }
  facts_.has_entry_symbol = true;
  if (ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT || symbol.st_size < sizeof(bp_entry)) {
    return;
  }
  if (const auto offset = locate(symbol.st_value, symbol.st_size)) {
    facts_.entry = read_entry(image_.slice(*offset, symbol.st_size, "the entry"));
  }
}

void ElfReader::read_versions() {
  if (dynamic_.versions_needed == 0) {
    return;
  }
  std::uint64_t at = offset_of(dynamic_.versions_needed, sizeof(Elf64_Verneed), versions_table);
  std::uint64_t budget = version_records_max;
  for (std::uint64_t i = 0; i < dynamic_.versions_needed_count && image_.intact(); ++i) {
    const auto need = image_.record<Elf64_Verneed>(at, versions_table);
    read_versions_of_one(at + need.vn_aux, need.vn_cnt, budget);
    if (need.vn_next == 0 || budget == 0) {
      break;
    }
    at += need.vn_next;
  }
}

// The versions of one library. `budget` ends the walk through tables that overlap each other.
void ElfReader::read_versions_of_one(std::uint64_t at, std::uint64_t count, std::uint64_t& budget) {
  for (; count > 0 && budget > 0 && image_.intact(); --count, --budget) {
    const auto version = image_.record<Elf64_Vernaux>(at, versions_table);
    take_version(string_at(version.vna_name, "the name of a version"));
    if (version.vna_next == 0) {
      break;
    }
    at += version.vna_next;
  }
}

void ElfReader::take_version(std::string_view name) {
  if (!name.starts_with(glibc_prefix)) {
    return;
  }
  name.remove_prefix(glibc_prefix.size());
  if (version_less(facts_.glibc_needed, name)) {
    facts_.glibc_needed = name;
  }
}

}  // namespace

ObjectFacts read_elf(Image& image) {
  return ElfReader(image).read();
}

}  // namespace host::loader
