// plugins/storage_sqlite/records/cursor.hpp - where the next page begins, as text that callers hand
// back unread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backplane/cpp/error.hpp"

namespace storage_sqlite::records {

/// The last row of a page. `question` is a fingerprint of what was asked: a cursor continues only
/// the question that it came from.
struct Cursor {
  std::uint64_t question = 0;
  std::int64_t first = 0;   // pages: time_ms; searches: how many hits were given so far
  std::int64_t second = 0;  // pages: seq

  [[nodiscard]] std::string text() const;
  /// Errors: INVALID for text that is no cursor, or the cursor of another question.
  [[nodiscard]] static bp::result<Cursor> read(std::string_view text, std::uint64_t question);

  bool operator==(const Cursor&) const = default;
};

/// Mixes one more part into a fingerprint (FNV-1a 64); start with 0.
[[nodiscard]] std::uint64_t mix(std::uint64_t fingerprint, std::string_view part) noexcept;
[[nodiscard]] std::uint64_t mix(std::uint64_t fingerprint, std::int64_t part) noexcept;

}  // namespace storage_sqlite::records
