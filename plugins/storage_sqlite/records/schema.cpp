// plugins/storage_sqlite/records/schema.cpp - three versions: the table and its indexes, the
// category, full-text search.
//
// A step that was released is never edited: the checksum in every database would refuse it.
#include "records/schema.hpp"

#include <array>

namespace storage_sqlite::records {
namespace {

constexpr migration::Step table{"table and index",
                                R"sql(
CREATE TABLE records (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  data BLOB NOT NULL,
  sealed INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  created_ms INTEGER NOT NULL
);
CREATE INDEX records_by_time ON records (time_ms);
CREATE INDEX records_by_name ON records (name, time_ms);
)sql",
                                R"sql(
DROP TABLE records;
)sql"};

constexpr migration::Step category{"category",
                                   R"sql(
ALTER TABLE records ADD COLUMN category TEXT NOT NULL DEFAULT '';
CREATE INDEX records_by_category ON records (category, time_ms);
)sql",
                                   R"sql(
DROP INDEX records_by_category;
ALTER TABLE records DROP COLUMN category;
)sql"};

// `index_json` is what the writer of the record declared, `terms` the words in it. The index is
// kept by our own statements, not by triggers: with trusted_schema off SQLite refuses FTS5 in them.
constexpr migration::Step search{"full-text search",
                                 R"sql(
ALTER TABLE records ADD COLUMN index_json TEXT NOT NULL DEFAULT '';
ALTER TABLE records ADD COLUMN terms TEXT NOT NULL DEFAULT '';
CREATE VIRTUAL TABLE records_fts USING fts5 (
  name, category, terms,
  content = 'records', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO records_fts (records_fts) VALUES ('rebuild');
)sql",
                                 R"sql(
DROP TABLE records_fts;
ALTER TABLE records DROP COLUMN terms;
ALTER TABLE records DROP COLUMN index_json;
)sql"};

constexpr std::array steps{table, category, search};

}  // namespace

migration::Plan schema() noexcept {
  return {"records", steps};
}

}  // namespace storage_sqlite::records
