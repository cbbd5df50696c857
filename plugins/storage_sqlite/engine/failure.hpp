// plugins/storage_sqlite/engine/failure.hpp - what a failed SQLite call means in the law's codes,
// with the way out of it.
//
// Every message starts with a name a program can look for (DISK_FULL, CORRUPT, BUSY, ...).
#pragma once

#include <string_view>

#include "backplane/cpp/error.hpp"

struct sqlite3;

namespace storage_sqlite::engine {

/// The error of a failed SQLite call. `handle` may be null (then only the code is known); `doing`
/// is the intention that failed.
[[nodiscard]] bp::error failure(sqlite3* handle, int sqlite_code, std::string_view doing);

/// True for failures of the file or the disk: whoever shares the transaction shares them.
[[nodiscard]] bool concerns_everyone(const bp::error& error) noexcept;

}  // namespace storage_sqlite::engine
