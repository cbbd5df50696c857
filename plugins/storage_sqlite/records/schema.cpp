// plugins/storage_sqlite/records/schema.cpp - three versions: the table and its indexes, the
// category, full-text search.
//
// A step that was released is never edited: the checksum in every database would refuse it. What a
// column has is put aside on the way down, under the ids of the records, and back on the way up: an
// older version has the tables for it, too. IF NOT EXISTS: the texts before the first release did
// without.
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
CREATE TABLE records_kept_category (
  id TEXT NOT NULL PRIMARY KEY, category TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE records_kept_index (
  id TEXT NOT NULL PRIMARY KEY, index_json TEXT NOT NULL, terms TEXT NOT NULL
) WITHOUT ROWID;
)sql",
                                R"sql(
DROP TABLE records;
DROP TABLE IF EXISTS records_kept_category;
DROP TABLE IF EXISTS records_kept_index;
)sql",
                                "83f639315532e8c5", "all records"};

constexpr migration::Step category{"category",
                                   R"sql(
ALTER TABLE records ADD COLUMN category TEXT NOT NULL DEFAULT '';
CREATE TABLE IF NOT EXISTS records_kept_category (
  id TEXT NOT NULL PRIMARY KEY, category TEXT NOT NULL
) WITHOUT ROWID;
UPDATE records SET category = kept.category
  FROM records_kept_category AS kept WHERE kept.id = records.id;
DROP TABLE records_kept_category;
CREATE INDEX records_by_category ON records (category, time_ms);
)sql",
                                   R"sql(
CREATE TABLE records_kept_category (
  id TEXT NOT NULL PRIMARY KEY, category TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO records_kept_category SELECT id, category FROM records WHERE category <> '';
DROP INDEX records_by_category;
ALTER TABLE records DROP COLUMN category;
)sql",
                                   "79f5d9044da8fda0"};

// `index_json` is what the writer of the record declared, `terms` the words in it. The index is
// kept by our own statements, not by triggers: with trusted_schema off SQLite refuses FTS5 in them.
constexpr migration::Step search{"full-text search",
                                 R"sql(
ALTER TABLE records ADD COLUMN index_json TEXT NOT NULL DEFAULT '';
ALTER TABLE records ADD COLUMN terms TEXT NOT NULL DEFAULT '';
CREATE TABLE IF NOT EXISTS records_kept_index (
  id TEXT NOT NULL PRIMARY KEY, index_json TEXT NOT NULL, terms TEXT NOT NULL
) WITHOUT ROWID;
UPDATE records SET index_json = kept.index_json, terms = kept.terms
  FROM records_kept_index AS kept WHERE kept.id = records.id;
DROP TABLE records_kept_index;
CREATE VIRTUAL TABLE records_fts USING fts5 (
  name, category, terms,
  content = 'records', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO records_fts (records_fts) VALUES ('rebuild');
)sql",
                                 R"sql(
CREATE TABLE records_kept_index (
  id TEXT NOT NULL PRIMARY KEY, index_json TEXT NOT NULL, terms TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO records_kept_index
  SELECT id, index_json, terms FROM records WHERE index_json <> '' OR terms <> '';
DROP TABLE records_fts;
ALTER TABLE records DROP COLUMN terms;
ALTER TABLE records DROP COLUMN index_json;
)sql",
                                 "dc9e1fd14ae0dc20"};

constexpr std::array steps{table, category, search};

}  // namespace

migration::Plan schema() noexcept {
  return {"records", steps};
}

}  // namespace storage_sqlite::records
