// plugins/storage_sqlite/records/record.hpp - one stored event, and the limits on what it may hold.
#pragma once

#include <cstdint>
#include <string>

#include "backplane/cpp/error.hpp"

namespace storage_sqlite::records {

inline constexpr std::size_t id_bytes_max = 128;
inline constexpr std::size_t name_bytes_max = 256;
inline constexpr std::size_t category_bytes_max = 256;
inline constexpr std::size_t key_id_bytes_max = 128;
inline constexpr std::size_t index_bytes_max = 65'536;
inline constexpr std::size_t data_bytes_max = std::size_t{4} << 20U;
inline constexpr std::size_t batch_records_max = 1'000;

/// A value. `data` is kept as it came: sealed by whoever sealed it, or clear.
struct Record {
  std::string id{};
  std::string name{};
  std::string category{};
  std::string data{};
  bool sealed = false;
  std::string key_id{};  // a hint for whoever opens `data`; empty when clear or unknown
  std::int64_t time_ms = 0;
  std::string index{};  // clear and searchable: a JSON object, or plain words

  std::int64_t seq = 0;  // given by the database, in the order of commits
  std::int64_t created_ms = 0;
};

/// Errors: INVALID or TOO_LARGE, naming the field, its size and the limit.
[[nodiscard]] bp::result<void> check(const Record& record);

}  // namespace storage_sqlite::records
