// host/loader/object_file.hpp - facts of a library file, read from its bytes without running any of
// it.
//
// Owns: the facts. Thread: values. Errors: findings file.format, file.intact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/loader/refusal.hpp"

namespace host::loader {

inline constexpr std::size_t symbol_names_kept_max = 8;  // names for a message; all are counted
inline constexpr std::size_t symbol_name_bytes_kept_max = 128;
inline constexpr std::uint64_t symbols_max = std::uint64_t{1024} * 1024;
inline constexpr std::uint64_t needed_max = 1024;  // libraries one file may need
inline constexpr std::uint64_t manifest_bytes_max = std::uint64_t{8} * 1024 * 1024;

// What a file is built for; `name` is for people: "ELF x86-64".
enum class Machine : std::uint8_t { ElfAmd64, ElfArm64, PeAmd64, PeArm64, Other };

[[nodiscard]] Machine host_machine() noexcept;
// The version of the C library this process runs on: "2.36"; empty where it is not glibc.
[[nodiscard]] std::string host_glibc();

// Compares "2.9" < "2.36"; an empty text is below all.
[[nodiscard]] bool version_less(std::string_view left, std::string_view right) noexcept;

[[nodiscard]] std::string_view machine_name(Machine machine) noexcept;

// Symbols of one sort: how many, and the first names.
struct SymbolSet {
  std::uint64_t count{0};
  std::vector<std::string> names;

  void add(std::string_view name);
};

// The plain data of bp_entry as they stand in the file.
struct EntryFacts {
  std::uint32_t magic{0};
  std::uint32_t struct_size{0};
  std::uint16_t abi_major{0};
  std::uint16_t abi_minor_needed{0};
  std::uint16_t abi_minor_built{0};
  std::uint16_t n_plugins{0};
  std::uint32_t pointer_bytes{0};
  std::uint32_t reserved{0};
  std::uint64_t layout{0};
  std::uint64_t manifest_len{0};
  std::uint64_t room_bytes{0};  // how many bytes the file has for it
  bool tail_is_zero{true};      // bytes beyond the bp_entry this host knows

  friend bool operator==(const EntryFacts&, const EntryFacts&) = default;
};

struct ObjectFacts {
  Machine machine{Machine::Other};
  std::string machine_text;  // machine_name(), or which other machine: "ELF machine 243"
  bool shared_object{false};
  bool executable_stack{false};
  bool text_relocations{false};
  bool static_tls{false};
  SymbolSet exported;  // defined, visible to others
  SymbolSet unique;    // STB_GNU_UNIQUE among them
  std::vector<std::string> needed;
  std::string rpath;         // DT_RPATH and DT_RUNPATH, "a:b"
  std::string build_id;      // hex; empty: none
  std::string glibc_needed;  // "2.34"; empty: none
  bool has_entry_symbol{false};
  std::optional<EntryFacts> entry;      // nothing: the symbol is not 56 bytes of data in the file
  std::optional<std::string> manifest;  // the whole section .bp_manifest
};

// Reads the facts. A file for another machine yields its machine only.
[[nodiscard]] std::expected<ObjectFacts, Finding> read_object(std::span<const std::byte> bytes);

// bp_entry from its raw bytes: at least sizeof(bp_entry) of them, and as many as struct_size says
// if there.
[[nodiscard]] EntryFacts read_entry(std::span<const std::byte> bytes) noexcept;

}  // namespace host::loader
