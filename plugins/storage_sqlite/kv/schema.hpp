// plugins/storage_sqlite/kv/schema.hpp - the tables of the key-value store, as they grew.
#pragma once

#include "migration/migration.hpp"

namespace storage_sqlite::kv {

[[nodiscard]] migration::Plan schema() noexcept;

}  // namespace storage_sqlite::kv
