// plugins/storage_sqlite/kv/schema.cpp - three versions: values and their etags; then times to
// live, changes and the outbox; then changes many to a row.
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
)sql",
                                {},
                                "all keys of all namespaces"};

// Each namespace counts its own changes from here on, and these numbers are its etags. kv_counter
// stays as it is then: every namespace begins above it, so that no etag ever comes back. The newest
// change of a namespace is kept for good, and with it the number that comes next.
constexpr migration::Step changes_and_expiry{
    "changes, expiry and outbox",
    R"sql(
ALTER TABLE kv ADD COLUMN expires_ms INTEGER;
CREATE INDEX kv_expiry ON kv (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE TABLE kv_clock (one INTEGER PRIMARY KEY CHECK (one = 1), at_ms INTEGER NOT NULL);
INSERT INTO kv_clock VALUES (1, 0);
CREATE TABLE kv_changes (
  space TEXT NOT NULL,
  seq INTEGER NOT NULL,
  op INTEGER NOT NULL,
  key TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  PRIMARY KEY (space, seq)
) WITHOUT ROWID;
CREATE TABLE kv_outbox_channels (
  channel TEXT NOT NULL PRIMARY KEY,
  newest_id INTEGER NOT NULL,
  waiting INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE kv_outbox (
  channel TEXT NOT NULL,
  id INTEGER NOT NULL,
  space TEXT NOT NULL,
  message TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  PRIMARY KEY (channel, id)
);
)sql",
    R"sql(
DROP TABLE kv_outbox;
DROP TABLE kv_outbox_channels;
UPDATE kv_counter SET etag = max(etag, (SELECT ifnull(max(seq), 0) FROM kv_changes));
DROP TABLE kv_changes;
DELETE FROM kv WHERE expires_ms <= (SELECT at_ms FROM kv_clock);
DROP TABLE kv_clock;
DROP INDEX kv_expiry;
ALTER TABLE kv DROP COLUMN expires_ms;
)sql",
    {},
    "times to live (what has one stays for ever), the kept changes, and "
    "messages of the outbox that were not taken yet"};

// What change_log.hpp writes and reads. A change of version 2 becomes a row of its own; its op 4,
// which was none, becomes a row without changes.
constexpr migration::Step packed_changes{"changes in packs",
                                         R"sql(
CREATE TABLE kv_change_packs (
  space TEXT NOT NULL,
  last INTEGER NOT NULL,
  first INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  pack TEXT NOT NULL,
  PRIMARY KEY (space, last)
);
INSERT INTO kv_change_packs (space, last, first, time_ms, pack)
  SELECT space, seq, seq + (op = 4), time_ms, iif(op = 4, '[]', json_array(op || '0:' || key))
  FROM kv_changes;
DROP TABLE kv_changes;
)sql",
                                         R"sql(
CREATE TABLE kv_changes (
  space TEXT NOT NULL,
  seq INTEGER NOT NULL,
  op INTEGER NOT NULL,
  key TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  PRIMARY KEY (space, seq)
) WITHOUT ROWID;
INSERT INTO kv_changes (space, seq, op, key, time_ms)
  SELECT space, first + one.key, CAST(substr(one.value, 1, 1) AS INTEGER),
    substr(one.value, instr(one.value, ':') + 1), time_ms + CAST(substr(one.value, 2) AS INTEGER)
  FROM kv_change_packs, json_each(pack) AS one;
INSERT INTO kv_changes (space, seq, op, key, time_ms)
  SELECT space, last, 4, '', time_ms FROM kv_change_packs WHERE first > last;
DROP TABLE kv_change_packs;
)sql"};

constexpr std::array steps{table, changes_and_expiry, packed_changes};

}  // namespace

migration::Plan schema() noexcept {
  return {"kv", steps};
}

}  // namespace storage_sqlite::kv
