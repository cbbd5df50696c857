// plugins/storage_sqlite/records/query.hpp - reading records: one, a page, a search.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "records/record.hpp"

namespace storage_sqlite::records {

inline constexpr std::uint32_t page_records_max = 1'000;
inline constexpr std::uint32_t page_records_default = 100;
inline constexpr std::uint32_t search_hits_default = 20;
inline constexpr std::int64_t search_depth_max = 10'000;
inline constexpr std::size_t reply_bytes_max = std::size_t{8} << 20U;
inline constexpr std::size_t query_bytes_max = 1'024;
inline constexpr std::size_t contains_bytes_max = 256;
inline constexpr std::uint32_t offset_max = 1'000'000;

enum class Order : std::uint8_t { Newest, Oldest };

/// Empty text: any. Times are inclusive.
struct Filter {
  std::string name{};
  std::string category{};
  std::int64_t from_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t to_ms = std::numeric_limits<std::int64_t>::max();
  std::string contains{};  // in name, category or index, as it stands
};

struct PageRequest {
  Filter filter{};
  Order order = Order::Newest;
  std::uint32_t limit = page_records_default;
  std::string cursor{};
  bool without_data = false;
  std::uint32_t offset = 0;
};

/// `cursor` is empty on the last page. A page ends early at reply_bytes_max.
struct Page {
  std::vector<Record> records;
  std::string cursor;
};

struct SearchRequest {
  std::string query{};  // an FTS5 expression over name, category and terms
  Filter filter{};
  std::uint32_t limit = search_hits_default;
  std::string cursor{};
  bool without_data = false;
};

/// A smaller (more negative) rank is a better hit, as bm25 has it. `snippet` marks hits by [ ].
struct Hit {
  Record record;
  double rank = 0;
  std::string snippet;
};

struct Hits {
  std::vector<Hit> hits;
  std::string cursor;
};

/// A record where it lies: all of it is valid until the sink returns.
struct RecordView {
  std::string_view id;
  std::string_view name;
  std::string_view category;
  std::string_view data;
  std::string_view key_id;
  std::string_view index;
  bool sealed = false;
  std::int64_t time_ms = 0;
  std::int64_t seq = 0;
  std::int64_t created_ms = 0;
};

struct HitView {
  RecordView record;
  double rank = 0;
  std::string_view snippet;
};

using RecordSink = std::function<void(const RecordView&)>;
using HitSink = std::function<void(const HitView&)>;

/// Errors: NOT_FOUND.
[[nodiscard]] bp::result<Record> get(engine::Connection& connection, const std::string& id);

/// By (time_ms, seq); a page never skips or repeats a record, even when times are equal.
/// With an offset the rows before it are read and skipped, as with LIMIT and OFFSET everywhere.
/// Errors: RANGE (limit, offset), INVALID (cursor, contains).
[[nodiscard]] bp::result<Page> page(engine::Connection& connection, const PageRequest& request);
/// The same record by record, without copies; gives the cursor.
[[nodiscard]] bp::result<std::string> page_into(engine::Connection& connection,
                                                const PageRequest& request, const RecordSink& sink);

/// Best hits first. Errors: INVALID (FTS_SYNTAX, cursor), RANGE (limit, search_depth_max).
[[nodiscard]] bp::result<Hits> search(engine::Connection& connection, const SearchRequest& request);
[[nodiscard]] bp::result<std::string> search_into(engine::Connection& connection,
                                                  const SearchRequest& request,
                                                  const HitSink& sink);

}  // namespace storage_sqlite::records
