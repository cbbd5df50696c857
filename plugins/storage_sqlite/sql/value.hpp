// plugins/storage_sqlite/sql/value.hpp - what a parameter or a column of a stranger's SQL holds.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace storage_sqlite::sql {

struct Blob {
  std::string bytes;

  bool operator==(const Blob&) const = default;
};

/// std::monostate: NULL.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

/// For the next unnamed parameter, or for the one of this name (":a").
struct Parameter {
  std::string name{};
  Value value{};
};

struct Statement {
  std::string text{};
  std::vector<Parameter> parameters{};
};

struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;
  bool more = false;  // the limits left rows out
};

struct Limits {
  std::uint32_t rows = 1'000;
  std::uint64_t bytes = 8ULL << 20U;
};

/// What a statement that may write did.
struct Change {
  std::int64_t changes = 0;
  std::int64_t last_insert_rowid = 0;
  Rows returned;
};

}  // namespace storage_sqlite::sql
