// plugins/storage_sqlite/records/insert.hpp - writing records, each id once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "records/record.hpp"

namespace storage_sqlite::records {

/// Duplicate: the id is there already (from before, or earlier in the batch); the stored record
/// stays as it was, and the caller may take its own as acknowledged.
enum class Outcome : std::uint8_t { Inserted, Duplicate };

/// One outcome for each record, in order. Runs inside the caller's transaction; on an error the
/// caller rolls back. `time_ms` 0 becomes `now_ms`.
[[nodiscard]] bp::result<std::vector<Outcome>> insert(engine::Connection& connection,
                                                      std::span<const Record> batch,
                                                      std::int64_t now_ms);

}  // namespace storage_sqlite::records
