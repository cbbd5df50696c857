// plugins/storage_sqlite/records/insert.cpp - two prepared statements, run for each record.
#include "records/insert.hpp"

namespace storage_sqlite::records {
namespace {

// The words of a JSON index are its values, without the keys: a search for 'place' must not find
// every record that has one.
constexpr std::string_view insert_one =
    "INSERT INTO records (id, name, category, data, sealed, key_id, time_ms, created_ms, "
    "index_json,"
    " terms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, CASE WHEN json_valid(?9)"
    " THEN coalesce((SELECT group_concat(atom, ' ') FROM json_tree(?9) WHERE atom IS NOT NULL), '')"
    " ELSE ?9 END) ON CONFLICT (id) DO NOTHING";

constexpr std::string_view index_it =
    "INSERT INTO records_fts (rowid, name, category, terms)"
    " SELECT seq, name, category, terms FROM records WHERE seq = last_insert_rowid()";

}  // namespace

bp::result<std::vector<Outcome>> insert(engine::Connection& connection,
                                        std::span<const Record> batch, std::int64_t now_ms) {
  auto statement = connection.prepare(insert_one);
  BP_TRY(statement);
  auto index = connection.prepare(index_it);
  BP_TRY(index);
  std::vector<Outcome> outcomes;
  outcomes.reserve(batch.size());
  for (const Record& record : batch) {
    statement->bind(1, std::string_view(record.id))
        .bind(2, std::string_view(record.name))
        .bind(3, std::string_view(record.category))
        .bind_bytes(4, record.data)
        .bind(5, std::int64_t{record.sealed ? 1 : 0})
        .bind(6, std::string_view(record.key_id))
        .bind(7, record.time_ms == 0 ? now_ms : record.time_ms)
        .bind(8, now_ms)
        .bind(9, std::string_view(record.index));
    BP_TRY(statement->run());
    outcomes.push_back(connection.changes() == 0 ? Outcome::Duplicate : Outcome::Inserted);
    statement->reset();
    if (outcomes.back() == Outcome::Inserted) {
      BP_TRY(index->run());
      index->reset();
    }
  }
  return outcomes;
}

}  // namespace storage_sqlite::records
