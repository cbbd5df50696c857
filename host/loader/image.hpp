// host/loader/image.hpp - a file's bytes, read little-endian and never past their end.
//
// Owns: nothing; the bytes must outlive it. Thread: one. Errors: the first read past the end is
// kept as `damage()`, and it and every later one answer zeros or nothing: the reader of a format
// checks once, after a step, instead of after every word.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace host::loader {

static_assert(std::endian::native == std::endian::little,
              "the law knows little-endian targets only");

class Image {
 public:
  explicit Image(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t size() const noexcept { return bytes_.size(); }

  [[nodiscard]] bool intact() const noexcept { return damage_.empty(); }

  [[nodiscard]] const std::string& damage() const noexcept { return damage_; }

  // `what` names the part for the message: "the section header table".
  void report(std::string_view what, std::string_view reason) {
    if (damage_.empty()) {
      damage_.append(what).append(" ").append(reason);
    }
  }

  [[nodiscard]] bool holds(std::uint64_t offset, std::uint64_t size) const noexcept {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }

  // `size` bytes at `offset`, or nothing.
  [[nodiscard]] std::span<const std::byte> slice(std::uint64_t offset, std::uint64_t size,
                                                 std::string_view what) {
    if (!holds(offset, size)) {
      report(what, "lies beyond the end of the file");
      return {};
    }
    return bytes_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
  }

  template <typename Record>
  [[nodiscard]] Record record(std::uint64_t offset, std::string_view what) {
    static_assert(std::is_trivially_copyable_v<Record>);
    Record value{};
    const std::span<const std::byte> source = slice(offset, sizeof(Record), what);
    if (!source.empty()) {
      std::memcpy(&value, source.data(), sizeof(Record));
    }
    return value;
  }

  // Record `index` of a table.
  template <typename Record>
  [[nodiscard]] Record element(std::uint64_t table, std::uint64_t index, std::string_view what) {
    return record<Record>(table + (index * sizeof(Record)), what);
  }

  // The NUL-terminated text at `offset`, which must end before `end`; very long ones are cut.
  [[nodiscard]] std::string_view text(std::uint64_t offset, std::uint64_t end,
                                      std::string_view what) {
    const std::uint64_t limit = std::min<std::uint64_t>(end, bytes_.size());
    if (offset >= limit) {
      report(what, "lies beyond the end of its table");
      return {};
    }
    const auto* start = reinterpret_cast<const char*>(bytes_.data() + offset);
    const auto room = static_cast<std::size_t>(std::min(limit - offset, text_bytes_max));
    const void* stop = std::memchr(start, '\0', room);
    if (stop == nullptr && room == text_bytes_max) {
      return {start, room};
    }
    if (stop == nullptr) {
      report(what, "has no end");
      return {};
    }
    return {start, static_cast<std::size_t>(static_cast<const char*>(stop) - start)};
  }

 private:
  static constexpr std::uint64_t text_bytes_max = 4096;

  std::span<const std::byte> bytes_;
  std::string damage_;
};

}  // namespace host::loader
