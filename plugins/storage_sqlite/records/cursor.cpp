// plugins/storage_sqlite/records/cursor.cpp - writing and reading cursors.
#include "records/cursor.hpp"

#include <charconv>
#include <system_error>

namespace storage_sqlite::records {
namespace {

constexpr int hexadecimal = 16;
constexpr int decimal = 10;

template <typename Number>
bool take(std::string_view& rest, Number& number, int base) {
  const char* last = rest.data() + rest.size();
  const auto [end, code] = std::from_chars(rest.data(), last, number, base);
  if (code != std::errc()) {
    return false;
  }
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return true;
}

bool take_border(std::string_view& rest) {
  if (!rest.starts_with('.')) {
    return false;
  }
  rest.remove_prefix(1);
  return true;
}

}  // namespace

std::string Cursor::text() const {
  constexpr std::size_t digits_max = 16;
  char digits[digits_max];  // NOLINT(cppcoreguidelines-avoid-c-arrays): to_chars' buffer
  const auto written = std::to_chars(digits, digits + digits_max, question, hexadecimal);
  return std::string(digits, written.ptr) + "." + std::to_string(first) + "." +
         std::to_string(second);
}

bp::result<Cursor> Cursor::read(std::string_view text, std::uint64_t question) {
  Cursor cursor;
  std::string_view rest = text;
  const bool whole = take(rest, cursor.question, hexadecimal) && take_border(rest) &&
                     take(rest, cursor.first, decimal) && take_border(rest) &&
                     take(rest, cursor.second, decimal) && rest.empty();
  if (!whole) {
    return bp::fail(BP_E_INVALID,
                    "CURSOR: `cursor` is none of ours; send back the one from the "
                    "last reply unchanged, or leave it out");
  }
  if (cursor.question != question) {
    return bp::fail(BP_E_INVALID,
                    "CURSOR: `cursor` belongs to another question; keep filter, "
                    "order and query the same from page to page");
  }
  return cursor;
}

std::uint64_t mix(std::uint64_t fingerprint, std::string_view part) noexcept {
  constexpr std::uint64_t offset_basis = 0xCBF29CE484222325U;
  constexpr std::uint64_t prime = 0x100000001B3U;
  fingerprint ^= offset_basis;
  for (const char letter : part) {
    fingerprint = (fingerprint ^ static_cast<unsigned char>(letter)) * prime;
  }
  return (fingerprint ^ part.size()) * prime;
}

std::uint64_t mix(std::uint64_t fingerprint, std::int64_t part) noexcept {
  return mix(fingerprint, std::string_view(reinterpret_cast<const char*>(&part), sizeof part));
}

}  // namespace storage_sqlite::records
