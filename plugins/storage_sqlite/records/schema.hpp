// plugins/storage_sqlite/records/schema.hpp - the tables of the records, as they grew.
#pragma once

#include "migration/migration.hpp"

namespace storage_sqlite::records {

[[nodiscard]] migration::Plan schema() noexcept;

}  // namespace storage_sqlite::records
