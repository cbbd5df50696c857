// plugins/storage_sqlite/kv/schema.cpp - one version: values, and the counter that etags come from.
#include "kv/schema.hpp"

#include <array>

namespace storage_sqlite::kv {
namespace {

// The counter outlives the rows: a key that was deleted and made again never repeats an etag.
constexpr migration::Step table{"table and counter",
                                R"sql(
CREATE TABLE kv (
  space TEXT NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  etag INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (space, key)
) WITHOUT ROWID;
CREATE TABLE kv_counter (one INTEGER PRIMARY KEY CHECK (one = 1), etag INTEGER NOT NULL);
INSERT INTO kv_counter VALUES (1, 0);
)sql",
                                R"sql(
DROP TABLE kv_counter;
DROP TABLE kv;
)sql"};

constexpr std::array steps{table};

}  // namespace

migration::Plan schema() noexcept {
  return {"kv", steps};
}

}  // namespace storage_sqlite::kv
