// plugins/storage_sqlite/kv/schema.cpp - two versions: values and their etags; then times to live,
// changes and the outbox.
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

// Each namespace counts its own changes from here on, and these numbers are its etags. kv_counter
// stays as it is then: every namespace begins above it, so that no etag ever comes back. The newest
// change of a namespace is kept for good, and with it the number that comes next.
constexpr migration::Step changes_and_expiry{"changes, expiry and outbox",
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
)sql"};

constexpr std::array steps{table, changes_and_expiry};

}  // namespace

migration::Plan schema() noexcept {
  return {"kv", steps};
}

}  // namespace storage_sqlite::kv
