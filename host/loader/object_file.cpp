// host/loader/object_file.cpp - tells ELF from PE, and reads what both have in common.
#include "host/loader/object_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif

#include "backplane/abi/plugin.h"

#include "host/loader/elf_file.hpp"
#include "host/loader/image.hpp"
#include "host/loader/pe_file.hpp"

namespace host::loader {

namespace {

constexpr std::string_view elf_magic(
    "\x7f"
    "ELF",
    4);
constexpr std::string_view pe_magic("MZ", 2);

bool starts_with(std::span<const std::byte> bytes, std::string_view magic) noexcept {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

std::string first_bytes(std::span<const std::byte> bytes) {
  if (bytes.empty()) {
    return "is empty";
  }
  constexpr std::size_t shown_max = 4;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "starts with bytes";
  for (const std::byte byte : bytes.first(std::min(bytes.size(), shown_max))) {
    const auto value = std::to_integer<unsigned>(byte);
    text += {' ', digits[value >> 4U], digits[value & 15U]};
  }
  return text + ", which neither an ELF nor a PE file does";
}

std::pair<unsigned, unsigned> version_numbers(std::string_view text) noexcept {
  std::pair<unsigned, unsigned> numbers{0, 0};
  const char* end = text.data() + text.size();
  const auto [stop, problem] =
      std::from_chars(text.data(), text.data() + text.size(), numbers.first);
  if (problem == std::errc{} && stop != end && *stop == '.') {
    std::from_chars(stop + 1, end, numbers.second);
  }
  return numbers;
}

template <typename Field>
Field field(std::span<const std::byte> bytes, std::size_t offset) noexcept {
  Field value{};
  if (offset <= bytes.size() && sizeof(Field) <= bytes.size() - offset) {
    std::memcpy(&value, bytes.data() + offset, sizeof(Field));
  }
  return value;
}

}  // namespace

Machine host_machine() noexcept {
#if defined(_WIN32) && defined(__x86_64__)
  return Machine::PeAmd64;
#elif defined(_WIN32)
  return Machine::PeArm64;
#elif defined(__x86_64__)
  return Machine::ElfAmd64;
#elif defined(__aarch64__)
  return Machine::ElfArm64;
#else
  return Machine::Other;
#endif
}

std::string host_glibc() {
#if defined(__GLIBC__)
  return gnu_get_libc_version();
#else
  return {};
#endif
}

bool version_less(std::string_view left, std::string_view right) noexcept {
  return version_numbers(left) < version_numbers(right);
}

std::string_view machine_name(Machine machine) noexcept {
  constexpr std::array<std::string_view, 5> names{"ELF x86-64", "ELF aarch64", "PE x86-64",
                                                  "PE aarch64", "another machine"};
  return names.at(static_cast<std::size_t>(machine));
}

void SymbolSet::add(std::string_view name) {
  ++count;
  if (names.size() < symbol_names_kept_max) {
    names.emplace_back(name.substr(0, symbol_name_bytes_kept_max));
  }
}

EntryFacts read_entry(std::span<const std::byte> bytes) noexcept {
  EntryFacts entry;
  entry.magic = field<std::uint32_t>(bytes, offsetof(bp_entry, magic));
  entry.struct_size = field<std::uint32_t>(bytes, offsetof(bp_entry, struct_size));
  entry.abi_major = field<std::uint16_t>(bytes, offsetof(bp_entry, abi_major));
  entry.abi_minor_needed = field<std::uint16_t>(bytes, offsetof(bp_entry, abi_minor_needed));
  entry.abi_minor_built = field<std::uint16_t>(bytes, offsetof(bp_entry, abi_minor_built));
  entry.n_plugins = field<std::uint16_t>(bytes, offsetof(bp_entry, n_plugins));
  entry.pointer_bytes = field<std::uint32_t>(bytes, offsetof(bp_entry, pointer_bytes));
  entry.reserved = field<std::uint32_t>(bytes, offsetof(bp_entry, reserved));
  entry.layout = field<std::uint64_t>(bytes, offsetof(bp_entry, layout));
  entry.manifest_len = field<std::uint64_t>(bytes, offsetof(bp_entry, manifest_len));
  entry.room_bytes = bytes.size();
  const std::size_t known = std::min(bytes.size(), sizeof(bp_entry));
  const std::size_t written = std::min<std::size_t>(bytes.size(), entry.struct_size);
  if (written > known) {
    entry.tail_is_zero = std::ranges::all_of(bytes.subspan(known, written - known),
                                             [](std::byte byte) { return byte == std::byte{0}; });
  }
  return entry;
}

std::expected<ObjectFacts, Finding> read_object(std::span<const std::byte> bytes) {
  Image image(bytes);
  ObjectFacts facts;
  if (starts_with(bytes, elf_magic)) {
    facts = read_elf(image);
  } else if (starts_with(bytes, pe_magic)) {
    facts = read_pe(image);
  } else {
    return std::unexpected(Finding{Rule::FileFormat, first_bytes(bytes)});
  }
  if (!image.intact()) {
    return std::unexpected(Finding{Rule::FileIntact, image.damage()});
  }
  return facts;
}

}  // namespace host::loader
