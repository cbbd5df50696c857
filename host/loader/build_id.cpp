// host/loader/build_id.cpp - walks the notes of a segment.
#include "host/loader/build_id.hpp"

#include <cstring>
#include <elf.h>
#include <string_view>

#include <fmt/format.h>

#include "host/loader/image.hpp"

namespace host::loader {

namespace {

constexpr std::uint64_t build_id_bytes_max = 64;

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  }
  return text;
}

}  // namespace

std::string build_id_in(std::span<const std::byte> notes, std::uint64_t segment_align) {
  constexpr std::string_view owner(ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU));
  const std::uint64_t align = segment_align == 8 ? 8 : 4;
  const auto padded = [align](std::uint64_t bytes) { return (bytes + align - 1) / align * align; };
  Image image(notes);
  std::uint64_t at = 0;
  while (image.holds(at, sizeof(Elf64_Nhdr))) {
    const auto note = image.record<Elf64_Nhdr>(at, "a note");
    const std::uint64_t name_at = at + sizeof(Elf64_Nhdr);
    const std::uint64_t data_at = name_at + padded(note.n_namesz);
    if (!image.holds(name_at, owner.size()) || !image.holds(data_at, note.n_descsz)) {
      break;
    }
    const bool gnu = note.n_namesz == owner.size() &&
                     std::memcmp(notes.data() + name_at, owner.data(), owner.size()) == 0;
    if (gnu && note.n_type == NT_GNU_BUILD_ID && note.n_descsz <= build_id_bytes_max) {
      return hex(notes.subspan(data_at, note.n_descsz));
    }
    at = data_at + padded(note.n_descsz);
  }
  return {};
}

}  // namespace host::loader
